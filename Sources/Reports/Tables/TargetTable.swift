import Base
import OrderedCollections
import Runner

/// Makes a table of where each row reaches a target along an axis of numbers, and at what cost.
struct TargetTableBuilder {
  private let name: String
  private let specification: TableSpecification
  private let target: Double
  private let along: String
  private let data: Findings
  private let reference: ValueReference
  private let instances: [PlannedInstance]
  private let cost: TargetCost?
  private let numbers: [(value: JSONValue, x: Double)]

  /// Checks what the recipe asks for, and reads the problem-level results.
  /// - Throws: `ReportError.impossible`.
  init(
    name: String, _ specification: TableSpecification, target: Double, data: Findings
  ) throws {
    let owner = "table '\(name)'"
    guard let along = specification.along, let text = specification.value.first,
      specification.value.count == 1
    else {
      throw ReportError.impossible("\(owner): a target needs one 'value' and an axis in 'along'")
    }
    reference = try ValueReference(text, in: owner)
    instances = try data.instances(of: reference.stage, for: owner)
    try data.check(
      [
        "rows": specification.rows, "columns": specification.columns, "along": [along],
        "over": specification.over,
      ], cover: instances, for: owner)
    try data.check(reference, of: instances, for: owner)
    cost = try TargetCost(specification.cost, data, owner: owner)
    numbers = try data.numbers(of: along, key: "along", owner: owner)
    self.name = name
    self.specification = specification
    self.target = target
    self.along = along
    self.data = data
  }

  /// Makes the table.
  /// - Throws: what reading the costs throws.
  func build() throws -> TableReport {
    let columnPoints = data.points(of: specification.columns, among: instances)
    let sources = columnPoints.flatMap { point in
      (cost == nil ? [false] : [false, true]).map { Source(point: point, isCost: $0) }
    }
    let rows = try data.points(of: specification.rows, among: instances).map { row in
      TableReport.Row(
        label: row.label,
        cells: try columnPoints.flatMap { try cells(at: row.merging($0) { $1 }) })
    }
    let columns = sources.enumerated().map { index, source in
      column(source, rows.compactMap { $0.cells[index].reach })
    }
    let notes = TableNotes(
      specification: specification, references: [reference], instances: instances,
      lineage: data.lineage(of: instances), rows: rows, columns: columns,
      unreadable: data.unreadable(among: instances), gates: data.gateNotes(among: instances))
    return TableReport(
      name: name, title: specification.title ?? name,
      rowHeader: specification.rows.joined(separator: " · "), columns: columns, rows: rows,
      notes: sentences(rows.flatMap(\.cells)) + [notes.sizes].compactMap(\.self)
        + notes.shortcomings,
      footnotes: [], verdicts: [], compare: [],
      hasIntervals: specification.interval, groups: columns.indices.map { [$0] })
  }

  private struct Source {
    let point: AxisPoint
    let isCost: Bool
  }

  private func column(_ source: Source, _ reaches: [TargetReach]) -> TableReport.Column {
    let unit = source.isCost ? cost?.unit ?? "" : along
    let label = "\(unit) to \(targetText)"
    let format = source.isCost ? NumberFormat(naming: unit) : .decimal
    let isShort = reaches.allSatisfy { $0.bound != nil || $0.value < 100 }
    return TableReport.Column(
      label: source.point.isEmpty ? label : "\(source.point.label) · \(label)",
      pointLabel: source.point.label, metric: source.isCost ? specification.cost ?? "" : along,
      valueLabel: label, format: format, decimals: isShort ? 1 : 0)
  }

  private var targetText: String {
    let format = specification.format(of: reference, at: 0)
    return ValueWriter(format: format, change: nil).full(target * format.scale)
  }

  // MARK: Cells

  private func cells(at point: AxisPoint) throws -> [TableReport.Cell] {
    let places = try numbers.compactMap { value, x -> TargetLine.MeasuredPoint? in
      let point = point.merging([along: value]) { $1 }
      let runs = CellRuns(reference, at: point, of: instances, in: data, scale: 1)
      if runs.planned == 0 { return nil }
      return TargetLine.MeasuredPoint(x: x, runs: runs, cost: try cost?.mean(at: point))
    }
    let line = TargetLine(places: places, target: target)
    let own = cell(line, at: point, line.reach)
    return cost == nil ? [own] : [own, cell(line, at: point, line.costOfReach)]
  }

  /// Runs that do not depend on the axis stand at each of its numbers, and count once.
  private func cell(
    _ line: TargetLine, at point: AxisPoint, _ reach: TargetReach?
  ) -> TableReport.Cell {
    let runs = line.places.flatMap(\.runs.runs)
    let cells = line.places.map(\.runs.cell)
    return TableReport.Cell(
      planned: data.runs(of: instances, at: point).count,
      done: Set(runs.map(\.instance.name)).count, values: [],
      problems: Self.common(cells.map(\.problems)), samples: Self.common(cells.map(\.samples)),
      standardError: nil, estimate: nil, onTheseProblems: nil, reach: reach)
  }

  private static func common(_ numbers: [Int?]) -> Int? {
    Set(numbers).count == 1 ? numbers[0] : nil
  }

  // MARK: Notes

  private func sentences(_ cells: [TableReport.Cell]) -> [String] {
    let over = specification.over.joined(separator: " and ")
    let reaches = cells.compactMap(\.reach)
    let places = numbers.map { NumberText.short($0.x) }.joined(separator: ", ")
    var sentences = [
      "Where the line through \(over.isEmpty ? "the runs" : "the means over \(over)") first meets"
        + " \(targetText), by linear interpolation between what was measured: \(along) \(places)."
    ]
    if reaches.contains(where: \.hasBound) {
      sentences.append("≤: there at the first of them; >: not there at the last.")
    }
    if reaches.contains(where: { $0.interval != nil }), specification.interval {
      let hasRuns = data.points(of: specification.over, among: instances).count > 1
      let over = hasRuns ? "runs and problems" : "problems only, as if runs did not vary"
      sentences.append("In brackets the 95 % interval over \(over).")
    }
    return sentences + (cost.map { [$0.note] } ?? [])
  }
}

/// What runs measured along an axis of numbers.
struct TargetLine {
  /// The runs at one number of the axis.
  struct MeasuredPoint {
    let x: Double
    let runs: CellRuns
    let cost: Double?
  }

  /// The places that were measured, by ascending x.
  let places: [MeasuredPoint]
  /// The value to be reached, as the stage publishes it.
  let target: Double

  private func crossing(of means: [Double]) -> TargetCrossing? {
    TargetCrossing(
      of: target, along: zip(places, means).map { ($0.x, $1, $0.cost) })
  }

  /// Where the line through the means reaches the target; nil until all runs are done.
  var reach: TargetReach? {
    guard let means, let first = places.first, let last = places.last else { return nil }
    let crossing = crossing(of: means)
    return TargetReach(
      value: crossing?.x ?? last.x, bound: Self.bound(of: crossing), interval: interval,
      first: first.x, last: last.x)
  }

  /// What reaching the target costs; nil where that is not known at every place.
  var costOfReach: TargetReach? {
    let costs = places.compactMap(\.cost)
    guard let means, costs.count == places.count, let first = costs.first, let last = costs.last
    else { return nil }
    let crossing = crossing(of: means)
    return TargetReach(
      value: crossing?.cost ?? last, bound: Self.bound(of: crossing), interval: nil,
      first: first, last: last)
  }

  private var means: [Double]? {
    let means = places.compactMap(\.runs.mean)
    return means.count == places.count ? means : nil
  }

  private static func bound(of crossing: TargetCrossing?) -> TargetReach.Bound? {
    guard let crossing else { return .moreThan }
    return crossing.isFirst ? .atMost : nil
  }

  /// Where the line's upper and lower bounds first reach the target. Needs the same problems and as
  /// many seeds at every place.
  private var interval: ClosedRange<Double>? {
    let scores = places.compactMap(\.runs.problemValues)
    guard let first = scores.first, scores.count == places.count, isOnSameProblems,
      scores.allSatisfy({ $0.count == first.count }), (first.first?.count ?? 0) > 1
    else { return nil }
    let line = LineBounds(
      places: zip(places, scores).map { ($0.x, $1) },
      scale: places[0].runs.plainScale,
      samples: 16 * (places.map(\.runs.answers).min() ?? 1))
    return line.interval(ofReaching: target)
  }

  private var isOnSameProblems: Bool {
    let all = places.flatMap { $0.runs.runs.map(\.scores) }
    guard let first = all.first ?? nil else { return false }
    return all.allSatisfy { $0?.hasProblems(of: first) == true }
  }
}

/// Where a line first reaches a value.
package struct TargetCrossing: Sendable, Equatable {
  /// A measured point of a line, with what getting there costs, where that is known.
  package typealias LinePoint = (x: Double, y: Double, cost: Double?)

  /// The place along the horizontal axis.
  package let x: Double
  /// What getting there costs; nil where nothing is said or known of it.
  package let cost: Double?
  /// Whether the first point is already there, so that it may have been reached earlier.
  package let isFirst: Bool

  package init(x: Double, cost: Double?, isFirst: Bool) {
    self.x = x
    self.cost = cost
    self.isFirst = isFirst
  }

  /// Finds the place by linear interpolation between two neighbours, for the place and for its cost
  /// alike.
  /// - Parameter points: the line, by ascending x.
  /// - Returns: nil where no point reaches the target.
  package init?(of target: Double, along points: [LinePoint]) {
    guard let index = points.firstIndex(where: { $0.y >= target }) else { return nil }
    let end = points[index]
    guard index > 0 else {
      self.init(x: end.x, cost: end.cost, isFirst: true)
      return
    }
    let start = points[index - 1]
    let share = (target - start.y) / (end.y - start.y)
    func between(_ a: Double, _ b: Double) -> Double { a + share * (b - a) }
    let cost = start.cost.flatMap { first in end.cost.map { between(first, $0) } }
    self.init(x: between(start.x, end.x), cost: cost, isFirst: false)
  }
}

/// Where a line over an axis of numbers reaches a target, as far as it was measured.
package struct TargetReach: Sendable, Equatable {
  /// What a number is where the line does not cross the target between two measured points.
  package enum Bound: String, Sendable {
    /// The first point is there already.
    case atMost = "at most"
    /// The last point is not there yet.
    case moreThan = "more than"
  }

  /// Where the target is reached; for a bound, where what was measured begins or ends.
  package let value: Double
  package let bound: Bound?
  /// The bounds of its 95 % interval; −∞ and ∞ stand for before and beyond what was measured.
  package let interval: ClosedRange<Double>?
  /// Where what was measured begins.
  let first: Double
  /// Where what was measured ends.
  let last: Double

  /// Whether anything of it lies outside what was measured.
  var hasBound: Bool {
    bound != nil || interval.map { $0.lowerBound.isInfinite || $0.upperBound.isInfinite } == true
  }

  /// The number for people: `26.4`, `≤ 8` or `> 64`.
  func text(_ number: (Double) -> String) -> String {
    bound.map(text) ?? number(value)
  }

  /// The bounds of the interval for people: `18.0, > 64`.
  func intervalText(_ number: (Double) -> String) -> String? {
    interval.map { interval in
      [interval.lowerBound, interval.upperBound].map { end in
        end.isFinite ? number(end) : text(of: end < 0 ? .atMost : .moreThan)
      }.joined(separator: ", ")
    }
  }

  private func text(of bound: Bound) -> String {
    switch bound {
    case .atMost: "≤ \(NumberText.short(first))"
    case .moreThan: "> \(NumberText.short(last))"
    }
  }
}

/// What the points of a line cost: a value that a stage published, or the sum of a logged metric.
struct TargetCost {
  private let reference: ValueReference
  private let instances: [PlannedInstance]
  private let data: Findings

  init?(_ text: String?, _ data: Findings, owner: String) throws {
    guard let text else { return nil }
    reference = try ValueReference(text, in: owner)
    instances = try data.instances(of: reference.stage, for: owner)
    self.data = data
  }

  var unit: String { MetricLabel.unit(of: reference.name) ?? reference.name }

  var note: String {
    "The cost is \(reference), summed over the steps where it is logged by step, as a mean over"
      + " runs and interpolated likewise."
  }

  /// The mean cost of the runs at a point; nil until all of them are done.
  func mean(at point: AxisPoint) throws -> Double? {
    let runs = data.runs(of: instances, at: point)
    let results = runs.filter(\.isDone)
    guard !runs.isEmpty, results.count == runs.count else { return nil }
    return Statistics.mean(try results.map(cost))
  }

  private func cost(of run: PlannedInstance) throws -> Double {
    if let value = run.values[reference.name]?.number { return value }
    return try MetricCurve(reference.name, over: "step", of: run, in: data.tables).y
      .filter(\.isFinite).reduce(0, +)
  }
}
