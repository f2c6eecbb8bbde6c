import OrderedCollections

extension LineFigure {
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
      reference: grid.references[0],
      cost: try TargetCost(specification.cost, data, read, owner: owner))
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
    var measured: [TargetCrossing.Place] = []
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
      TargetCrossing(of: $0 * specification.format.scale, along: measured)
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
  private func remark(_ crossing: TargetCrossing?) -> String {
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
