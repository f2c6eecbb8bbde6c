import OrderedCollections

/// Makes a table of where each row reaches a target along an axis of numbers, and at what cost.
struct TargetTableBuilder {
  private let name: String
  private let specification: TableSpecification
  private let target: Double
  private let along: String
  private let data: ReportData
  private let reference: ValueReference
  private let instances: [ExpectedInstance]
  private let scores: TableScores
  private let cost: TargetCost?
  private let numbers: [(value: JSONValue, x: Double)]

  /// Checks what the recipe asks for, and reads the problem-level results.
  /// - Throws: `ReportError.impossible`.
  init(
    name: String, _ specification: TableSpecification, target: Double, data: ReportData
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
    scores = TableScores(instances.compactMap(data.result))
    try scores.check(reference, of: instances, in: data, for: owner)
    cost = try TargetCost(
      specification.cost, data, { try MetricCurve($0, over: $1, of: $2) }, owner: owner)
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
      specification: specification, data: data, references: [reference], instances: instances,
      rows: rows, columns: columns, spread: .none, unreadable: scores.unreadable)
    return TableReport(
      name: name, title: specification.title ?? name,
      rowHeader: specification.rows.joined(separator: " · "), columns: columns, rows: rows,
      notes: sentences(rows.flatMap(\.cells)) + [notes.sizes].compactMap(\.self)
        + notes.shortcomings,
      footnotes: [], verdicts: [], spread: .none, compare: [],
      hasIntervals: specification.interval, groups: columns.indices.map { [$0] })
  }

  /// What a column shows.
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
    let places = try numbers.compactMap { value, x -> TargetLine.Place? in
      let point = point.merging([along: value]) { $1 }
      let runs = CellRuns(
        reference, at: point, of: instances, data: data, scores: scores, scale: 1)
      if runs.planned == 0 { return nil }
      return TargetLine.Place(x: x, runs: runs, cost: try cost?.mean(at: point))
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
      planned: instances.count { point.includes($0.point) },
      done: Set(runs.map(\.result.name)).count, values: [],
      problems: Self.common(cells.map(\.problems)), samples: Self.common(cells.map(\.samples)),
      standardError: nil, samplingError: nil, reach: reach)
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
      let drawn = hasRuns ? "problems and runs" : "problems"
      sentences.append("In brackets the 95 % interval, by drawing \(drawn) anew.")
    }
    return sentences + (cost.map { [$0.note] } ?? [])
  }
}
