import Base
import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// `warmup influence`.
  @Suite struct InfluenceTests {
    private static let recipe = """
      version: 1
      name: small
      axes: {seed: [1, 2]}
      stages:
        all: {kind: miniature_problems, params: {domain: arithmetic, levels: 1, count: 24, seed: 1}}
        sums: {kind: split, inputs: {problems: all}, params: {train: 3, seed: 1}}
        traces: {kind: write_traces, inputs: {problems: sums.train}, params: {style: answer, prompt: short}}
        texts: {kind: write_texts, inputs: {arithmetic: sums.train}, params: {count: 300}}
        random:
          kind: scratch_model
          inputs: {texts: texts}
          params: {vocabulary: 300, hidden: 16, layers: 1, heads: 2, key_value_heads: 1, intermediate: 16, context: 512, seed: "${seed}"}
        warmed: {kind: distill, inputs: {model: random, traces: traces}, params: {epochs: 2, batch_size: 2, seed: "${seed}"}}
        tuned: {kind: rlvr, inputs: {model: warmed, problems: sums.train}, params: {steps: 2, problems_per_step: 3, group: 4, max_tokens: 8, template: short, reward: random, seed: "${seed}"}}
        scores: {kind: evaluate, inputs: {model: tuned, problems: sums.test}, params: {max_tokens: 8, template: short, temperature: 1, seed: "${seed}"}}
        others: {kind: evaluate, inputs: {model: random, problems: sums.test}, params: {max_tokens: 8, template: short}}
      tables:
        main: {value: scores.accuracy, rows: seed}
      """

    private func folder() throws -> ScratchFolder {
      let folder = try ScratchFolder()
      _ = try folder.write(Self.recipe, "small.yaml")
      return folder
    }

    @Test func eachProblemIsLeftOutAndNothingRunsTwice() async throws {
      let folder = try folder()
      let arguments = ["influence", "small.yaml", "--of", "tuned", "--on", "scores"]
      let ending = try await Program.run(arguments, in: folder.url) { _ in }
      #expect(ending.code == 0, "\(ending.messages)")
      let lines = ending.output.split(separator: "\n")
      #expect(lines.first?.hasPrefix("scores, 2 runs: ") == true)
      #expect(lines.filter { $0.contains("arithmetic/") }.count == 3)
      // Three left out of two seeds' trainings, and all of them; what comes before is shared.
      #expect(ending.messages.components(separatedBy: "(rlvr): done").count == 1 + 8)
      #expect(ending.messages.components(separatedBy: "(distill): done").count == 1 + 2)
      let again = try await Program.run(arguments + ["--json"], in: folder.url) { _ in }
      #expect(!again.messages.contains("done in"))
      let json = try JSONValue(parsing: Data(again.output.utf8))
      #expect(json.array?.first?["rows"]?.array?.count == 3)
      // The recipe itself finds its own trainings.
      let run = try await Program.run("run", "small.yaml", in: folder.url)
      #expect(run.code == 0 && !run.messages.contains("(rlvr): done"), "\(run.messages)")
    }

    @Test(arguments: [
      ("sums", "scores", [], "'sums' is not a training"),
      ("tunde", "scores", [], "did you mean 'tuned'?"),
      ("tuned", "others", [], "'others' does not evaluate what 'tuned' trains"),
      ("tuned", "scores", ["--numbers", "2,9"], "'tuned' learns from 3, not from more"),
      ("tuned", "scores", ["--numbers", "3-1"], "'3-1' is invalid"),
    ])
    func whatCannotBeAskedIsSaid(
      of: String, on: String, more: [String], sentence: String
    ) async throws {
      let folder = try folder()
      let arguments = ["influence", "small.yaml", "--of", of, "--on", on] + more
      let ending = try await Program.run(arguments, in: folder.url) { _ in }
      #expect(ending.code != 0 && ending.messages.contains(sentence), "\(ending.messages)")
    }
  }
}
