import Base
import Foundation

/// What a column must hold.
package enum ColumnType: Sendable {
  case text
  case textOrNumber
  case integer
  case texts
  case booleans

  /// Whether a value is of the type.
  package func holds(_ value: JSONValue) -> Bool {
    switch self {
    case .text: value.string != nil
    case .textOrNumber: value.answerText != nil
    case .integer: value.integer != nil
    case .texts: value.array?.allSatisfy { $0.string != nil } ?? false
    case .booleans: value.array?.allSatisfy { $0.boolean != nil } ?? false
    }
  }

  /// A value of a file that has texts alone, as what the column must hold, where it says so.
  func read(_ value: JSONValue) -> JSONValue {
    guard let text = value.string, !holds(value),
      let parsed = try? JSONValue(parsing: Data(text.utf8)),
      holds(parsed)
    else { return value }
    return parsed
  }

  var words: String {
    switch self {
    case .text: "a text"
    case .textOrNumber: "a text or a number"
    case .integer: "an integer"
    case .texts: "a list of texts"
    case .booleans: "a list of true and false"
    }
  }
}

/// A column that a task reads.
package struct TaskColumn: Sendable {
  package let name: String
  package let type: ColumnType
  /// What other data sets call it.
  let otherNames: [String]

  init(_ name: String, _ type: ColumnType, otherNames: [String] = []) {
    self.name = name
    self.type = type
    self.otherNames = otherNames
  }
}

extension DatasetTask {
  /// The columns that every row must have; of those in one list one is enough.
  package var columns: [[TaskColumn]] {
    switch self {
    case .math:
      [
        [TaskColumn("problem", .text, otherNames: ["question"])],
        [TaskColumn("solution", .textOrNumber), TaskColumn("answer", .textOrNumber)],
      ]
    case .process: [["question", "problem", "prompt", "quiz"].map { TaskColumn($0, .text) }]
    case .humanEvalPlus:
      [
        [TaskColumn("task_id", .text)], [TaskColumn("prompt", .text)],
        [TaskColumn("entry_point", .text)], [TaskColumn("test", .text)],
      ]
    case .mmluPro:
      [
        [TaskColumn("question_id", .textOrNumber)], [TaskColumn("question", .text)],
        [TaskColumn("options", .texts)], [TaskColumn("answer", .textOrNumber)],
        [TaskColumn("category", .text)],
      ]
    case .knightsAndKnaves:
      [
        [TaskColumn("quiz", .text)], [TaskColumn("names", .texts)],
        [TaskColumn("solution", .booleans)], [TaskColumn("index", .integer)],
      ]
    }
  }
}

/// Brings the rows of a file into a task's columns.
package struct ColumnMapping: Sendable {
  /// The file's column for each of the task's, as a recipe says it.
  let declared: [String: String]
  let task: DatasetTask

  package init(_ declared: [String: String], task: DatasetTask) {
    self.declared = declared
    self.task = task
  }

  /// The rows under the task's names, each with what the task needs, of the right type.
  /// - Throws: `DatasetError`.
  package func apply(to file: DatasetFile) throws -> [DatasetFile.Row] {
    let present = Set(file.rows.flatMap { $0.fields.filter { $0.value != .null }.keys })
    for source in declared.values.sorted() where !present.contains(source) {
      if let reason = file.leftOut[source] {
        throw DatasetError.leftOut(source, path: file.rows.first?.path ?? "", reason: reason)
      }
      throw DatasetError.unknownColumn(source, in: "columns", columns: present.sorted())
    }
    let names = declared.merging(defaults(present)) { declared, _ in declared }
    return try file.rows.map { row in
      var row = row
      row.fields = renamed(row.fields, names)
      if task == .math { row.fields = Self.withMarkedAnswer(row.fields) }
      try check(&row, file.leftOut)
      return row
    }
  }

  /// Other names of columns that the file does not have under the task's.
  private func defaults(_ present: Set<String>) -> [String: String] {
    let taken = Set(declared.values)
    var names: [String: String] = [:]
    for column in task.columns.joined() where !present.contains(column.name) {
      let known = ([column.name] + column.otherNames).map { $0.lowercased() }
      let found = present.subtracting(taken).filter { known.contains($0.lowercased()) }
      names[column.name] = found.min { one, other in
        let places = [one, other].map { known.firstIndex(of: $0.lowercased()) ?? known.count }
        return places[0] == places[1] ? one < other : places[0] < places[1]
      }
    }
    return names
  }

  private func renamed(
    _ fields: [String: JSONValue], _ names: [String: String]
  ) -> [String: JSONValue] {
    var renamed = fields
    for source in names.values { renamed[source] = nil }
    for (name, source) in names { renamed[name] = fields[source] }
    return renamed
  }

  /// GSM8K's answers are worked out, and the result stands after `####`.
  private static func withMarkedAnswer(_ fields: [String: JSONValue]) -> [String: JSONValue] {
    guard fields["solution", default: .null] == .null, let worked = fields["answer"]?.string,
      let mark = worked.range(of: "####", options: .backwards)
    else { return fields }
    let result = worked[mark.upperBound...].stripped
    guard !result.isEmpty, !result.contains(where: \.isNewline) else { return fields }
    return fields.merging(["solution": .string(worked), "answer": .string(result)]) { $1 }
  }

  private func check(_ row: inout DatasetFile.Row, _ leftOut: [String: String]) throws {
    for choices in task.columns { try check(&row, choices, leftOut) }
  }

  /// One of some columns must be there and hold what it must.
  private func check(
    _ row: inout DatasetFile.Row, _ choices: [TaskColumn], _ leftOut: [String: String]
  ) throws {
    var wrong: TaskColumn?
    for column in choices {
      guard let value = row.fields[column.name], value != .null else { continue }
      let read = row.isUntyped ? column.type.read(value) : value
      row.fields[column.name] = read
      if column.type.holds(read) { return }
      wrong = wrong ?? column
    }
    if let wrong {
      throw DatasetError.wrongType(
        wrong.name, path: row.path, line: row.number, found: row.fields[wrong.name] ?? .null,
        wanted: wrong.type.words, task: task.rawValue)
    }
    for column in choices {
      guard let reason = leftOut[column.name] else { continue }
      throw DatasetError.leftOut(column.name, path: row.path, reason: reason)
    }
    throw DatasetError.missingColumn(
      choices.map(\.name), path: row.path, line: row.number,
      present: row.fields.filter { $0.value != .null }.keys.sorted())
  }
}

extension JSONValue {
  /// What a value is, for messages, such as `the text "x"`.
  var sortWords: String {
    switch self {
    case .null: "nothing"
    case .boolean(let value): "the boolean \(value)"
    case .integer(let value): "the integer \(value)"
    case .number(let value): value.isNaN ? "NaN, which is not a number" : "the number \(value)"
    case .string(let text):
      "the text \"\(text.prefix(40).description.visible)\(text.count > 40 ? "…" : "")\""
    case .array(let values):
      values.first.map { "a list that begins with \($0.shortSort)" } ?? "an empty list"
    case .object: "an object"
    }
  }

  private var shortSort: String {
    switch self {
    case .array: "a list"
    case .object: "an object"
    default: sortWords
    }
  }
}
