import Base
import Foundation
import Runner
import Stages
import Tasks
import TestSupport
import Testing

/// The tokens of native rollouts, and training over again on them.
@Suite(.ownThread) struct RolloutTokensTests {
  private static func recipe(_ more: String = "") -> String {
    """
    version: 1
    name: test
    stages:
      puzzles: {kind: knights_and_knaves, params: {people: 2, count: 4, seed: 1}}
      texts: {kind: write_texts, inputs: {puzzles: puzzles}, params: {count: 50}}
      random:
        kind: scratch_model
        inputs: {texts: texts}
        params: {vocabulary: 300, hidden: 16, layers: 1, heads: 2, key_value_heads: 1, intermediate: 16, context: 1024}
      tuned:
        kind: rlvr
        inputs: {model: random, problems: puzzles}
        params: {steps: 3, group: 4, problems_per_step: 2, max_tokens: 12, reward: random, learning_rate: 1e-3, template: knights_and_knaves_short\(more)}
    """
  }

  /// They lie beside the rollouts, whose columns are those that there always were.
  @Test func tokensLieBesideTheRollouts() throws {
    let run = try RecipeRun(Self.recipe())
    #expect(run.summary.exitCode == 0, "\(run.summary.outcomes)")
    let rollouts = try run.rows("tuned", "rollouts")
    let tokens = try run.rows("tuned", "rollouts.token_ids")
    #expect(rollouts.count == 24 && tokens.count == 24)
    for (rollout, tokens) in zip(rollouts, tokens) {
      #expect(rollout["token_ids"] == nil)
      #expect(rollout["tokens"]?.integer == tokens["token_ids"]?.array?.count)
      for name in ["step", "problem_id", "sample"] { #expect(rollout[name] == tokens[name]) }
    }
  }

  /// The same sums on the same completions: the same bits.
  @Test(arguments: ["", ", updates_per_batch: 2, loss: {advantage: scaled, kl: 0.1}"])
  func nativeTrainingOverAgainIsTheSame(more: String) throws {
    let run = try RecipeRun(Self.recipe(more))
    let training = try #require(run.summary.plan.results.first { $0.name == "tuned" })
    let item = try #require(run.summary.plan.items.first { $0.name == "tuned" })
    let tokens = training.folder.appending(path: "rollouts.token_ids.h5")
    #expect(FileManager.default.fileExists(atPath: tokens.path))
    let replay = try RolloutReplay(of: item, in: run.summary.plan, by: .native, threads: 2)
    #expect(replay.difference == 0 && replay.firstDifference == nil)
    #expect(replay.steps.count == 3)
  }

  /// Such as those of a run that an older program had begun.
  @Test func rowsWithoutTokensAreKeptWithout() {
    let row = Rollouts.row(
      step: 1, problemID: "p", sample: 0, reward: 1, outcome: .correct, text: "x", tokens: 1,
      isTruncated: false, tokenIDs: [5])
    let old = row.filter { $0.key != "token_ids" }
    #expect(RolloutTokens.part([row, row]).tokens?.count == 2)
    #expect(RolloutTokens.part([row, old]).tokens == nil)
    #expect(RolloutTokens.part([row, old]).rollouts == [old, old])
  }

  @Test func whatCannotBeReplayedIsNamed() throws {
    let run = try RecipeRun(Self.recipe(", lora: {rank: 2}"))
    let item = try #require(run.summary.plan.items.first { $0.name == "tuned" })
    let error = #expect(throws: ReplayError.self) {
      try RolloutReplay(of: item, in: run.summary.plan, threads: 2)
    }
    #expect(error?.description.contains("trained adapters ('lora')") == true)
  }
}
