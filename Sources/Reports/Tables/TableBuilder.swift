import Base
import OrderedCollections
import Runner

/// Makes a table from what a recipe asks for and what is done.
struct TableBuilder {
  private let name: String
  private let specification: TableSpecification
  private let data: Findings
  private let published: [PublishedTable]
  private let grid: ValueGrid

  private var owner: String { "table '\(name)'" }

  /// Checks what the recipe asks for, and reads the problem-level results.
  /// - Throws: `ReportError.impossible`.
  init(
    name: String, _ specification: TableSpecification, data: Findings, published: [PublishedTable]
  ) throws {
    self.name = name
    self.specification = specification
    self.data = data
    self.published = published
    let values = specification.value.map {
      specification.macro == .category ? ProblemScores.macroName(of: $0) : $0
    }
    grid = try ValueGrid(
      values,
      places: [
        "rows": specification.rows, "columns": specification.columns, "over": specification.over,
      ], baseline: specification.baseline,
      comparable: specification.rows + specification.columns,
      else: "under neither 'rows' nor 'columns'", in: data, owner: "table '\(name)'")
  }

  /// Makes the table.
  /// - Throws: `ReportError.impossible` where published values do not fit.
  func build() throws -> TableReport {
    let rowPoints = grid.points(of: specification.rows)
    let columnPoints = grid.points(of: specification.columns)
    let sources = columnPoints.flatMap { point in
      grid.references.enumerated().map { index, value in
        Source(point: point, value: value, format: specification.format(of: value, at: index))
      }
    }
    let runs = rowPoints.map { row in sources.map { self.runs(of: $0, row: row) } }
    var cells = runs.map { zip($0, sources).map(cell) }
    compare(&cells, runs: runs, rows: rowPoints, columns: sources)
    let labels = sources.map { grid.label(of: $0.value, at: $0.point) }
    let columns = sources.indices.map { index in
      TableReport.Column(
        label: labels[index], pointLabel: sources[index].point.label,
        metric: sources[index].value.description, valueLabel: grid.label(of: sources[index].value),
        format: sources[index].format,
        decimals: decimals(for: cells.map { $0[index] }, as: sources[index].format))
    }
    var matcher = PublishedMatcher(
      owner: owner, specification: specification, tables: published, references: grid.references)
    try matcher.attach(
      to: &cells, rows: rowPoints, columns: zip(sources.map(\.point), columns).map { ($0, $1) })
    let rows = zip(rowPoints, cells).map { TableReport.Row(label: $0.label, cells: $1) }
    return report(rows, columns, unmatched: matcher.unmatched)
  }

  private func report(
    _ rows: [TableReport.Row], _ columns: [TableReport.Column], unmatched: [String]
  ) -> TableReport {
    let notes = TableNotes(
      specification: specification, references: grid.references, instances: grid.instances,
      lineage: data.lineage(of: grid.instances), rows: rows, columns: columns,
      unreadable: data.unreadable(among: grid.instances),
      gates: data.gateNotes(among: grid.instances))
    let publication = PublishedNotes(
      specification: specification, rows: rows, columns: columns, published: published,
      unmatched: unmatched)
    let size = grid.references.count
    let isTogether = specification.together && size > 1
    return TableReport(
      name: name, title: specification.title ?? name,
      rowHeader: specification.rows.joined(separator: " · "), columns: columns, rows: rows,
      notes: notes.sentences + AbilityNotes(rows: rows, columns: columns).sentences
        + publication.sentences + notes.shortcomings,
      footnotes: publication.footnotes, verdicts: publication.verdicts,
      compare: specification.compare, hasIntervals: specification.interval,
      groups: isTogether
        ? stride(from: 0, to: columns.count, by: size).map { Array($0..<$0 + size) }
        : columns.indices.map { [$0] })
  }

  private struct Source {
    let point: AxisPoint
    let value: ValueReference
    let format: NumberFormat
  }

  // MARK: Cells

  private func runs(of source: Source, row: AxisPoint) -> CellRuns {
    grid.runs(source.value, at: row.merging(source.point) { $1 }, scale: source.format.scale)
  }

  /// A cell with what is known beside its value.
  private func cell(_ runs: CellRuns, in source: Source) -> TableReport.Cell {
    var cell = runs.cell
    if specification.ability, source.format == .percent { cell.ability = runs.ability }
    if !published.isEmpty { cell.quantity = Quantity(of: runs) }
    return cell
  }

  private func decimals(for cells: [TableReport.Cell], as format: NumberFormat) -> Int {
    switch format {
    case .percent: 1
    case .integer, .tokens: 0
    case .decimal: NumberText.decimals(for: cells.compactMap(\.mean).map(abs).max() ?? 0)
    }
  }

  // MARK: Comparisons

  /// Whether `candidate` is what a cell is compared with: a baseline at the same point but for the
  /// axes that the baseline names.
  private func isBaseline(_ candidate: AxisPoint, of point: AxisPoint) -> Bool {
    grid.isBaseline(candidate)
      && candidate.allSatisfy {
        specification.baseline[$0.key] != nil || point[$0.key] == $0.value
      }
  }

  private func compare(
    _ cells: inout [[TableReport.Cell]], runs: [[CellRuns]], rows: [AxisPoint], columns: [Source]
  ) {
    func place(_ row: Int, _ column: Int) -> AxisPoint {
      rows[row].merging(columns[column].point) { $1 }
    }
    let places = rows.indices.flatMap { row in columns.indices.map { (row: row, column: $0) } }
    let baselines = places.filter { grid.isBaseline(place($0.row, $0.column)) }
    for (row, column) in places where !grid.isBaseline(place(row, column)) {
      let base = baselines.first {
        columns[$0.column].value == columns[column].value
          && isBaseline(place($0.row, $0.column), of: place(row, column))
      }
      guard let base else { continue }
      cells[row][column].comparison = runs[row][column].comparison(
        with: runs[base.row][base.column], over: specification.over)
    }
    for (row, column) in baselines { cells[row][column].isBaseline = true }
  }
}

extension TableReport {
  /// Makes a table.
  /// - Parameter published: numbers to show beside ours.
  /// - Throws: `ReportError.impossible` where the recipe asks for what does not exist, or leaves
  ///   out an axis that the values depend on.
  package init(
    name: String, _ specification: TableSpecification, data: Findings,
    published: [PublishedTable] = []
  ) throws {
    if let target = specification.target {
      self = try TargetTableBuilder(name: name, specification, target: target, data: data).build()
    } else {
      self = try TableBuilder(name: name, specification, data: data, published: published).build()
    }
  }
}
