import Base
import OrderedCollections

/// What a column must hold for a row to be kept. All that is set must hold.
package struct ColumnCondition: Sendable, Equatable {
  package var equals: String?
  /// One of these; empty for no demand.
  package var among: [String] = []
  package var atLeast: Double?
  package var atMost: Double?
  /// A part of a text, or an element of a list.
  package var contains: String?

  package init() {}

  package var isEmpty: Bool { self == ColumnCondition() }

  /// Whether a value is as demanded. What is missing or null never is.
  /// - Throws: `FilterError.noNumber` where a number is needed.
  func holds(_ value: JSONValue, column: String) throws -> Bool {
    guard value != .null else { return false }
    let text = value.string ?? value.text
    if let equals, !Self.same(text, equals) { return false }
    if !among.isEmpty, !among.contains(where: { Self.same(text, $0) }) { return false }
    if let contains, !Self.contains(value, contains) { return false }
    guard atLeast != nil || atMost != nil else { return true }
    guard let number = value.number ?? value.string.flatMap(Double.init), number.isFinite else {
      throw FilterError.noNumber(column, found: value.sortWords)
    }
    return number >= atLeast ?? number && number <= atMost ?? number
  }

  private static func same(_ one: String, _ other: String) -> Bool {
    one.utf8.elementsEqual(other.utf8)
  }

  private static func contains(_ value: JSONValue, _ part: String) -> Bool {
    if let elements = value.array {
      return elements.contains { same($0.string ?? $0.text, part) }
    }
    let (text, wanted) = (Array((value.string ?? value.text).utf8), Array(part.utf8))
    guard text.count >= wanted.count else { return false }
    return (0...text.count - wanted.count).contains { text[$0...].starts(with: wanted) }
  }
}

/// What becomes of rows whose problem no completion answers.
package enum UnmeasuredRows: String, Sendable, CaseIterable {
  case refuse
  case keep
  case drop
}

/// How often a model solves each problem, by the verdicts of an evaluation or of a training.
package struct PassRates: Sendable {
  /// Right completions and all, by the problem's id.
  private let counts: [[UInt8]: (right: Int, all: Int)]

  package init(problemIDs: [String], outcomes: [Outcome]) {
    var counts: [[UInt8]: (right: Int, all: Int)] = [:]
    for (id, outcome) in zip(problemIDs, outcomes) {
      counts[Array(id.utf8), default: (0, 0)].all += 1
      if outcome == .correct { counts[Array(id.utf8), default: (0, 0)].right += 1 }
    }
    self.counts = counts
  }

  /// The share of right completions; nil for a problem that none answers.
  package func rate(of id: String) -> Double? {
    counts[Array(id.utf8)].map { Double($0.right) / Double($0.all) }
  }
}

/// Keeps rows by what their columns hold and by how often a model solves their problems.
package struct RowFilter: Sendable {
  let conditions: [String: ColumnCondition]
  /// The rates that are kept, both ends included; nil where they do not matter.
  let rates: ClosedRange<Double>?
  let unmeasured: UnmeasuredRows

  package init(
    conditions: [String: ColumnCondition], rates: ClosedRange<Double>?, unmeasured: UnmeasuredRows
  ) {
    self.conditions = conditions
    self.rates = rates
    self.unmeasured = unmeasured
  }

  /// The numbers of the rows that are kept, in their order.
  /// - Parameters:
  ///   - ids: the column that names each row's problem.
  ///   - measured: the rates, where they matter.
  /// - Throws: `FilterError`, or `RowTableError` for rows without ids.
  package func kept(
    of table: RowTable, ids: ColumnName, _ measured: PassRates?
  ) throws -> [Int] {
    let names = conditions.keys.sorted()
    if let unknown = names.first(where: { table.columns[$0] == nil }) {
      throw FilterError.unknownColumn(unknown, Array(table.columns.keys))
    }
    let columns = names.compactMap { name in
      table.columns[name].flatMap { column in conditions[name].map { (name, column, $0) } }
    }
    var kept = try (0..<table.count).filter { row in
      try columns.allSatisfy { try $2.holds($1[row], column: $0) }
    }
    guard let rates, let measured else { return kept }
    let problems = try table.strings(ids.rawValue)
    let unknown = kept.filter { measured.rate(of: problems[$0]) == nil }
    if unmeasured == .refuse, let first = unknown.first {
      throw FilterError.unmeasured(unknown.count, problems[first])
    }
    kept = kept.filter { row in
      measured.rate(of: problems[row]).map(rates.contains) ?? (unmeasured == .keep)
    }
    return kept
  }
}

/// Why rows cannot be filtered.
package enum FilterError: Error, CustomStringConvertible {
  case unknownColumn(String, [String])
  case noNumber(String, found: String)
  case unmeasured(Int, String)

  package var description: String {
    switch self {
    case .unknownColumn(let name, let columns):
      "'where' names the column '\(name)'\(suggestion(for: name, among: columns)), but the rows have "
        + columns.joined(separator: ", ")
    case .noNumber(let column, let found):
      "'at_least' and 'at_most' compare numbers, but the column '\(column)' holds \(found); use "
        + "'equals' or 'in'"
    case .unmeasured(let count, let id):
      "\(counted(count, "row")) about problems that no completion answers, such as '\(id)'; measure them, "
        + "or say 'unmeasured: drop' or 'unmeasured: keep'"
    }
  }
}
