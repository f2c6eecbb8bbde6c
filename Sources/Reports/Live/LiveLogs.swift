import Base
import Foundation
import OrderedCollections
import Runner
import Tasks

/// What the instances of a run have logged, those at work and those that are done.
struct LiveLogs {
  /// The instances that are asked for, in the order of the plan.
  let items: [PlannedInstance]
  private let places: [String: Int]
  private let cache: Cache
  private let wanted: [String: [String]]
  /// Of instances that were at work in this run, by name.
  private var logs: [String: InstanceLog] = [:]
  /// Of instances that are done, each read once; nil where there is nothing.
  private var artifacts: [String: Artifact?] = [:]
  private var published: [String: [String: MetricCurve]] = [:]
  private var histories: [String: SolveHistory?] = [:]

  /// How many curves a figure has at most: as many as there are colours.
  static let mostLines = 7

  init(_ recipe: Recipe, _ plan: Plan, _ cache: Cache) {
    items = plan.items.filter(\.isAsked)
    places = Dictionary(items.enumerated().map { ($1.name, $0) }) { $1 }
    self.cache = cache
    let stages = OrderedSet(items.map(\.stageName))
    wanted = Dictionary(uniqueKeysWithValues: stages.map { ($0, Self.metrics(of: $0, recipe)) })
  }

  /// The metrics that matter: those that the recipe's figures show of a stage, then the usual ones.
  private static func metrics(of stage: String, _ recipe: Recipe) -> [String] {
    let asked = recipe.figures.flatMap(\.specification.line).compactMap { text in
      let reference = try? ValueReference(text, in: "figure")
      return reference?.stage == stage ? reference?.name : nil
    }
    return OrderedSet(asked.map { MetricAlias.meanings[$0]?.metric ?? $0 } + usual).elements
  }

  private static let usual = [
    "reward", "loss", "verdicts/correct", "entropy", "completions/mean_length",
  ]

  subscript(name: String) -> PlannedInstance? { places[name].map { items[$0] } }

  func log(of name: String) -> InstanceLog? { logs[name] }

  /// Reads what those at work have logged since the last time.
  mutating func read(_ snapshot: LiveRun.Snapshot) {
    for work in snapshot.working {
      let name = work.title.name
      guard let item = self[name], let key = item.key else { continue }
      var log =
        logs[name]
        ?? InstanceLog(cache.workFolder(key), wanted: Set(wanted[item.stageName] ?? []))
      log.read()
      logs[name] = log
    }
  }

  /// What an instance that is done published.
  mutating func values(of item: PlannedInstance) -> [String: JSONValue] {
    artifact(of: item)?.record.values ?? [:]
  }

  private mutating func artifact(of item: PlannedInstance) -> Artifact? {
    if let artifact = item.artifact { return artifact }
    if let known = artifacts[item.name] { return known }
    var found: Artifact?
    if let key = item.key, case .present(let artifact) = cache.lookUp(key) { found = artifact }
    artifacts[item.name] = .some(found)
    return found
  }

  private mutating func publishedCurves(of item: PlannedInstance) -> [String: MetricCurve] {
    if let known = published[item.name] { return known }
    let curves = artifact(of: item).map { Self.curves($0, wanted[item.stageName] ?? []) } ?? [:]
    published[item.name] = curves
    return curves
  }

  private mutating func publishedHistory(of item: PlannedInstance) -> SolveHistory? {
    if let known = histories[item.name] { return known }
    let history = artifact(of: item).flatMap(Self.history)
    histories[item.name] = .some(history)
    return history
  }

  private static func curves(_ artifact: Artifact, _ wanted: [String]) -> [String: MetricCurve] {
    guard artifact.record.files[Artifact.metricsName] != nil,
      let table = try? RowTable(contentsOf: artifact.whole(Artifact.metricsName)),
      let steps = try? table.numbers("step")
    else { return [:] }
    let found = wanted.compactMap { name in
      (try? table.numbers(name)).map { (name, MetricCurve(x: steps, y: $0)) }
    }
    return Dictionary(found) { $1 }
  }

  private static func history(_ artifact: Artifact) -> SolveHistory? {
    let columns: [ColumnName] = [.step, .problemID, .outcome]
    guard artifact.record.files[Rollouts.fileName] != nil,
      let file = try? artifact.whole(Rollouts.fileName),
      let table = try? RowTable(contentsOf: file, columns: columns.map(\.rawValue))
    else { return nil }
    return try? SolveHistory(Rollouts(table))
  }
}

extension LiveLogs {
  /// The curves of a stage.
  struct StageCurves {
    let stage: String
    /// The metrics of which there are numbers, the most important first.
    let metrics: [String]
    /// In the order of the plan.
    let lines: [(label: String, curves: [String: MetricCurve])]
    /// How many instances with curves are left out.
    let left: Int
  }

  /// How many metrics of a stage are shown.
  private static let mostMetrics = 4

  /// The curves of all stages that log metrics, those at work first: of what is at work, then of what
  /// ended last.
  mutating func curves(_ snapshot: LiveRun.Snapshot) -> [StageCurves] {
    let byStage = OrderedDictionary(grouping: newest(snapshot), by: \.stageName)
    let atWork = snapshot.working.compactMap { self[$0.title.name]?.stageName }
    let stages = OrderedSet(atWork + items.map(\.stageName)).filter { byStage[$0] != nil }
    return stages.compactMap { stage in
      var lines: [(place: Int, label: String, curves: [String: MetricCurve])] = []
      var left = 0
      for item in byStage[stage] ?? [] {
        guard lines.count < Self.mostLines else {
          left += 1
          continue
        }
        let curves = curves(of: item, isDone: snapshot.isDone(item))
        // Where one of a stage logged nothing, none did.
        if curves.isEmpty, lines.isEmpty, logs[item.name] == nil { return nil }
        if curves.isEmpty { continue }
        lines.append((places[item.name] ?? 0, item.point.label, curves))
      }
      let metrics = (wanted[stage] ?? []).filter { name in
        lines.contains { $0.curves[name]?.y.contains { $0.isFinite } == true }
      }
      if metrics.isEmpty { return nil }
      let sorted = lines.sorted { $0.place < $1.place }
      return StageCurves(
        stage: stage, metrics: Array(metrics.prefix(Self.mostMetrics)),
        lines: sorted.map { ($0.label.isEmpty ? stage : $0.label, $0.curves) }, left: left)
    }
  }

  private mutating func curves(
    of item: PlannedInstance, isDone: Bool
  ) -> [String: MetricCurve] {
    if isDone, case let curves = publishedCurves(of: item), !curves.isEmpty { return curves }
    guard let log = logs[item.name] else { return [:] }
    return Dictionary(
      (wanted[item.stageName] ?? []).compactMap { name in log.curve(name).map { (name, $0) } }
    ) { $1 }
  }

  /// Which problems were solved when, by the trainings at work, then by those that ended last.
  mutating func histories(
    _ snapshot: LiveRun.Snapshot, atMost count: Int
  ) -> [(item: PlannedInstance, history: SolveHistory)] {
    var found: [(item: PlannedInstance, history: SolveHistory)] = []
    for item in newest(snapshot) where found.count < count {
      let isTraining = item.kind.outputs.contains { $0.name == "rollouts" }
      if snapshot.isDone(item), isTraining, let history = publishedHistory(of: item) {
        found.append((item, history))
      } else if let log = logs[item.name], !log.solved.isEmpty {
        found.append((item, SolveHistory(log.solved)))
      }
    }
    return found
  }

  /// The trainings that sampled last: those at work, then those that ended in this run.
  func sampled(_ snapshot: LiveRun.Snapshot, atMost count: Int) -> [(
    name: String, log: InstanceLog
  )] {
    let found = newest(snapshot).compactMap { item in
      logs[item.name].flatMap { $0.newest.isEmpty ? nil : (name: item.name, log: $0) }
    }
    return Array(found.prefix(count))
  }

  /// What is at work, then what has a result or has logged something in this run, the latest first.
  private func newest(_ snapshot: LiveRun.Snapshot) -> [PlannedInstance] {
    let ended = snapshot.ended.reversed().compactMap { self[$0] }.filter {
      snapshot.isDone($0) || logs[$0.name] != nil
    }
    return snapshot.working.compactMap { self[$0.title.name] } + ended
  }
}

extension LiveRun.Snapshot {
  /// Whether there is a result.
  func isDone(_ item: PlannedInstance) -> Bool {
    switch outcomes[item.name] {
    case .ran, .cached: true
    default: false
    }
  }
}

extension MetricCurve {
  /// The curve with means over steps in a row, so that it has at most so many points.
  func thinned(to count: Int) -> MetricCurve {
    guard x.count > count else { return self }
    let width = (x.count + count - 1) / count
    let starts = Array(stride(from: 0, to: x.count, by: width))
    let means = starts.map { start in
      Statistics.mean(y[start..<min(start + width, y.count)].filter(\.isFinite)) ?? .nan
    }
    return MetricCurve(x: starts.map { x[min($0 + width, x.count) - 1] }, y: means)
  }
}

extension SolveHistory {
  /// The history with visits joined, so that a problem has at most so many.
  func thinned(to count: Int) -> SolveHistory {
    guard lastStep > count else { return self }
    let width = (lastStep + count - 1) / count
    return SolveHistory(
      visits: visits.mapValues { visits in
        OrderedDictionary(grouping: visits) { ($0.step - 1) / width }.map { _, joined in
          Visit(
            step: joined[0].step, solved: joined.reduce(0) { $0 + $1.solved },
            samples: joined.reduce(0) { $0 + $1.samples })
        }
      }, lastStep: lastStep)
  }
}
