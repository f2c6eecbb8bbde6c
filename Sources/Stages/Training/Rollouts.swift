import Base
import Model
import Runner
import Tasks

/// The completions of one problem in one step, with their rewards.
package struct RolloutGroup {
  package let problem: Int
  package let prompt: [Int32]
  package let completions: [SampledText]
  /// One for each sample.
  package let verdicts: [Verdict]
  package let rewards: [Double]

  package init(
    problem: Int, prompt: [Int32], completions: [SampledText], verdicts: [Verdict],
    rewards: [Double]
  ) {
    self.problem = problem
    self.prompt = prompt
    self.completions = completions
    self.verdicts = verdicts
    self.rewards = rewards
  }
}

/// Samples completions of the problems of a step and rewards them.
struct RolloutSampler {
  let order: ProblemOrder
  let grader: RolloutGrader
  let template: PromptTemplate
  let sampler: TextSampler

  var ids: [String] { grader.ids }

  /// Samples and rewards the groups of a step. Depends on seed, step and weights alone.
  func groups(step: Int) throws -> [RolloutGroup] {
    let places = order.places(step: step)
    let requests = try places.map { slot, problem in
      let prompt = try template.render(grader.problems.row(problem))
      return SamplingRequest(
        prompt: try sampler.tokens(ofPrompt: prompt, id: ids[problem]),
        streams: (0..<grader.parameters.group).map {
          RandomStream(seed: grader.seed, "rollout", step, slot, $0)
        })
    }
    var sampled = requests.map { [SampledText?](repeating: nil, count: $0.streams.count) }
    let name = { "problem '\(ids[places[$0].problem])' in step \(step)" }
    try sampler.sample(requests, name: name, interruption: Interruption()) { sampled[$0][$1] = $2 }
    return try places.enumerated().map { index, place in
      let completions = sampled[index].compactMap { $0 }
      let graded = completions.enumerated().map {
        RolloutGrader.Completion(
          step: step, slot: place.slot, problem: place.problem, sample: $0, text: $1.text)
      }
      let verdicts = try grader.verdicts(on: graded)
      return RolloutGroup(
        problem: place.problem, prompt: requests[index].prompt, completions: completions,
        verdicts: verdicts, rewards: zip(graded, verdicts).map(grader.reward))
    }
  }
}

extension RolloutGroup {
  /// Whether a completion in the loss was rewarded otherwise than its group on average; a group that
  /// has none gives no gradient, whatever the loss divides by.
  func hasGradient(_ parameters: RLVRParameters) -> Bool {
    let mean = Statistics.mean(rewards)
    return rewards.contains { $0 != rewards.first }
      && zip(completions, rewards).contains { completion, reward in
        completion.isInLoss(parameters) && reward != mean
      }
  }

  var isSolved: Bool { verdicts.contains { $0.outcome == .correct } }
}

extension SampledText {
  func isInLoss(_ parameters: RLVRParameters) -> Bool {
    !(parameters.maskTruncated && isTruncated)
  }
}

/// What is logged of a step's rollouts; `docs/engine.md` sets the names beside TRL's.
package struct RolloutMetrics {
  /// The names of `values`, then the short ones that figures take for some of them.
  static let names =
    [
      "reward", "reward_std", "frac_reward_zero_std", RewardSignal.groupsWithGradient,
      RewardSignal.passAtGroup, "entropy", "completions/mean_length", "completions/min_length",
      "completions/max_length", "completions/clipped_ratio",
    ] + Outcome.allCases.map { "verdicts/\($0.rawValue)" }
    + ["completion_length", "truncated", "format_rate", "solved"]

  package let groups: [RolloutGroup]
  private let parameters: RLVRParameters

  package init(_ groups: [RolloutGroup], _ parameters: RLVRParameters) {
    self.groups = groups
    self.parameters = parameters
  }

  private var rewards: [Double] { groups.flatMap(\.rewards) }
  private var completions: [SampledText] { groups.flatMap(\.completions) }
  var groupsWithGradient: Int { groups.count { $0.hasGradient(parameters) } }

  /// The metrics of sampling and grading; NaN where there is none.
  package var values: [String: Double] {
    let lengths = completions.map { Double($0.tokens.count) }
    var values = [
      "reward": Statistics.mean(rewards) ?? .nan,
      "reward_std": Statistics.standardDeviation(rewards) ?? .nan,
      "frac_reward_zero_std": shareWithoutDeviation,
      RewardSignal.groupsWithGradient: share(groups) { $0.hasGradient(parameters) },
      RewardSignal.passAtGroup: share(groups, \.isSolved),
      "entropy": entropy,
      "completions/mean_length": Statistics.mean(lengths) ?? .nan,
      "completions/min_length": lengths.min() ?? .nan,
      "completions/max_length": lengths.max() ?? .nan,
      "completions/clipped_ratio": share(completions, \.isTruncated),
    ]
    let verdicts = groups.flatMap(\.verdicts)
    for outcome in Outcome.allCases {
      values["verdicts/\(outcome.rawValue)"] = share(verdicts) { $0.outcome == outcome }
    }
    return values
  }

  /// The share of completions whose advantage is divided by a deviation of 0, or would be: that of
  /// the batch where that is what divides, else that of the group (TRL's `is_std_zero`).
  private var shareWithoutDeviation: Double {
    func isZero(_ rewards: [Double]) -> Bool {
      (Statistics.standardDeviation(rewards) ?? 0) <= 1e-8
    }
    if parameters.loss.advantage == .batchScaled { return isZero(rewards) ? 1 : 0 }
    return share(groups) { isZero($0.rewards) }
  }

  /// The mean over the tokens in the loss of the sampled distributions' entropy, in nats.
  private var entropy: Double {
    let counted = completions.filter { $0.isInLoss(parameters) }
    let tokens = counted.reduce(0) { $0 + $1.tokens.count }
    return tokens == 0 ? .nan : counted.reduce(0) { $0 + $1.entropy } / Double(tokens)
  }

  private func share<Element>(_ elements: [Element], _ isCounted: (Element) -> Bool) -> Double {
    elements.isEmpty ? .nan : Double(elements.count(where: isCounted)) / Double(elements.count)
  }

  /// A row for each completion, for the artifact `rollouts`.
  /// - Parameter withLogProbabilities: whether they have what the sampler said of their tokens.
  func rows(
    step: Int, ids: [String], withLogProbabilities: Bool = false
  ) -> [[String: JSONValue]] {
    groups.flatMap { group in
      group.completions.indices.map { sample in
        let completion = group.completions[sample]
        return Rollouts.row(
          step: step, problemID: ids[group.problem], sample: sample, reward: group.rewards[sample],
          outcome: group.verdicts[sample].outcome, text: completion.text,
          tokens: completion.tokens.count, isTruncated: completion.isTruncated,
          tokenIDs: completion.tokens,
          logProbabilities: withLogProbabilities ? completion.logProbabilities : [])
      }
    }
  }
}

extension PolicyUpdate.Report {
  /// The names of `values`.
  static let names = [
    "loss", "kl", "clip_ratio/low_mean", "clip_ratio/high_mean", "clip_ratio/region_mean",
    "sampling/logp_difference_mean", "sampling/logp_difference_max",
  ]

  /// The metrics of an update; NaN where there is no token to take the mean of.
  package func values(_ parameters: RLVRParameters) -> [String: Double] {
    func mean(_ sum: Double, over count: Int) -> Double { count == 0 ? .nan : sum / Double(count) }
    var values = [
      "loss": loss,
      "clip_ratio/low_mean": mean(Double(clippedLow), over: lossTokens),
      "clip_ratio/high_mean": mean(Double(clippedHigh), over: lossTokens),
      "clip_ratio/region_mean": mean(Double(clippedLow + clippedHigh), over: lossTokens),
      "sampling/logp_difference_mean": mean(mismatchSum, over: tokens),
      "sampling/logp_difference_max": tokens == 0 ? .nan : mismatchMax,
    ]
    if parameters.loss.kl != 0 { values["kl"] = mean(divergence, over: lossTokens) }
    return values
  }
}
