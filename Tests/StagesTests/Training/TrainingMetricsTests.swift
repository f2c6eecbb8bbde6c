import Base
import Foundation
import Model
import Runner
import Stages
import Tasks
import TestSupport
import Testing

/// What is logged under TRL's names, worked out as the trainer of TRL 1.16.0 does
/// (`_generate_and_score_completions` and `_compute_loss` of `grpo_trainer.py`).
@Suite struct TrainingMetricsTests {
  /// Completions by length and the sum of their entropies; those of 7 tokens and more are truncated.
  private func group(
    rewards: [Double], lengths: [Int], entropies: [Double], outcomes: [Outcome]
  ) -> RolloutGroup {
    RolloutGroup(
      problem: 0, prompt: [3, 4, 5],
      completions: zip(lengths, entropies).map { length, entropy in
        SampledText(
          tokens: (0..<length).map { Int32(6 + $0) },
          logProbabilities: [Float](repeating: -3, count: length), entropy: entropy, text: "",
          isTruncated: length >= 7)
      },
      verdicts: outcomes.map { Verdict($0) }, rewards: rewards)
  }

  /// A group that differs, one that is all right, one that is all wrong.
  private var groups: [RolloutGroup] {
    [
      group(
        rewards: [2, -0.5, -2], lengths: [1, 4, 7], entropies: [0.5, 2, 7],
        outcomes: [.correct, .wrong, .badFormat]),
      group(
        rewards: [2, 2, 2], lengths: [3, 2, 5], entropies: [0.3, 0.6, 0.1],
        outcomes: [.correct, .correct, .correct]),
      group(
        rewards: [-2, -2, -2], lengths: [8, 1, 6], entropies: [4, 1, 2],
        outcomes: [.badFormat, .badFormat, .badFormat]),
    ]
  }

  private func values(
    _ change: (inout RLVRParameters) -> Void = { _ in }
  ) -> [String: Double] {
    var parameters = RLVRParameters()
    change(&parameters)
    return RolloutMetrics(groups, parameters).values
  }

  private func isNear(_ value: Double?, _ wanted: Double) -> Bool {
    value.map { abs($0 - wanted) < 1e-12 } ?? false
  }

  @Test func rewardsAreThoseOfTheWholeBatch() {
    let values = values()
    #expect(isNear(values["reward"], -0.5 / 9))
    // numpy: std(ddof=1) of the nine.
    #expect(isNear(values["reward_std"], 2.0069324297987157))
    #expect(isNear(values["frac_reward_zero_std"], 2 / 3))
    #expect(isNear(values["groups_with_gradient"], 1 / 3))
    #expect(isNear(values["pass_at_group"], 2 / 3))
  }

  @Test func zeroDeviationsAreThoseThatDivide() {
    #expect(values { $0.loss.advantage = .batchScaled }["frac_reward_zero_std"] == 0)
    let alike = [groups[1], groups[1]]
    var parameters = RLVRParameters()
    parameters.loss.advantage = .batchScaled
    #expect(RolloutMetrics(alike, parameters).values["frac_reward_zero_std"] == 1)
  }

  @Test func entropyIsAMeanOverTheTokensInTheLoss() {
    #expect(isNear(values()["entropy"], 17.5 / 37))
    #expect(isNear(values { $0.maskTruncated = true }["entropy"], 6.5 / 22))
  }

  /// Where all that differs is cut off and masked, nothing is left to learn from.
  @Test func maskedCompletionsGiveNoGradient() {
    let cut = group(
      rewards: [2, -0.5, 2, -0.5], lengths: [7, 8, 9, 10], entropies: [1, 1, 1, 1],
      outcomes: [.correct, .wrong, .correct, .wrong])
    for (isMasked, share) in [(false, 1.0), (true, 0)] {
      var parameters = RLVRParameters()
      parameters.maskTruncated = isMasked
      #expect(RolloutMetrics([cut], parameters).values["groups_with_gradient"] == share)
      parameters.sampling.maxTokens = 10
      let engine = TrainingEngine(
        weights: TrainingFixtures.weights(seed: 1), pool: WorkerPool(threads: 1))
      _ = PolicyUpdate([cut], parameters).accumulate(engine, old: nil, reference: nil)
      let isStill = engine.gradients[0..<engine.gradients.count].allSatisfy { $0 == 0 }
      #expect(isStill == isMasked)
    }
  }

  /// TRL's mask holds all tokens in the loss, those of groups without a gradient among them.
  @Test func clippedTokensAreCountedAmongAllInTheLoss() throws {
    var parameters = RLVRParameters()
    parameters.sampling.maxTokens = 8
    let update = PolicyUpdate(groups, parameters)
    func engine(_ seed: UInt64) -> TrainingEngine {
      TrainingEngine(weights: TrainingFixtures.weights(seed: seed), pool: WorkerPool(threads: 1))
    }
    let report = update.accumulate(
      engine(1), old: update.logProbabilities(engine(2)), reference: nil)
    #expect(report.tokens == 12 && report.lossTokens == 37)
    #expect(report.clippedLow + report.clippedHigh > 0)
    let values = report.values(parameters)
    #expect(isNear(values["clip_ratio/low_mean"], Double(report.clippedLow) / 37))
    #expect(isNear(values["clip_ratio/high_mean"], Double(report.clippedHigh) / 37))
    #expect(
      isNear(
        values["clip_ratio/region_mean"], Double(report.clippedLow + report.clippedHigh) / 37))
    #expect(values["kl"] == nil, "nothing is compared with a reference")
  }

  @Test func theDivergenceIsAMeanOverTheTokensInTheLoss() throws {
    var parameters = RLVRParameters()
    (parameters.loss.kl, parameters.maskTruncated) = (0.1, true)
    let update = PolicyUpdate(groups, parameters)
    func engine(_ seed: UInt64) -> TrainingEngine {
      TrainingEngine(weights: TrainingFixtures.weights(seed: seed), pool: WorkerPool(threads: 1))
    }
    let (current, reference) = (
      update.logProbabilities(engine(1)), update.logProbabilities(engine(2))
    )
    let report = update.accumulate(engine(1), old: nil, reference: reference)
    var sum = 0.0
    for (index, group) in groups.enumerated() {
      for (sample, completion) in group.completions.enumerated() where !completion.isTruncated {
        let pairs = zip(current[index]?[sample] ?? [], reference[index]?[sample] ?? [])
        sum += pairs.reduce(0) { sum, pair in
          let difference = Double(pair.1) - Double(pair.0)
          return sum + exp(difference) - difference - 1
        }
      }
    }
    let divergence = try #require(report.values(parameters)["kl"])
    #expect(sum > 1 && abs(divergence - sum / 22) < 1e-3 * sum / 22)
  }

  // MARK: Silence

  private func signal(_ shares: [Double]) throws -> RewardSignal {
    let folder = try ScratchFolder()
    let log = try MetricsLog(file: folder.url.appending(path: "metrics.jsonl"))
    for (index, share) in shares.enumerated() {
      try log.log(
        step: index + 1, ["groups_with_gradient": share, "pass_at_group": 0.5 * share])
    }
    return try RewardSignal(log)
  }

  @Test func theStartIsJudgedByTheFirstSteps() throws {
    let values = try signal([0, 0, 0.5, 0, 0.5, 1, 1, 1]).values
    #expect(values["groups_with_gradient"] == 0.5)
    #expect(values["start_groups_with_gradient"] == 0.2)
    #expect(values["start_pass_at_group"] == 0.1)
    #expect(try signal([0, 0, 0.5]).values["start_groups_with_gradient"].map { $0 * 6 } == 1)
  }

  @Test func silenceIsSaidAndWhatMovedAllTheSame() throws {
    var parameters = RLVRParameters()
    parameters.optimiser.weightDecay = 0
    let silent = try signal([0, 0, 0])
    #expect(
      silent.warning(parameters) == "no reward differed in any group: nothing was trained")
    #expect(
      silent.notice(parameters)?.hasPrefix("no reward differed in any group of the first 3 steps")
        == true)
    // Weights that stay where they were have no divergence from there.
    parameters.loss.kl = 0.1
    #expect(
      silent.warning(parameters) == "no reward differed in any group: nothing was trained")
    parameters.optimiser.weightDecay = 0.1
    #expect(
      silent.warning(parameters)?.hasSuffix("(only weight_decay and loss.kl could move a weight)")
        == true)
    (parameters.loss.kl, parameters.maskTruncated) = (0, true)
    #expect(
      silent.warning(parameters)
        == "no reward of a completion that was not cut off differed in any group: nothing was "
        + "trained (only weight_decay could move a weight)")
    let heard = try signal([0, 0.1, 0])
    #expect(heard.warning(parameters) == nil && heard.notice(parameters) == nil)
  }
}
