import Base
import Foundation
import OrderedCollections
import Runner

/// One metric of one instance over its steps.
package struct MetricCurve: Sendable, Equatable {
  /// Where along the horizontal axis; ascending.
  package let x: [Double]
  /// The metric there; NaN where it was not measured.
  package let y: [Double]

  /// Pairs two columns of equal length. Rows without a place on the horizontal axis are left out.
  package init(x: [Double], y: [Double]) {
    let rows = zip(x, y).filter { $0.0.isFinite }.sorted { $0.0 < $1.0 }
    self.x = rows.map(\.0)
    self.y = rows.map { $0.1.isFinite ? $0.1 : .nan }
  }

  /// Takes two columns of the metrics that an instance logged; short names such as
  /// `completion_length` stand for what training logs. Along `tokens` a curve runs over all tokens
  /// so far.
  /// - Throws: `ReportError.impossible` where there is no such metric, or what reading it throws.
  package init(
    _ metric: String, over x: String, of instance: PlannedInstance, in tables: ResultTables
  ) throws {
    guard let table = try tables.table(Artifact.metricsName, of: instance) else {
      throw ReportError.impossible(
        "\(instance.name) published no metrics to draw '\(metric)' from")
    }
    func column(_ name: String) throws -> [Double] {
      if table.columns[name] != nil { return try table.numbers(name) }
      guard let meaning = MetricAlias.meanings[name], table.columns[meaning.metric] != nil else {
        let names = Array(table.columns.keys) + MetricAlias.names
        let hint = suggestion(for: name, among: names)
        throw ReportError.impossible("\(instance.name) has no metric '\(name)'\(hint)")
      }
      let logged = try table.numbers(meaning.metric)
      return meaning.isComplement ? logged.map { 1 - $0 } : logged
    }
    let counts = try column(x)
    self.init(x: x == "tokens" ? Self.runningSum(of: counts) : counts, y: try column(metric))
  }

  private static func runningSum(of counts: [Double]) -> [Double] {
    var sum = 0.0
    return counts.map { count in
      sum += count
      return sum
    }
  }

  /// The curve with each value replaced by the mean of itself and the `window` − 1 before it.
  func smoothed(_ window: Int) -> MetricCurve {
    MetricCurve(x: x, y: Statistics.movingAverage(y, window: window))
  }
}

/// What metrics are called in figures, with their units.
enum MetricLabel {
  private static let units = [
    "entropy": "nats", "time": "seconds",
    "completions/mean_length": "tokens", "completions/min_length": "tokens",
    "completions/max_length": "tokens", "start_pass_at_group": "share of groups",
    "tokens_per_second": "tokens per second", "mean_tokens": "tokens",
    "completion_length": "tokens", "tokens": "tokens",
    "mean_tokens_right": "tokens", "mean_tokens_wrong": "tokens",
    "format_rate": "share of completions", "truncated": "share of completions",
    "worked": "share of completions",
    "solved": "share of completions", "unboxed": "share of completions",
    "groups_with_gradient": "share of groups", "pass_at_group": "share of groups",
    "start_groups_with_gradient": "share of groups",
  ]

  /// The metric's name, with its unit where it has one.
  /// - Parameter scale: what rewards run along, where it is known.
  static func text(for metric: String, _ scale: RewardScale? = nil) -> String {
    guard let unit = metric == "reward" ? scale?.range : units[metric] else { return metric }
    return "\(metric) (\(unit))"
  }

  /// Whether the metric is a share, from 0 to 1.
  static func isShare(_ metric: String) -> Bool {
    units[metric]?.hasPrefix("share of ") == true || metric.hasPrefix("verdicts/")
      || metric.hasPrefix("clip_ratio/")
      || ["completions/clipped_ratio", "frac_reward_zero_std"].contains(metric)
  }

  /// The unit, where it is known.
  static func unit(of metric: String) -> String? { units[metric] }
}

/// Short names for metrics that training logs under longer ones.
package enum MetricAlias {
  /// What a short name stands for.
  struct Meaning {
    let metric: String
    /// Whether one minus the metric is meant.
    var isComplement = false
  }

  static let meanings = [
    "completion_length": Meaning(metric: "completions/mean_length"),
    "truncated": Meaning(metric: "completions/clipped_ratio"),
    "format_rate": Meaning(metric: "verdicts/bad_format", isComplement: true),
    "solved": Meaning(metric: "verdicts/correct"),
    // Logged under that name before, with the same meaning: the tokens of a step.
    "tokens": Meaning(metric: "num_tokens"),
  ]

  /// The short names, sorted.
  package static var names: [String] { meanings.keys.sorted() }
}
