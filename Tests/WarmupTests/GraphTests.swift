import Foundation
import TestSupport
import Testing

extension EndToEnd {
  @Suite struct GraphTests {
    private static let recipe = """
      version: 1
      name: graph
      axes:
        seed: [1, 2, 3]
      stages:
        sums:
          kind: miniature_problems
          params: {count: 20, seed: "${seed}"}
        halves:
          kind: split
          inputs: {problems: sums}
          params: {test: 5}
          require: {test_count: {at_least: 5}}
        other:
          kind: miniature_problems
          params: {count: 10}
        all:
          kind: concat
          inputs: {a: halves.test, b: other}
      """

    private func graph(_ format: String) async throws -> String {
      let folder = try ScratchFolder()
      let file = try folder.write(Self.recipe, "graph.yaml")
      let ending = try await Program.run("graph", file.path, "--format", format)
      #expect(ending.code == 0, "\(ending.messages)")
      return ending.output
    }

    @Test func aStageStandsThereOnce() async throws {
      #expect(
        try await graph("text") == """
          sums    miniature_problems  ×3 (seed)
          halves  split               ×3 (seed)  problems ← sums; requires test_count at least 5
          other   miniature_problems
          all     concat              ×3 (seed)  a ← halves.test; b ← other

          """)
    }

    @Test func mermaidHasABoxForEachStageAndAnArrowForEachInput() async throws {
      #expect(
        try await graph("mermaid") == """
          flowchart TD
            s0["sums<br>miniature_problems<br>×3 (seed)"]
            s1{{"halves<br>split<br>×3 (seed)"}}
            s2["other<br>miniature_problems"]
            s3["all<br>concat<br>×3 (seed)"]
            s0 -->|problems| s1
            s1 -->|a| s3
            s2 -->|b| s3

          """)
    }

    @Test func inTheDrawingNoBoxLiesOnAnother() async throws {
      let drawing = try await graph("svg")
      let frames = drawing.matches(
        of: #/<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"/#
      ).map { match in
        [match.1, match.2, match.3].map { Double($0) ?? .nan }
      }
      #expect(frames.count == 4)
      for (index, one) in frames.enumerated() {
        for other in frames.dropFirst(index + 1) where one[1] == other[1] {
          #expect(one[0] + one[2] <= other[0] || other[0] + other[2] <= one[0])
        }
      }
      let arrows = drawing.matches(of: #/<title>(\w+ → \w+)<\/title>/#).map { String($0.1) }
      #expect(Set(arrows) == ["sums → halves", "halves → all", "other → all"])
    }
  }
}
