import Foundation
import Runner
import Testing

/// How mistakes are shown.
@Suite struct RecipeErrorTests {
  private func rendering(_ text: String, overrides: [String] = []) -> String {
    do {
      _ = try parse(text, overrides: overrides)
      return ""
    } catch {
      return error.description
    }
  }

  @Test func placeSourceLineAndCaret() {
    let text = """
      version: 1
      name: test
      stages:
        base: {kind: base, params: {source: a}}
        n:
          kind: note
          params:
            txet: é
      """
    #expect(
      rendering(text) == """
        experiments/x.yaml:8:7: unknown key 'txet' in 'n' (kind note); did you mean 'text'?
                txet: é
                ^
        """)
  }

  @Test func caretUnderTabsAndManyCodedCharacters() {
    #expect(
      rendering("version: 1\nname: \t'e\u{301}\u{e9}'\nsummary: x\nstages: {n: {kind: note}}")
        .hasSuffix("  name: \t'e\u{301}\u{e9}'\n        \t^"))
    #expect(
      rendering("version: 1\nname: n\nstages: {n: {kind: note, summary: 'e\u{301}', kidn: 1}}")
        .hasSuffix(
          "  stages: {n: {kind: note, summary: 'e\u{301}', kidn: 1}}\n"
            + String(repeating: " ", count: 41) + "^"))
  }

  @Test func longLinesAreCut() {
    let filler = String(repeating: "x", count: 5000)
    let text = "version: 1\nname: n\nstages: {n: {kind: note, summary: \(filler), bad: 1, more: 2}}"
    let lines = rendering(text).split(separator: "\n")
    #expect(lines.count == 6)
    #expect(lines.allSatisfy { $0.count < 140 })
    #expect(lines[1].hasPrefix("  …xxx"))
    let caret = lines[2].firstIndex(of: "^").map {
      lines[2].distance(from: lines[2].startIndex, to: $0)
    }
    #expect(Array(lines[1])[(caret ?? 0)...].starts(with: "bad"))
  }

  @Test func controlCharactersAreNotPrinted() {
    #expect(!rendering("a: \u{1B}[31m").contains("\u{1B}"))
  }

  @Test func overridesAreNamed() {
    let text = "version: 1\nname: t\nstages: {p: {kind: puzzles}}"
    #expect(
      rendering(text, overrides: ["stages.p.params.count=two"]) == """
        --set stages.p.params.count=two: expected an integer, found 'two'
          --set stages.p.params.count=two
                                      ^
        """)
  }

  @Test func wrongValuesOfOverriddenAxesAreFoundInTheOverride() {
    let text = """
      version: 1
      name: t
      axes: {n: [1, 2]}
      stages: {p: {kind: puzzles, params: {count: "${n}"}}}
      """
    #expect(
      rendering(text, overrides: ["axes.n=two"]) == """
        --set axes.n=two: expected an integer, found 'two'
          --set axes.n=two
                       ^
        """)
    #expect(
      rendering(text, overrides: ["axes.n=[1,two]"]).hasPrefix(
        "--set axes.n=[1,two]: expected an integer, found 'two' (at n=two)"))
  }

  @Test func filesThatCannotBeRead() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func message(_ name: String, _ bytes: [UInt8]?) throws -> String {
      let file = folder.appending(path: name)
      if let bytes { try Data(bytes).write(to: file) }
      let error = #expect(throws: RecipeError.self) {
        _ = try Recipe.load(file, registry: RecipeKinds.registry)
      }
      return try #require(error).description.replacing(file.path, with: "FILE")
    }
    #expect(try message("none.yaml", nil) == "FILE: there is no such file")
    #expect(try message("", nil).hasSuffix(": this is a folder; name a file in it"))
    #expect(
      try message("bad.yaml", Array("a: 1\nb: ".utf8) + [0xFF])
        == "FILE: the file is not valid UTF-8 (line 2); save it as UTF-8")
    #expect(try message("empty.yaml", []).hasPrefix("FILE:1:1: the file is empty"))
  }

  @Test func relativeFilesKeepTheirName() {
    let error = #expect(throws: RecipeError.self) {
      _ = try Recipe.load(
        URL(filePath: "no/such/recipe.yaml"), registry: RecipeKinds.registry)
    }
    #expect(error?.description == "no/such/recipe.yaml: there is no such file")
  }

  @Test func mistakesAreSortedAndDistinct() {
    let found = mistakes("version: 1\nname: n\nx: 1\nstages: {n: {kind: note, y: 1}}\na: 1\n")
    #expect(found.map(\.position.line) == [3, 4, 5])
  }
}
