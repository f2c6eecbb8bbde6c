import Base
import OrderedCollections
import Runner

/// A line chart with its numbers, ready to be drawn: one panel, or several that share their
/// horizontal axis.
package struct LineFigure: Figure {
  /// The name in the recipe, which names the file too.
  package let name: String
  package let title: String
  /// What runs along the horizontal axis.
  package let xLabel: String
  package let panels: [Panel]
  /// The value that is to be reached, and where each line does.
  package let target: Target?
  /// What the lines mean and what is missing: a sentence each.
  package let notes: [String]
  /// The lines that lie on others: drawn in dashes, so that both colours are seen.
  let covering: Set<Int>

  package init(
    name: String, title: String, xLabel: String, yLabel: String, series: [Series],
    bounds: ClosedRange<Double>? = nil, target: Target? = nil, notes: [String] = []
  ) {
    self.init(
      name: name, title: title, xLabel: xLabel,
      panels: [Panel(yLabel: yLabel, series: series, bounds: bounds)], target: target,
      notes: notes)
  }

  package init(
    name: String, title: String, xLabel: String, panels: [Panel], target: Target? = nil,
    notes: [String] = []
  ) {
    self.name = name
    self.title = title
    self.xLabel = xLabel
    self.panels = panels
    self.target = target
    let equal = Self.coincidences(in: panels, within: 0)
    let near = Self.coincidences(in: panels, within: Self.thickness)
      .filter { equal[$0.key] == nil }
    covering = Set(equal.keys).union(near.keys)
    self.notes =
      notes + Self.sentence("Lines coincide at every point", equal, "with", panels)
      + Self.sentence("Lines lie within 0.5 % of the axis of others, dashed", near, "on", panels)
  }

  /// What a line covers of its axis.
  private static let thickness = 0.005

  /// The lines that lie on others in all panels, with the first of those.
  /// - Parameter share: How far apart they may be, of what the panel's values span.
  private static func coincidences(
    in panels: [Panel], within share: Double
  ) -> OrderedDictionary<Int, Int> {
    let indices = panels.first?.series.indices ?? 0..<0
    let pairs = indices.compactMap { index in
      indices.prefix(index).first { other in
        panels.allSatisfy { panel in
          panel.series[index].coincides(
            with: panel.series[other], within: share == 0 ? 0 : share * panel.span)
        }
      }.map { (index, $0) }
    }
    return OrderedDictionary(uniqueKeysWithValues: pairs)
  }

  private static func sentence(
    _ start: String, _ pairs: OrderedDictionary<Int, Int>, _ relation: String, _ panels: [Panel]
  ) -> [String] {
    guard let series = panels.first?.series, !pairs.isEmpty else { return [] }
    let names = pairs.map { "\(series[$0.key].label) \(relation) \(series[$0.value].label)" }
    return ["\(start): \(names.joined(separator: "; "))."]
  }

  package var series: [Series] { panels.first?.series ?? [] }

  package struct Panel: Sendable {
    /// What runs along the vertical axis, with its unit where it is known.
    package let yLabel: String
    package let series: [Series]
    /// Where values can lie, as for shares; bands end there.
    package let bounds: ClosedRange<Double>?

    /// How far apart its least and its greatest value are.
    fileprivate var span: Double {
      let values = series.flatMap(\.points).map(\.y).filter(\.isFinite)
      guard let least = values.min(), let greatest = values.max() else { return 0 }
      return greatest - least
    }

    package init(yLabel: String, series: [Series], bounds: ClosedRange<Double>? = nil) {
      self.yLabel = yLabel
      self.series = series
      self.bounds = bounds
    }
  }

  /// One line: the mean over some runs.
  package struct Series: Sendable, Equatable {
    package let label: String
    /// The points, by ascending x.
    package let points: [Point]
    /// What was measured, drawn faintly behind its moving average; else empty.
    package let measured: [Point]
    /// Whether each point is marked, as where there are few.
    package var isMarked = false

    /// Whether there is something to see, and it lies on another line.
    fileprivate func coincides(with other: Series, within distance: Double) -> Bool {
      points.contains { !$0.y.isNaN }
        && points.elementsEqual(other.points) {
          $0.x == $1.x && (abs($0.y - $1.y) <= distance || $0.y.isNaN && $1.y.isNaN)
        }
    }
  }

  /// One point of a line.
  package struct Point: Sendable, Equatable {
    /// The place along the horizontal axis.
    package let x: Double
    /// The mean over runs; NaN for a gap.
    package let y: Double
    /// The sample standard deviation over runs; nil for a lone run.
    package let deviation: Double?
    /// The mean's 95 % interval, which the band then spans; nil where it spans the deviation.
    package var interval: ClosedRange<Double>?
    /// How many runs there are; 0 where nobody counted.
    package let runs: Int

    package init(x: Double, y: Double, deviation: Double?, runs: Int = 0) {
      self.x = x
      self.y = y
      self.deviation = deviation
      self.runs = runs
    }
  }

  /// A value that the lines should reach.
  package struct Target: Sendable, Equatable {
    /// The value, in the unit of the vertical axis.
    package let value: Double
    package let label: String
    /// Where each line first reaches it; nil for those that do not.
    package let crossings: [TargetCrossing?]
  }
}

extension LineFigure.Series {
  /// The mean of some runs at every x that all of them reached.
  ///
  /// Each run is smoothed before the mean is taken, so that the band shows how runs differ and not
  /// how noisy each is. Where one run has a gap, so has the line: a mean over fewer runs would jump.
  /// - Parameter showsMeasured: whether the mean as measured is drawn behind the moving average of
  ///   several runs as well; it always is for a lone run.
  package init(
    label: String, runs: [MetricCurve], smooth window: Int, showsMeasured: Bool = false
  ) {
    self.label = label
    let curves = runs.map { $0.smoothed(window) }
    points = Self.join(curves)
    measured = (showsMeasured || runs.count == 1) && window > 1 ? Self.join(runs) : []
  }

  /// A line through points that were measured one by one.
  package init(label: String, marked points: [LineFigure.Point]) {
    self.label = label
    self.points = points
    measured = []
    isMarked = true
  }

  private static func join(_ curves: [MetricCurve]) -> [LineFigure.Point] {
    let tables = curves.map { curve in
      Dictionary(zip(curve.x, curve.y)) { $1 }
    }
    guard let first = curves.first else { return [] }
    let shared = OrderedSet(first.x).filter { x in tables.allSatisfy { $0[x] != nil } }
    return shared.map { x in
      let values = tables.compactMap { $0[x] }
      guard values.allSatisfy(\.isFinite) else {
        return LineFigure.Point(x: x, y: .nan, deviation: nil)
      }
      return LineFigure.Point(
        x: x, y: Statistics.mean(values) ?? .nan,
        deviation: Statistics.standardDeviation(values), runs: values.count)
    }
  }
}

extension LineFigure {
  /// What the figure shows, for people who cannot see it.
  package var summary: String {
    let panels = panels.flatMap { panel in
      ["\(panel.yLabel) over \(xLabel)."] + panel.series.map(Self.sentence)
    }
    let reached = target.map { ["The target is \($0.label)."] } ?? []
    return (panels + reached + notes).joined(separator: " ")
  }

  private static func sentence(_ line: Series) -> String {
    let drawn = line.points.filter { !$0.y.isNaN }
    guard let first = drawn.first, let last = drawn.last else {
      return "\(line.label): nothing measured yet."
    }
    return "\(line.label): from \(NumberText.short(first.y)) at \(NumberText.short(first.x))"
      + " to \(NumberText.short(last.y)) at \(NumberText.short(last.x))."
  }

  /// A row for each point, gaps included.
  package var numbers: FigureNumbers {
    let rows = panels.flatMap { panel in
      panel.series.flatMap { line -> [[String]] in
        let measured = Dictionary(line.measured.map { ($0.x, $0.y) }) { $1 }
        return line.points.map { point in
          [
            panel.yLabel, line.label, FigureNumbers.field(point.x), FigureNumbers.field(point.y),
            FigureNumbers.field(point.deviation), FigureNumbers.field(point.interval?.lowerBound),
            FigureNumbers.field(point.interval?.upperBound),
            point.runs == 0 ? "" : String(point.runs),
            FigureNumbers.field(measured[point.x]),
          ]
        }
      }
    }
    let reached = zip(series, target?.crossings ?? []).map { line, crossing in
      [
        "target \(target?.label ?? "")", line.label, FigureNumbers.field(crossing?.x),
        FigureNumbers.field(target?.value), "", "", "", "", "",
      ]
    }
    return FigureNumbers(
      header: ["value", "line", xLabel, "mean", "spread", "low", "high", "runs", "measured"],
      rows: rows + reached)
  }
}

extension LineFigure {
  /// Makes a figure from what a recipe asks for and what is done: over an axis of the recipe where
  /// `x` names one, else over a logged metric.
  /// - Throws: `ReportError.impossible` where the recipe asks for what does not exist, or leaves
  ///   out an axis that the lines depend on.
  package init(
    name: String, _ specification: FigureSpecification, data: Findings
  ) throws {
    if let x = specification.x.first, data.axes[x] != nil, !Self.countsSteps(specification, data) {
      try self.init(name: name, specification, over: x, data: data)
    } else {
      try self.init(metrics: name, specification, data: data)
    }
  }

  /// Whether `x: step` means the steps that a training logs, in a recipe that has an axis of that
  /// name, along which the training keeps what it made.
  private static func countsSteps(_ specification: FigureSpecification, _ data: Findings) -> Bool {
    let stages = specification.line.map { $0.prefix { $0 != "." } }
    return specification.x.first == "step"
      && !data.instances.contains { $0.point["step"] != nil && stages.contains($0.stageName[...]) }
  }

  /// One line of each panel: a stage at a point of the axes of `series`.
  private struct Arm {
    let stage: String
    let label: String
    let planned: Int
    let results: [PlannedInstance]
  }

  private init(
    metrics name: String, _ specification: FigureSpecification, data: Findings
  ) throws {
    let owner = "figure '\(name)'"
    let references = try specification.line.map { try ValueReference($0, in: owner) }
    let x = specification.x.first ?? "step"
    let arms = try Self.arms(of: references, specification, data: data, for: owner)
    let metrics = OrderedSet(references.map(\.name)).elements
    let scale = metrics.contains("reward") ? RewardScale(of: arms.flatMap(\.results), data) : nil
    let panels = try metrics.map { metric in
      let series = try arms.map { arm in
        let isDrawn = references.contains { $0.stage == arm.stage && $0.name == metric }
        let curves = try (isDrawn ? arm.results : []).map {
          try MetricCurve(metric, over: x, of: $0, in: data.tables)
        }
        return Series(
          label: arm.label, runs: curves, smooth: specification.smooth,
          showsMeasured: metrics.count > 1)
      }
      return Panel(
        yLabel: MetricLabel.text(for: metric, scale), series: series,
        bounds: MetricLabel.isShare(metric) ? 0...1 : nil)
    }
    let stages = OrderedSet(references.map(\.stage)).joined(separator: " and ")
    let gaps = arms.filter { $0.results.count < $0.planned }
      .map { "\($0.label) has \($0.results.count) of \($0.planned)" }
    self.init(
      name: name,
      title: specification.title ?? "\(metrics.joined(separator: ", ")) of \(stages)",
      xLabel: MetricLabel.text(for: x), panels: panels,
      notes: Self.notes(specification, series: panels.flatMap(\.series), gaps: gaps)
        + (scale.map { [$0.sentence] } ?? [])
        + data.gateNotes(among: try data.instances(of: references, for: owner)))
  }

  private static func arms(
    of references: [ValueReference], _ specification: FigureSpecification, data: Findings,
    for owner: String
  ) throws -> [Arm] {
    let stages = OrderedSet(references.map(\.stage))
    let all = try stages.flatMap { try data.instances(of: $0, for: owner) }
    try data.check(
      ["series": specification.series, "band": specification.band], cover: all, for: owner)
    return stages.flatMap { stage -> [Arm] in
      let instances = all.filter { $0.stageName == stage }
      let axes = specification.series.filter { axis in
        instances.contains { $0.point[axis] != nil }
      }
      return data.points(of: axes, among: instances).map { point in
        let runs = data.runs(of: instances, at: point)
        let parts = (stages.count > 1 || point.isEmpty ? [stage] : []) + [point.label]
        return Arm(
          stage: stage, label: parts.filter { !$0.isEmpty }.joined(separator: " · "),
          planned: runs.count, results: runs.filter(\.isDone))
      }
    }
  }

  private static func notes(
    _ specification: FigureSpecification, series: [Series], gaps: [String]
  ) -> [String] {
    var notes: [String] = []
    if series.contains(where: { $0.points.contains { $0.deviation != nil } }) {
      let over = specification.band.joined(separator: " and ")
      notes.append("Lines are means over \(over), bands ± 1 sample standard deviation.")
    }
    if specification.smooth > 1 {
      let faint = series.contains { !$0.measured.isEmpty }
      notes.append(
        "Moving average over the last \(specification.smooth) logged steps"
          + (faint ? "; as measured in the background." : "."))
    }
    if !gaps.isEmpty {
      notes.append("Runs that are not done are left out: \(gaps.joined(separator: "; ")).")
    }
    return notes
  }
}

extension LineFigure {
  /// Makes a figure of stages' values over an axis of numbers.
  init(
    name: String, _ specification: FigureSpecification, over axis: String, data: Findings
  ) throws {
    let owner = "figure '\(name)'"
    guard let text = specification.line.first, specification.line.count == 1 else {
      throw ReportError.impossible("\(owner): over an axis, 'line' names one value")
    }
    let grid = try ValueGrid(
      [text],
      places: ["x": [axis], "series": specification.series, "band": specification.band],
      baseline: specification.baseline, comparable: [axis] + specification.series,
      else: "not in the figure", in: data, owner: owner)
    let builder = AxisLines(
      name: name, specification: specification, axis: axis, grid: grid,
      reference: grid.references[0],
      cost: try TargetCost(specification.cost, data, owner: owner))
    self = try builder.figure(places: try data.numbers(of: axis, key: "x", owner: owner))
  }
}

/// Lines over an axis of numbers, and where they reach a target.
private struct AxisLines {
  let name: String
  let specification: FigureSpecification
  let axis: String
  let grid: ValueGrid
  let reference: ValueReference
  let cost: TargetCost?

  /// One line before the figure is put together.
  private struct Line {
    let series: LineFigure.Series
    let crossing: TargetCrossing?
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
    var measured: [TargetCrossing.LinePoint] = []
    var missing: [String] = []
    for (value, x) in places {
      let place = arm.merging([axis: value]) { $1 }
      let cell = grid.runs(reference, at: place, scale: specification.format.scale).cell
      guard let mean = cell.mean else {
        if cell.planned > 0 { missing.append(Self.gap(cell, label, axis, value)) }
        continue
      }
      var point = LineFigure.Point(x: x, y: mean, deviation: cell.deviation, runs: cell.planned)
      point.interval = cell.interval
      points.append(point)
      measured.append((x, mean, try cost?.mean(at: place)))
    }
    let crossing = specification.target.flatMap {
      TargetCrossing(of: $0 * specification.format.scale, along: measured)
    }
    let remark = specification.target == nil ? "" : " · " + self.remark(crossing)
    return Line(
      series: LineFigure.Series(label: label + remark, marked: points), crossing: crossing,
      missing: missing)
  }

  private static func gap(
    _ cell: TableReport.Cell, _ label: String, _ axis: String, _ value: JSONValue
  ) -> String { "\(label) at \(axis)=\(value.label) has \(cell.values.count) of \(cell.planned)" }

  /// What the legend says of where a line reaches the target.
  private func remark(_ crossing: TargetCrossing?) -> String {
    guard let crossing else { return "not reached" }
    func short(_ value: Double) -> String {
      value >= 100
        ? NumberText.short(NumberText.rounded(value, decimals: 0))
        : NumberText.fixed(value, decimals: 1)
    }
    let place = "\(short(crossing.x)) \(axis)"
    let price = crossing.cost.map { " · \(short($0)) \(cost?.unit ?? "")" } ?? ""
    return (crossing.isFirst ? "at most " : "") + place + price
  }

  private func notes(_ series: [LineFigure.Series], _ missing: [String]) -> [String] {
    let hasBands = series.contains { $0.points.contains { $0.interval != nil } }
    var notes = FigureNotes.means(
      "point", over: specification.band, bounds: hasBands ? "bands" : nil)
    if specification.target != nil {
      notes.append(
        "The target counts as reached where the line through the means first meets it, by linear"
          + " interpolation between measured points; what lies between them was not measured.")
    }
    if let cost { notes.append(cost.note) }
    if !missing.isEmpty {
      notes.append("Points that lack runs are left out: \(missing.joined(separator: "; ")).")
    }
    return notes + grid.gateNotes
  }
}
