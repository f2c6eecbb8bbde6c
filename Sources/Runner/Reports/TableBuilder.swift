import OrderedCollections

/// Makes a table from what a recipe asks for and what is done.
struct TableBuilder {
  private let name: String
  private let specification: TableSpecification
  private let data: ReportData
  private let published: PublishedTable?
  private let references: [ValueReference]
  private let instances: [ExpectedInstance]

  private var owner: String { "table '\(name)'" }
  private var scale: Double { specification.format.scale }

  /// Checks what the recipe asks for.
  /// - Throws: `ReportError.impossible`.
  init(
    name: String, _ specification: TableSpecification, data: ReportData, published: PublishedTable?
  ) throws {
    self.name = name
    self.specification = specification
    self.data = data
    self.published = published
    let owner = "table '\(name)'"
    references = try specification.value.map { try ValueReference($0, in: owner) }
    instances = try OrderedSet(references.map(\.stage)).flatMap {
      try data.instances(of: $0, for: owner)
    }
    try data.check(
      ["rows": specification.rows, "columns": specification.columns, "over": specification.over],
      cover: instances, for: owner)
    try checkBaseline()
    try references.forEach(checkValue)
  }

  /// Makes the table.
  func build() -> TableReport {
    let rowPoints = data.points(of: specification.rows, among: instances)
    let columnPoints = data.points(of: specification.columns, among: instances)
    let sources = columnPoints.flatMap { point in references.map { Source(point: point, value: $0) }
    }
    var cells = rowPoints.map { row in sources.map { cell($0.value, row: row, column: $0.point) } }
    let labels = sources.map { label(of: $0.value, at: $0.point) }
    compare(&cells, rows: rowPoints, columns: sources)
    attachPublished(&cells, rows: rowPoints.map(\.label), columns: labels)
    let spread = spread(of: cells.flatMap(\.self))
    let notes = TableNotes(
      specification: specification, data: data, references: references, instances: instances,
      rowPoints: rowPoints, columns: labels, cells: cells, spread: spread, published: published)
    return TableReport(
      name: name, title: specification.title ?? name,
      rowHeader: specification.rows.joined(separator: " · "),
      columns: sources.indices.map { index in
        TableReport.Column(
          label: labels[index], metric: sources[index].value.description,
          decimals: decimals(for: cells.map { $0[index] }))
      },
      rows: zip(rowPoints, cells).map { point, cells in
        TableReport.Row(label: point.label, cells: cells)
      },
      notes: notes.sentences, format: specification.format, spread: spread)
  }

  /// What a column shows.
  private struct Source {
    let point: AxisPoint
    let value: ValueReference
  }

  // MARK: Cells

  private func cell(_ value: ValueReference, row: AxisPoint, column: AxisPoint) -> TableReport.Cell
  {
    let runs = instances.filter {
      $0.stageName == value.stage && row.includes($0.point) && column.includes($0.point)
    }
    let results = runs.compactMap(data.result)
    let values = results.compactMap { $0.values[value.name]?.number }.filter(\.isFinite)
    let error = results.first?.values[value.name + "_standard_error"]?.number
    return TableReport.Cell(
      planned: runs.count, values: values.map { $0 * scale },
      standardError: runs.count == 1 ? error.map { $0 * scale } : nil)
  }

  private func label(of value: ValueReference, at point: AxisPoint) -> String {
    let isOneStage = Set(references.map(\.stage)).count == 1
    let name = isOneStage ? value.name : value.description
    if point.isEmpty { return name }
    return references.count == 1 ? point.label : "\(point.label) · \(name)"
  }

  private func spread(of cells: [TableReport.Cell]) -> TableReport.Spread {
    if cells.contains(where: { $0.planned > 1 }) { return .deviation }
    return cells.contains { $0.standardError != nil } ? .standardError : .none
  }

  private func decimals(for cells: [TableReport.Cell]) -> Int {
    if specification.format == .percent { return 1 }
    return NumberText.decimals(for: cells.compactMap(\.mean).map(abs).max() ?? 0)
  }

  // MARK: Comparisons

  private func isBaseline(_ point: AxisPoint) -> Bool {
    !specification.baseline.isEmpty
      && specification.baseline.allSatisfy { point[$0.key].map(text) == $0.value }
  }

  /// Whether `candidate` is what a cell is compared with: a baseline at the same point but for the
  /// axes that the baseline names.
  private func isBaseline(_ candidate: AxisPoint, of point: AxisPoint) -> Bool {
    isBaseline(candidate)
      && candidate.allSatisfy {
        specification.baseline[$0.key] != nil || point[$0.key] == $0.value
      }
  }

  private func compare(
    _ cells: inout [[TableReport.Cell]], rows: [AxisPoint], columns: [Source]
  ) {
    func place(_ row: Int, _ column: Int) -> AxisPoint {
      rows[row].merging(columns[column].point) { $1 }
    }
    let places = rows.indices.flatMap { row in columns.indices.map { (row: row, column: $0) } }
    let baselines = places.filter { isBaseline(place($0.row, $0.column)) }
    for (row, column) in places where !isBaseline(place(row, column)) {
      let base = baselines.first {
        columns[$0.column].value == columns[column].value
          && isBaseline(place($0.row, $0.column), of: place(row, column))
      }
      guard let base, let ours = cells[row][column].mean,
        let theirs = cells[base.row][base.column].mean
      else { continue }
      cells[row][column].difference = ours - theirs
    }
    for (row, column) in baselines { cells[row][column].isBaseline = true }
  }

  private func attachPublished(
    _ cells: inout [[TableReport.Cell]], rows: [String], columns: [String]
  ) {
    guard let published else { return }
    for (row, rowLabel) in rows.enumerated() {
      for (column, columnLabel) in columns.enumerated() {
        cells[row][column].published = published.rows[rowLabel]?[columnLabel]
      }
    }
  }

  // MARK: Checks

  private func checkBaseline() throws {
    for (axis, value) in specification.baseline.sorted(by: { $0.key < $1.key }) {
      guard (specification.rows + specification.columns).contains(axis) else {
        throw ReportError.impossible(
          "\(owner): the baseline's axis '\(axis)' is under neither 'rows' nor 'columns'")
      }
      let values = data.axes[axis, default: []].map(text)
      guard values.contains(value) else {
        let hint = suggestion(for: value, among: values)
        throw ReportError.impossible("\(owner): the axis '\(axis)' has no value '\(value)'\(hint)")
      }
    }
  }

  private func checkValue(_ reference: ValueReference) throws {
    let results = instances.filter { $0.stageName == reference.stage }.compactMap(data.result)
    if results.isEmpty || results.contains(where: { $0.values[reference.name] != nil }) { return }
    let names = Set(results.flatMap { $0.values.filter { $0.value.number != nil }.keys }).sorted()
    let hint = suggestion(for: reference.name, among: names)
    throw ReportError.impossible(
      "\(owner): \(reference.stage) publishes no value '\(reference.name)'\(hint)")
  }

  private func text(_ value: JSONValue) -> String { value.string ?? value.text }
}

extension TableReport {
  /// Makes a table.
  /// - Parameter published: numbers to show beside ours.
  /// - Throws: `ReportError.impossible` where the recipe asks for what does not exist, or leaves
  ///   out an axis that the values depend on.
  package init(
    name: String, _ specification: TableSpecification, data: ReportData,
    published: PublishedTable? = nil
  ) throws {
    self = try TableBuilder(name: name, specification, data: data, published: published).build()
  }
}
