import Base
import Foundation
import Runner
import Tasks

/// What an instance at work has logged so far, read as it grows: some of its metrics and, where it
/// reinforces, its rollouts.
struct InstanceLog {
  /// The steps that were logged.
  private(set) var steps: [Double] = []
  /// The metrics by name, NaN where a step has none.
  private(set) var columns: [String: [Double]] = [:]
  private(set) var solved = SolveCounts()
  /// The completions of the newest step.
  private(set) var newest: [SampledRollout] = []
  private(set) var newestStep = 0
  /// How many completions of the newest step there are by verdict.
  private(set) var tallies: [Outcome: Int] = [:]

  private let folder: URL
  private let wanted: Set<String>
  private var metrics: GrowingLines
  private var rollouts: [GrowingLines] = []

  /// What is read at once, so that a file that is large already does not have to be held.
  private static let piece = 4 << 20
  /// How many completions of a step are kept.
  private static let kept = 64

  /// - Parameter wanted: the metrics that are kept.
  init(_ work: WorkFolder, wanted: Set<String>) {
    folder = work.url
    self.wanted = wanted
    metrics = GrowingLines(file: work.metrics)
  }

  var hasMetrics: Bool { !steps.isEmpty }

  /// Reads what has come since the last time.
  mutating func read() {
    readMetrics()
    if rollouts.isEmpty { rollouts = rolloutFiles.map { GrowingLines(file: $0) } }
    for index in rollouts.indices { readRollouts(index) }
  }

  /// What this program writes, or what the workers of an engine do.
  private var rolloutFiles: [URL] {
    let own = folder.appending(path: Rollouts.logName)
    if FileManager.default.fileExists(atPath: own.path) { return [own] }
    let engine = folder.appending(path: "trl")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: engine.path)) ?? []
    return names.filter { $0.hasPrefix("rollouts.rank") && $0.hasSuffix(".jsonl") }.sorted()
      .map { engine.appending(path: $0) }
  }

  private mutating func readMetrics() {
    var restarts = metrics.restarts
    while let lines = try? metrics.next(limit: Self.piece), !lines.isEmpty {
      if metrics.restarts != restarts { (steps, columns) = ([], [:]) }
      restarts = metrics.restarts
      for line in lines {
        guard let row = MetricRow(line) else { continue }
        let count = steps.count
        steps.append(Double(row.step))
        for name in wanted where row.values[name] != nil && columns[name] == nil {
          columns[name] = Array(repeating: .nan, count: count)
        }
        for name in columns.keys { columns[name]?.append(row.values[name] ?? .nan) }
      }
    }
  }

  private mutating func readRollouts(_ index: Int) {
    var restarts = rollouts[index].restarts
    while let lines = try? rollouts[index].next(limit: Self.piece), !lines.isEmpty {
      if rollouts[index].restarts != restarts {
        solved = SolveCounts()
        (newest, newestStep, tallies) = ([], 0, [:])
      }
      restarts = rollouts[index].restarts
      for line in lines {
        guard let rollout = SampledRollout(line) else { continue }
        solved.add(step: rollout.step, rollout.problem, rollout.outcome)
        if rollout.step > newestStep {
          (newest, newestStep, tallies) = ([], rollout.step, [:])
        }
        guard rollout.step == newestStep else { continue }
        tallies[rollout.outcome, default: 0] += 1
        if newest.count < Self.kept { newest.append(rollout) }
      }
    }
  }

  /// A metric over the steps; nil where it was never logged.
  func curve(_ metric: String) -> MetricCurve? {
    columns[metric].map { MetricCurve(x: steps, y: $0) }
  }
}

/// A line of `metrics.jsonl`.
struct MetricRow {
  let step: Int
  /// What was measured, by name; what is no number is left out.
  let values: [String: Double]

  init?(_ line: Data) {
    guard let row = (try? JSONValue(parsing: line))?.object else { return nil }
    self.init(row)
  }

  init?(_ row: [String: JSONValue]) {
    guard let step = row["step"]?.integer else { return nil }
    self.step = step
    values = row.filter { $0.key != "step" }.compactMapValues(\.number)
  }
}

/// A completion that a training sampled, as its log has it.
struct SampledRollout: Sendable {
  let step: Int
  let problem: String
  let sample: Int
  let reward: Double
  let outcome: Outcome
  let text: String
  let tokens: Int?
  let isTruncated: Bool

  init?(_ line: Data) {
    guard let row = try? JSONValue(parsing: line), let step = row["step"]?.integer,
      let outcome = row["outcome"]?.string.flatMap(Outcome.init)
    else { return nil }
    self.step = step
    self.outcome = outcome
    // Workers of engines know the row of a problem, not its id.
    problem =
      row["problem_id"]?.string ?? row["row"]?.integer.map { "problem \($0 + 1)" } ?? "problem"
    sample = row["sample"]?.integer ?? 0
    reward = row["reward"]?.number ?? .nan
    text = row["completion"]?.string ?? row["text"]?.string ?? ""
    tokens = row["tokens"]?.integer ?? row["ids"]?.array?.count
    isTruncated = row["truncated"]?.boolean ?? false
  }
}
