import Base
import Foundation
import Model
import Runner
import Stages
import Tasks
import Testing

@Suite struct RLVRTests {
  private static let table = RewardTable(
    correct: 2, wrong: -0.5, noAnswer: -1, badFormat: -2, timeout: -0.25)

  private func reward(_ choice: RewardChoice, _ outcome: Outcome, coin: Int = 0) -> Double {
    choice.reward(for: outcome, by: Self.table, coin: RandomStream(seed: 1, coin))
  }

  @Test func theVerifierIsPaidByTheTable() {
    let rewards = Outcome.allCases.map { reward(.verifier, $0) }
    #expect(rewards == Outcome.allCases.map { Self.table.reward(for: $0) })
  }

  @Test func formatOnlyPaysForTheFormat() {
    #expect(reward(.formatOnly, .badFormat) == -2)
    for outcome in Outcome.allCases where outcome != .badFormat {
      #expect(reward(.formatOnly, outcome) == 2)
    }
  }

  @Test func randomPaysWhateverTheVerdict() {
    let coins = (0..<1000).map { reward(.random, .badFormat, coin: $0) }
    #expect(Set(coins) == [2, -0.5])
    #expect((430...570).contains(coins.count { $0 == 2 }))
    for outcome in Outcome.allCases {
      #expect((0..<1000).map { reward(.random, outcome, coin: $0) } == coins)
    }
  }

  @Test func rolloutsHoldWhatWasPaid() throws {
    let run = try RecipeRun(
      """
      version: 1
      name: test
      axes: {reward: [verifier, random, format_only]}
      stages:
        puzzles: {kind: knights_and_knaves, params: {people: 2, count: 3, seed: 1}}
        texts: {kind: write_texts, params: {count: 4, parts: [statements]}}
        scratch:
          kind: scratch_model
          inputs: {texts: texts}
          params: {vocabulary: 260, hidden: 16, layers: 1, heads: 2, key_value_heads: 1, intermediate: 16, context: 1024}
        tuned:
          kind: rlvr
          inputs: {model: scratch, problems: puzzles}
          params: {steps: 2, group: 4, problems_per_step: 4, max_tokens: 4, reward: "${reward}", template: knights_and_knaves_short}
      """)
    #expect(run.summary.exitCode == 0, "\(run.summary.outcomes)")
    func rewards(_ arm: String) throws -> [Double?] {
      try run.rows("tuned[reward=\(arm)]", "rollouts").map { $0["reward"]?.number }
    }
    let badFormat = try run.rows("tuned[reward=verifier]", "rollouts").allSatisfy {
      $0["outcome"] == "bad_format"
    }
    #expect(badFormat, "an untrained model cannot keep the format")
    #expect(try rewards("verifier") == Array(repeating: -2, count: 32))
    #expect(try rewards("format_only") == Array(repeating: -2, count: 32))
    let paid = try rewards("random")
    #expect(Set(paid) == [2, -0.5])
    // Three problems, four slots: one problem comes twice in a step, with coins of its own.
    let step = paid[..<16]
    #expect(Set(stride(from: 0, to: 16, by: 4).map { Array(step[$0..<$0 + 4]) }).count > 2)
    // Rewards that are all alike teach nothing.
    let parameters = try ["verifier", "random"].map { arm in
      try model(run, "tuned[reward=\(arm)]")
    }
    let start = try model(run, "scratch")
    #expect(parameters[0] == start)
    #expect(parameters[1] != start)
    // And it is said, by the run and by the result.
    let warning =
      "no reward differed in any group: nothing was trained (only weight_decay could move a weight)"
    #expect(try values(run, "tuned[reward=verifier]")["warning"] == .string(warning))
    #expect(try values(run, "tuned[reward=random]")["warning"] == nil)
    #expect(run.notices == ["verifier", "format_only"].map { "tuned[reward=\($0)]: \(warning)" })
    for (arm, isSilent) in [("verifier", true), ("random", false)] {
      let values = try values(run, "tuned[reward=\(arm)]")
      for name in ["groups_with_gradient", "start_groups_with_gradient"] {
        #expect((values[name]?.number == 0) == isSilent)
      }
      #expect(values["start_pass_at_group"]?.number == 0)
      let metrics = try run.rows("tuned[reward=\(arm)]", "metrics")
      #expect(metrics.count == 2 && metrics.allSatisfy { ($0["tokens"]?.number ?? 0) > 16 })
      #expect(metrics.allSatisfy { $0["num_tokens"] == nil && $0["kl"] == nil })
      // Entropy does not need a gradient: it is that of what was sampled.
      #expect(metrics.allSatisfy { (4...5.6).contains($0["entropy"]?.number ?? 0) })
      #expect(metrics.allSatisfy { ($0["frac_reward_zero_std"]?.number == 1) == isSilent })
    }
  }

  private func values(_ run: RecipeRun, _ instance: String) throws -> [String: JSONValue] {
    try #require(run.summary.plan.results.first { $0.name == instance }).values
  }

  private func model(_ run: RecipeRun, _ instance: String) throws -> [Float] {
    let result = try #require(run.summary.plan.results.first { $0.name == instance })
    let artifact = try ModelArtifact(contentsOf: result.folder.appending(path: "model.h5"))
    return artifact.weights.buffer[0..<artifact.weights.buffer.count]
  }
}
