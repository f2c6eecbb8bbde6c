import Base
import OrderedCollections
import Runner

/// Finds the cells that published values belong to, and compares.
struct PublishedMatcher {
  let owner: String
  let specification: TableSpecification
  let tables: [PublishedTable]
  let references: [ValueReference]
  /// The published values that no cell shows, after `attach`.
  private(set) var unmatched: [String] = []

  private typealias Column = (point: AxisPoint, column: TableReport.Column)

  init(
    owner: String, specification: TableSpecification, tables: [PublishedTable],
    references: [ValueReference]
  ) {
    self.owner = owner
    self.specification = specification
    self.tables = tables
    self.references = references
  }

  /// Puts each published value beside its cell.
  /// - Throws: `ReportError.impossible` where a value has another unit than its cell.
  mutating func attach(
    to cells: inout [[TableReport.Cell]], rows: [AxisPoint],
    columns: [(point: AxisPoint, column: TableReport.Column)]
  ) throws {
    for table in tables {
      for entry in table.values {
        var isFound = false
        for (row, point) in rows.enumerated() {
          for (index, column) in columns.enumerated()
          where try matches(entry, of: table, row: point, column: column) {
            isFound = true
            cells[row][index].published = try published(
              entry, of: table, beside: cells[row][index], column: column.column,
              names: (point.merging(column.point) { $1 }).values.map(\.label))
          }
        }
        if !isFound { unmatched.append(entry.label) }
      }
    }
  }

  private func matches(
    _ entry: PublishedValue, of table: PublishedTable, row: AxisPoint, column: Column
  ) throws -> Bool {
    let fixed = specification.publishedAt
    if fixed.contains(where: { axis, wanted in entry.at[axis].map { $0 != wanted } == true }) {
      return false
    }
    let named = entry.at.filter { fixed[$0.key] == nil }.mapValues(\.text)
    let point = row.merging(column.point) { $1 }
    guard named == Dictionary(uniqueKeysWithValues: point.map { ($0.key, $0.value.label) })
    else { return false }
    if let value = entry.value {
      return column.column.metric == value || name(of: column.column) == value
    }
    // A file in tokens says nothing of accuracies that stand beside the lengths.
    return references.count == 1 || factor(from: table.unit, to: column.column.format) != nil
  }

  private func name(of column: TableReport.Column) -> String {
    references.first { $0.description == column.metric }?.name ?? column.metric
  }

  // MARK: Comparing

  private func published(
    _ entry: PublishedValue, of table: PublishedTable, beside cell: TableReport.Cell,
    column: TableReport.Column, names: [String]
  ) throws -> TableReport.Published {
    guard let factor = factor(from: table.unit, to: column.format) else {
      throw ReportError.impossible(
        "\(owner): the published values are in \(table.unit?.rawValue ?? ""), and '\(column.label)' "
          + "is written as \(column.format.rawValue); name another 'format' or 'value'")
    }
    if cell.published != nil {
      throw ReportError.impossible(
        "\(owner): two published values belong to one cell, \(entry.label); name their 'value'"
      )
    }
    let value = entry.scaled(by: factor)
    var published = TableReport.Published(value: value)
    published.isSameProblems =
      specification.sameProblems ?? (value.problems != nil && value.problems == cell.problems)
    addMarks(to: &published, names: names)
    guard let mean = cell.mean else { return published }
    let whole: Double? =
      column.format == .percent ? 100 : table.unit == .percent ? 1 : nil
    let evidence = PublishedEvidence(
      cell: cell, mean: mean, published: value, passes: table.passes, whole: whole,
      isSameProblems: published.isSameProblems)
    let margin =
      whole.map { specification.margin * $0 / 100 }
      ?? specification.relativeMargin * abs(value.mean)
    published.comparison = evidence.comparison(margin: margin)
    return published
  }

  private func addMarks(to published: inout TableReport.Published, names: [String]) {
    if let model = published.value.model, model != specification.model, !names.contains(model) {
      published.qualifier = specification.model == nil ? "model not named" : "another model"
      published.footnotes.append(
        specification.model.map { "The published value is of \(model), ours of \($0)." }
          ?? "The published value is of \(model); name ours under 'model' if it is the same.")
    }
    if let caveat = published.value.caveat {
      published.qualifier = [published.qualifier, "with a caveat"].compactMap(\.self)
        .joined(separator: ", ")
      published.footnotes.append("On the published value: \(caveat)".ending("."))
    }
  }

  /// What published numbers are multiplied by to stand in a column; nil where they do not fit.
  private func factor(from unit: PublishedUnit?, to format: NumberFormat) -> Double? {
    switch (unit, format) {
    case (nil, _), (.percent, .percent), (.tokens, .tokens), (.tokens, .integer),
      (.tokens, .decimal), (.number, .decimal), (.number, .integer), (.number, .tokens):
      1
    case (.number, .percent): 100
    case (.percent, .decimal): 0.01
    case (.percent, _), (.tokens, .percent): nil
    }
  }
}

/// The sentences about published values: where they are from, what the verdicts mean, and each
/// verdict with its reason.
struct PublishedNotes {
  let specification: TableSpecification
  let rows: [TableReport.Row]
  let columns: [TableReport.Column]
  let published: [PublishedTable]
  let unmatched: [String]

  /// How many unmatched values are listed.
  private static let listed = 6

  private var found: [TableReport.Published] {
    rows.flatMap { $0.cells.compactMap(\.published) }
  }

  var sentences: [String] { published.flatMap(origin) + [rule].compactMap(\.self) + lost }

  /// What each letter beside a published value stands for, from `a` on.
  var footnotes: [String] { Array(OrderedSet(found.flatMap(\.footnotes))) }

  private func origin(_ table: PublishedTable) -> [String] {
    let source = (["Published: " + table.source] + [table.url].compactMap(\.self))
      .joined(separator: ", ")
    return [source.ending("."), table.spread.map { "Published ±: \($0)".ending(".") }]
      .compactMap(\.self)
  }

  private var rule: String? {
    let compared = found.filter { $0.comparison != nil }
    guard !compared.isEmpty else { return nil }
    let hasShares = columns.contains { $0.format == .percent }
    let points = "±\(NumberText.short(specification.margin)) points"
    let shares = "±\(NumberText.short(specification.relativeMargin * 100)) % of the published value"
    let margin = hasShares ? points : shares
    let same = compared.count(where: \.isSameProblems)
    let problems =
      same == compared.count
      ? "Taken to be of the same problems."
      : same == 0
        ? "Taken to be of other problems of the same kind."
        : "\(same) of \(compared.count) are taken to be of the same problems."
    let lone = rows.flatMap(\.cells).contains { $0.published?.comparison != nil && $0.planned == 1 }
    return "Verdicts: the 95 % interval of ours − published lies within \(margin): reproduced; "
      + "beyond: differs; across: not enough data. \(problems)"
      + (lone ? " A cell of one run does not say how much training runs differ." : "")
  }

  /// The verdict on each published value with its reason.
  var verdicts: [String] {
    rows.flatMap { row in
      zip(columns, row.cells).compactMap { column, cell in
        cell.published.flatMap { published in
          reason(published, in: column).map { reason in
            [row.label, column.label].filter { !$0.isEmpty }.joined(separator: " / ") + ": "
              + reason
          }
        }
      }
    }
  }

  private func reason(
    _ published: TableReport.Published, in column: TableReport.Column
  ) -> String? {
    guard let comparison = published.comparison, let verdict = published.verdict else { return nil }
    let difference = NumberText.signed(comparison.difference, decimals: column.decimals)
    let interval = comparison.interval.map {
      " [\(NumberText.bounds($0, decimals: column.decimals))]"
    }
    let margin = "±" + NumberText.fixed(comparison.margin, decimals: column.decimals)
    let place: String
    switch comparison.verdict {
    case .reproduced: place = ", within \(margin)"
    case .differs: place = ", beyond \(margin)"
    case .notEnoughData: place = interval == nil ? "" : ", across \(margin)"
    }
    let size = comparison.smallestDetectable.map {
      "; the smallest difference that would be found four times in five is "
        + NumberText.fixed($0, decimals: column.decimals)
    }
    let remedy = (size ?? "") + (comparison.remedy.map { "; \($0)" } ?? "")
    return "\(verdict); ours − published is \(difference)\(interval ?? "")\(place)\(remedy)."
  }

  /// Published numbers that no cell shows, so that a misspelt label is not lost.
  private var lost: [String] {
    if unmatched.isEmpty { return [] }
    let rest = unmatched.count - Self.listed
    let names = unmatched.prefix(Self.listed) + (rest > 0 ? ["and \(rest) more"] : [])
    return ["Published numbers without a cell here: \(names.joined(separator: "; "))."]
  }
}

extension String {
  /// The text with a full stop at its end, if it has none.
  func ending(_ mark: String) -> String { hasSuffix(mark) ? self : self + mark }
}
