import Base
import Foundation
import Model
import Runner
import Stages
import TestSupport
import Testing

/// `leave_out` of `rlvr` and `distill`: two trainings that differ in one problem or trace.
@Suite(.ownThread) struct LeaveOutTests {
  /// 4 problems in steps of 2 for two epochs, 4 traces one by one.
  private static func recipe(leftOut: String) -> String {
    """
    version: 1
    name: test
    axes: {left_out: \(leftOut)}
    stages:
      puzzles: {kind: knights_and_knaves, params: {people: 2, count: 4, seed: 1}}
      traces: {kind: write_traces, inputs: {problems: puzzles}, params: {style: short, prompt: short}}
      texts: {kind: write_texts, inputs: {puzzles: puzzles}, params: {count: 20}}
      scratch:
        kind: scratch_model
        inputs: {texts: texts}
        params: {vocabulary: 300, hidden: 16, layers: 1, heads: 2, key_value_heads: 1, intermediate: 16, context: 1024}
      warmed:
        kind: distill
        inputs: {model: scratch, traces: traces}
        params: {epochs: 2, batch_size: 1, learning_rate: 1e-2, warmup_steps: 0, leave_out: "${left_out}"}
      tuned:
        kind: rlvr
        inputs: {model: scratch, problems: puzzles}
        params: {steps: 4, group: 4, problems_per_step: 2, max_tokens: 4, learning_rate: 1e-2, warmup_steps: 0, reward: random, template: knights_and_knaves_short, leave_out: "${left_out}"}
    """
  }

  private static let run = Result { try RecipeRun(recipe(leftOut: "[0, 2]")) }

  private func rollouts(_ leftOut: Int) throws -> [(step: Int, problem: String, text: JSONValue)] {
    try Self.run.get().rows("tuned[left_out=\(leftOut)]", "rollouts").map { row in
      (row["step"]?.integer ?? 0, row["problem_id"]?.string ?? "", row["completion"] ?? .null)
    }
  }

  @Test func stepsBeforeItAreTheSameAndOthersKeepTheirNumbers() throws {
    let summary = try Self.run.get().summary
    #expect(summary.exitCode == 0, "\(summary.outcomes)")
    let (whole, other) = try (rollouts(0), rollouts(2))
    let missing = Set(whole.map(\.problem)).subtracting(other.map(\.problem))
    #expect(missing.count == 1 && whole.count == 32 && other.count == 24)
    let first = try #require(whole.first { missing.contains($0.problem) }).step
    // Up to that step the models are the same, so all other completions are.
    let kept = whole.filter { $0.step <= first && !missing.contains($0.problem) }
    let found = other.filter { $0.step <= first }
    #expect(kept.map(\.text) == found.map(\.text) && kept.map(\.problem) == found.map(\.problem))
    #expect(
      whole.filter { $0.step > first && !missing.contains($0.problem) }.map(\.text)
        != other.filter { $0.step > first }.map(\.text))
  }

  /// Where the step has nothing else, it has no loss, and its neighbours come as before.
  @Test func aTraceIsLeftOutOfItsStep() throws {
    func losses(_ leftOut: Int) throws -> [Double?] {
      try Self.run.get().rows("warmed[left_out=\(leftOut)]", "metrics").map { $0["loss"]?.number }
    }
    let (whole, other) = try (losses(0), losses(2))
    #expect(whole.count == 8 && other.count == 8)
    let missing = other.indices.filter { !(other[$0]?.isFinite ?? false) }
    #expect(missing.count == 2 && missing[0] < 4 && missing[1] >= 4)
    #expect(whole[..<missing[0]] == other[..<missing[0]])
    #expect(whole.last != other.last)
  }

  @Test func whatIsNotThereCannotBeLeftOut() throws {
    let failures = try RecipeRun(Self.recipe(leftOut: "[5]")).summary.failures.map(\.sentence)
    #expect(
      failures.first?.contains("leave_out is 5, but there are 4 traces") == true, "\(failures)")
  }

  /// The key of a training that leaves nothing out is what it was before there was such a choice.
  @Test func nothingLeftOutIsNoOtherResult() throws {
    let plain = Self.recipe(leftOut: "[0]").replacing(", leave_out: \"${left_out}\"", with: "")
      .replacing("axes: {left_out: [0]}\n", with: "")
    let keys = try RecipeRun(plain).summary.plan.keys
    let ours = try Self.run.get().summary.plan.keys
    #expect(
      keys["tuned"] == ours["tuned[left_out=0]"] && keys["warmed"] == ours["warmed[left_out=0]"])
    #expect(keys["tuned"] != ours["tuned[left_out=2]"])
  }
}
