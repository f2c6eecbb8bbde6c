import Runner

/// What is logged of a step's rollouts, under TRL's names.
struct RolloutMetrics {
  let groups: [RolloutGroup]

  private var rewards: [Double] { groups.flatMap(\.rewards) }
  private var completions: [SampledText] { groups.flatMap(\.completions) }

  /// The metrics of sampling and grading.
  var values: [String: Double] {
    let lengths = completions.map { Double($0.tokens.count) }
    var values = [
      "reward": Statistics.mean(rewards) ?? .nan,
      "reward_std": Statistics.mean(
        groups.map { Statistics.standardDeviation($0.rewards) ?? 0 }) ?? .nan,
      "frac_reward_zero_std": share(groups) { group in
        group.rewards.allSatisfy { $0 == group.rewards.first }
      },
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

  private func share<Element>(_ elements: [Element], _ isCounted: (Element) -> Bool) -> Double {
    elements.isEmpty ? .nan : Double(elements.count(where: isCounted)) / Double(elements.count)
  }

  /// A row for each completion, for the artifact `rollouts`.
  func rows(step: Int, ids: [String]) -> [[String: JSONValue]] {
    groups.flatMap { group in
      group.completions.indices.map { sample in
        [
          "step": .integer(step), "problem_id": .string(ids[group.problem]),
          "sample": .integer(sample), "reward": .number(group.rewards[sample]),
          "outcome": .string(group.verdicts[sample].outcome.rawValue),
          "tokens": .integer(group.completions[sample].tokens.count),
          "truncated": .boolean(group.completions[sample].isTruncated),
          "completion": .string(group.completions[sample].text),
        ]
      }
    }
  }
}

extension PolicyUpdate.Report {
  /// The metrics of an update; NaN where no token was computed.
  var values: [String: Double] {
    let count = Double(tokens)
    func perToken(_ sum: Double) -> Double { tokens == 0 ? .nan : sum / count }
    return [
      "loss": loss, "entropy": perToken(entropy), "kl": perToken(divergence),
      "clip_ratio/low_mean": perToken(Double(clippedLow)),
      "clip_ratio/high_mean": perToken(Double(clippedHigh)),
      "clip_ratio/region_mean": perToken(Double(clippedLow + clippedHigh)),
      "sampling/logp_difference_mean": perToken(mismatchSum),
      "sampling/logp_difference_max": tokens == 0 ? .nan : mismatchMax,
    ]
  }
}
