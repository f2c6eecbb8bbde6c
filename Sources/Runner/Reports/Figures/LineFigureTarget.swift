import OrderedCollections

extension LineFigure {
  /// Where a line first reaches a value.
  package struct Crossing: Sendable, Equatable {
    /// The place along the horizontal axis.
    package let x: Double
    /// What getting there costs; nil where nothing is said or known of it.
    package let cost: Double?
    /// Whether the first point is already there, so that it may have been reached earlier.
    package let isFirst: Bool

    /// Describes a place.
    package init(x: Double, cost: Double?, isFirst: Bool) {
      self.x = x
      self.cost = cost
      self.isFirst = isFirst
    }
  }

  /// Where the line through some points, by ascending x, first reaches a value: by linear
  /// interpolation between two neighbours, for the place and for its cost alike.
  /// - Returns: nil where no point reaches it.
  package static func crossing(
    of target: Double, _ points: [(x: Double, y: Double, cost: Double?)]
  ) -> Crossing? {
    guard let index = points.firstIndex(where: { $0.y >= target }) else { return nil }
    let end = points[index]
    guard index > 0 else { return Crossing(x: end.x, cost: end.cost, isFirst: true) }
    let start = points[index - 1]
    let share = (target - start.y) / (end.y - start.y)
    func between(_ a: Double, _ b: Double) -> Double { a + share * (b - a) }
    let cost = start.cost.flatMap { first in end.cost.map { between(first, $0) } }
    return Crossing(x: between(start.x, end.x), cost: cost, isFirst: false)
  }

  /// Makes a figure of stages' values over an axis of numbers.
  init(
    name: String, _ specification: FigureSpecification, over axis: String, data: ReportData,
    read: @escaping CurveReader
  ) throws {
    let owner = "figure '\(name)'"
    guard let text = specification.line.first, specification.line.count == 1 else {
      throw ReportError.impossible("\(owner): over an axis, 'line' names one value")
    }
    let grid = try ValueGrid(
      [text],
      places: ["x": [axis], "series": specification.series, "band": specification.band],
      specification, data: data, owner: owner)
    let builder = AxisLines(
      name: name, specification: specification, axis: axis, grid: grid,
      reference: grid.references[0], cost: try LineCost(specification, data, read, owner: owner))
    self = try builder.figure(places: try builder.places(in: owner, data: data))
  }
}

/// Lines over an axis of numbers, and where they reach a target.
private struct AxisLines {
  let name: String
  let specification: FigureSpecification
  let axis: String
  let grid: ValueGrid
  let reference: ValueReference
  let cost: LineCost?

  private typealias Place = (x: Double, y: Double, cost: Double?)

  /// The axis' values with their numbers, ascending.
  func places(in owner: String, data: ReportData) throws -> [(value: JSONValue, x: Double)] {
    try data.axes[axis, default: []].map { value in
      guard let x = value.number else {
        throw ReportError.impossible("\(owner): 'x' needs an axis of numbers, not '\(axis)'")
      }
      return (value, x)
    }.sorted { $0.x < $1.x }
  }

  /// One line before the figure is put together.
  private struct Line {
    let series: LineFigure.Series
    let crossing: LineFigure.Crossing?
    let missing: [String]
  }

  func figure(places: [(value: JSONValue, x: Double)]) throws -> LineFigure {
    let writer = ValueWriter(format: specification.format, change: nil)
    let lines = try grid.points(of: specification.series).map { try line(at: $0, places) }
    let series = lines.map(\.series)
    let target = specification.target.map { value in
      let scaled = value * specification.format.scale
      return LineFigure.Target(
        value: scaled, label: writer.full(scaled), crossings: lines.map(\.crossing))
    }
    // What is written in per cent and lies between 0 and 100 is a share.
    let isShare =
      specification.format == .percent
      && series.allSatisfy { $0.points.allSatisfy { (0...100).contains($0.y) } }
    return LineFigure(
      name: name,
      title: specification.title ?? "\(reference.name) of \(reference.stage) over \(axis)",
      xLabel: axis, yLabel: writer.title(of: reference.name, baseline: [:]), series: series,
      bounds: isShare ? 0...100 : nil, target: target,
      notes: notes(series, lines.flatMap(\.missing)))
  }

  private func line(
    at arm: AxisPoint, _ places: [(value: JSONValue, x: Double)]
  ) throws -> Line {
    let label = arm.isEmpty ? reference.stage : arm.label
    var points: [LineFigure.Point] = []
    var measured: [Place] = []
    var missing: [String] = []
    for (value, x) in places {
      let place = arm.merging([axis: value]) { $1 }
      let cell = grid.cell(reference, at: place)
      guard let mean = cell.mean else {
        if cell.planned > 0 { missing.append(Self.gap(cell, label, axis, value)) }
        continue
      }
      points.append(LineFigure.Point(x: x, y: mean, deviation: cell.spread, runs: cell.planned))
      measured.append((x, mean, try cost?.mean(at: place)))
    }
    let crossing = specification.target.flatMap {
      LineFigure.crossing(of: $0 * specification.format.scale, measured)
    }
    let remark = specification.target == nil ? "" : " · " + self.remark(crossing)
    return Line(
      series: LineFigure.Series(label: label + remark, marked: points), crossing: crossing,
      missing: missing)
  }

  private static func gap(
    _ cell: ValueGrid.Cell, _ label: String, _ axis: String, _ value: JSONValue
  ) -> String { "\(label) at \(axis)=\(value.label) has \(cell.values.count) of \(cell.planned)" }

  /// What the legend says of where a line reaches the target.
  private func remark(_ crossing: LineFigure.Crossing?) -> String {
    guard let crossing else { return "not reached" }
    func short(_ value: Double) -> String {
      value >= 100 ? NumberText.grouped(Int(value.rounded())) : NumberText.fixed(value, decimals: 1)
    }
    let place = "\(short(crossing.x)) \(axis)"
    let price = crossing.cost.map { " · \(short($0)) \(cost?.unit ?? "")" } ?? ""
    return (crossing.isFirst ? "at most " : "") + place + price
  }

  private func notes(_ series: [LineFigure.Series], _ missing: [String]) -> [String] {
    var notes: [String] = []
    if series.contains(where: { $0.points.contains { $0.deviation != nil } }) {
      let over = specification.band.joined(separator: " and ")
      notes.append(
        over.isEmpty
          ? "Bands are ± 1 standard error over problems, each point being a lone run."
          : "Points are means over \(over), bands ± 1 sample standard deviation.")
    }
    if specification.target != nil {
      notes.append(
        "The target counts as reached where the line through the means first meets it, by linear"
          + " interpolation between measured points; what lies between them was not measured.")
    }
    if let cost { notes.append(cost.note) }
    if !missing.isEmpty {
      notes.append("Points that lack runs are left out: \(missing.joined(separator: "; ")).")
    }
    return notes
  }
}

/// What a figure's points cost: a value that a stage published, or the sum of a logged metric.
private struct LineCost {
  private let reference: ValueReference
  private let instances: [ExpectedInstance]
  private let data: ReportData
  private let read: CurveReader

  init?(
    _ specification: FigureSpecification, _ data: ReportData, _ read: @escaping CurveReader,
    owner: String
  ) throws {
    guard let text = specification.cost else { return nil }
    reference = try ValueReference(text, in: owner)
    instances = try data.instances(of: reference.stage, for: owner)
    self.data = data
    self.read = read
  }

  var unit: String { MetricLabel.unit(of: reference.name) ?? reference.name }

  var note: String {
    "The cost is \(reference), summed over the steps where it is logged by step, as a mean over"
      + " runs and interpolated likewise."
  }

  /// The mean cost of the runs at a point; nil until all of them are done.
  func mean(at point: AxisPoint) throws -> Double? {
    let runs = instances.filter { point.includes($0.point) }
    let results = runs.compactMap(data.result)
    guard !runs.isEmpty, results.count == runs.count else { return nil }
    return Statistics.mean(try results.map(cost))
  }

  private func cost(of result: InstanceResult) throws -> Double {
    if let value = result.values[reference.name]?.number { return value }
    return try read(reference.name, "step", result).y.filter(\.isFinite).reduce(0, +)
  }
}
