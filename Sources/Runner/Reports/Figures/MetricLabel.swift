/// What metrics are called in figures, with their units.
enum MetricLabel {
  private static let units = [
    "entropy": "nats", "step_time": "seconds", "time": "seconds",
    "completions/mean_length": "tokens", "completions/min_length": "tokens",
    "completions/max_length": "tokens", "num_tokens": "tokens",
    "tokens_per_second": "tokens per second", "mean_tokens": "tokens",
    "completion_length": "tokens", "tokens": "tokens",
    "format_rate": "share of completions", "truncated": "share of completions",
    "solved": "share of completions",
  ]

  /// The metric's name, with its unit where it has one.
  static func text(for metric: String) -> String {
    guard let unit = units[metric] else { return metric }
    return "\(metric) (\(unit))"
  }

  /// Whether the metric is a share, from 0 to 1.
  static func isShare(_ metric: String) -> Bool {
    units[metric] == "share of completions" || metric.hasPrefix("verdicts/")
      || ["completions/clipped_ratio", "frac_reward_zero_std"].contains(metric)
  }

  /// The unit, where it is known.
  static func unit(of metric: String) -> String? { units[metric] }
}

/// Short names for metrics that training logs under longer ones.
enum MetricAlias {
  /// What a short name stands for.
  struct Meaning {
    /// The metric that is logged.
    let metric: String
    /// Whether one minus the metric is meant.
    var isComplement = false
  }

  /// The short names.
  static let meanings = [
    "completion_length": Meaning(metric: "completions/mean_length"),
    "truncated": Meaning(metric: "completions/clipped_ratio"),
    "format_rate": Meaning(metric: "verdicts/bad_format", isComplement: true),
    "solved": Meaning(metric: "verdicts/correct"),
    "tokens": Meaning(metric: "num_tokens"),
  ]
}
