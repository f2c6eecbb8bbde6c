/// What metrics are called in figures, with their units.
enum MetricLabel {
  private static let units = [
    "entropy": "nats", "step_time": "seconds", "time": "seconds",
    "completions/mean_length": "tokens", "completions/min_length": "tokens",
    "completions/max_length": "tokens", "num_tokens": "tokens",
    "tokens_per_second": "tokens per second",
  ]

  /// The metric's name, with its unit where it has one.
  static func text(for metric: String) -> String {
    guard let unit = units[metric] else { return metric }
    return "\(metric) (\(unit))"
  }
}
