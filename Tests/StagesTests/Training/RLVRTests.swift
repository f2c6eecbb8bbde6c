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
  }

  private func model(_ run: RecipeRun, _ instance: String) throws -> [Float] {
    let result = try #require(run.summary.plan.results.first { $0.name == instance })
    let artifact = try ModelArtifact(contentsOf: result.folder.appending(path: "model.h5"))
    return artifact.weights.buffer[0..<artifact.weights.buffer.count]
  }
}
