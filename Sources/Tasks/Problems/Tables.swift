import Base
import Foundation

/// The columns of the tables in this file. What a column is called stands here and nowhere else.
package enum ColumnName: String, Sendable, Hashable, CaseIterable {
  case id
  /// Which row of the problems, from 0.
  case problem
  case problemID = "problem_id"
  /// Which completion of the problem, from 0.
  case sample
  /// The step of training that sampled the completion, from 1.
  case step
  case prompt
  case completion
  /// How many tokens the completion has.
  case tokens
  /// The completion's tokens, the one that ends it included.
  case tokenIDs = "token_ids"
  /// What the sampler said of each of the completion's tokens, in nats.
  case logProbabilities = "log_probabilities"
  /// Whether the completion ran into the limit of tokens.
  case truncated
  case outcome
  /// Whether the outcome is `correct`, for readers that do not know the words.
  case correct
  /// The answer that the verifier read; empty where there is none.
  case extracted
  /// Whether a random guess in place of a missing answer hits.
  case guessed
  /// Whether the completion keeps the format that training asks for.
  case inForm = "in_form"
  /// Whether the completion reasons before it answers.
  case worked
  /// The chance that a blind guess of the problem's answer is right.
  case chance
  /// The part of a data set that the problem belongs to, such as `physics`.
  case category
  /// What a recipe's own verifier says beside the verdict.
  case number
  case reward
  /// Whether training may learn the trace.
  case accepted
  /// Why a trace was rejected, or what is wrong with it on purpose.
  case reason
  case style
  case text
  /// Which part of a corpus a text belongs to.
  case part
  /// Which input of a mix the row came from; within a mix of mixes `outer/inner`.
  case mixedFrom = "mixed_from"
}

/// A table of rows whose columns have known names and types.
///
/// A column is read when it is asked for, so a table that lacks it serves all who can do without:
/// they say `try?`. Rows are kept as JSON objects, since logs of unfinished work are.
package protocol TypedTable: Sendable {
  /// The columns that come first in a file; the others follow sorted by name.
  static var order: [ColumnName] { get }
  /// The columns with all that this type does not know.
  var table: RowTable { get }
  /// Takes a table as it is; a missing column shows when it is asked for.
  init(_ table: RowTable)
}

extension TypedTable {
  /// Reads a table from a file.
  /// - Parameter columns: those to read, where not all are: large files are read for few columns.
  /// - Throws: `RowTableError.unreadable`.
  package init(contentsOf file: URL, columns: [ColumnName]? = nil) throws {
    self.init(try RowTable(contentsOf: file, columns: columns?.map(\.rawValue)))
  }

  /// Makes a table from rows; a row has the columns that this type's `row` gives it.
  package init(rows: [[String: JSONValue]], attributes: [String: String] = [:]) {
    self.init(
      RowTable(rows: rows, order: Self.order.map(\.rawValue), attributes: attributes))
  }

  package var count: Int { table.count }
}

/// Problems of one task, under the columns of their data set.
package struct Problems: TypedTable {
  package static let order: [ColumnName] = [.id]
  package private(set) var table: RowTable

  package init(_ table: RowTable) { self.table = table }

  /// Rows that lack no column of their data set.
  /// - Parameter order: the columns that come first.
  package init(rows: [[String: JSONValue]], order: [String]? = nil, task: String) {
    let order = order ?? Self.order.map(\.rawValue)
    table = RowTable(rows: rows, order: order, attributes: [Self.taskAttribute: task])
  }

  package var ids: [String] { get throws { try table.strings(.id) } }

  package var taskName: String? { table.attributes[Self.taskAttribute] }

  /// - Throws: `TaskError.unknownTask`, or `ProcessTaskError.noVerifier`.
  package var task: any TaskDefinition {
    get throws {
      guard taskName == ProcessTask.name else { return try TaskDefinitions.named(taskName ?? "") }
      return ProcessTask(try ProcessVerifier(json: ownVerifier))
    }
  }

  /// The verifier of the task `process`, as text.
  package var ownVerifier: String? {
    get { table.attributes[Self.verifierAttribute] }
    set { table.attributes[Self.verifierAttribute] = newValue }
  }

  /// What is known to be wrong with these problems, such as a split that leaks.
  package var warning: String? {
    get { table.attributes[Self.warningAttribute] }
    set { table.attributes[Self.warningAttribute] = newValue }
  }

  package func row(_ index: Int) -> [String: JSONValue] { table.row(index) }

  private static let taskAttribute = "task"
  private static let warningAttribute = "warning"
  private static let verifierAttribute = "process"
}

extension Problems {
  /// What public data sets call the text that asks something.
  package static let questionColumns = ["quiz", "problem", "question", "prompt"]

  /// The first text that asks something, without its options.
  package static func question(of row: [String: JSONValue]) -> String? {
    questionColumns.lazy.compactMap { row[$0]?.string }.first { !$0.isEmpty }
  }

  /// The options to choose from; none for most problems.
  package static func options(of row: [String: JSONValue]) -> [String] {
    row["options"]?.array?.compactMap(\.string) ?? []
  }

  /// The right answer, for people: the first column that holds one.
  package static func answer(of row: [String: JSONValue]) -> String? {
    ["answer", "solution_text_format", "solution", "canonical_solution"].lazy
      .compactMap { row[$0]?.answerText }.first { !$0.isEmpty }
  }

  /// Names an id for messages about a row that may have none.
  package static func id(of row: [String: JSONValue]) -> String? {
    row[ColumnName.id.rawValue]?.string
  }
}

/// Completions that an evaluation or a teacher sampled, before any verdict.
package struct Completions: TypedTable {
  package static let order: [ColumnName] = [
    .id, .problem, .problemID, .sample, .prompt, .completion, .tokens, .truncated,
  ]
  package let table: RowTable

  package init(_ table: RowTable) { self.table = table }

  package var ids: [String] { get throws { try table.strings(.id) } }
  /// Which row of the problems each completion answers.
  package var problems: [Int] { get throws { try table.integers(.problem) } }
  package var samples: [Int] { get throws { try table.integers(.sample) } }
  package var texts: [String] { get throws { try table.strings(.completion) } }
  package var tokens: [Int] { get throws { try table.integers(.tokens) } }
  package var truncated: [Bool] { get throws { try table.booleans(.truncated) } }
  /// What is known of the server that they come from; nil where this program sampled them.
  package var server: JSONValue? {
    table.attributes["server"].flatMap { try? JSONValue(parsing: Data($0.utf8)) }
  }

  package static func row(
    problem: Int, problemID: String, sample: Int, prompt: String, text: String, tokens: Int,
    isTruncated: Bool
  ) -> [String: JSONValue] {
    row([
      .id: .string("\(problemID)#\(sample)"), .problem: .integer(problem),
      .problemID: .string(problemID), .sample: .integer(sample), .prompt: .string(prompt),
      .completion: .string(text), .tokens: .integer(tokens), .truncated: .boolean(isTruncated),
    ])
  }

  /// Which completion of which problem a row of the log holds.
  package static func place(of row: [String: JSONValue]) -> (problem: Int, sample: Int) {
    (row[.problem]?.integer ?? 0, row[.sample]?.integer ?? 0)
  }
}

/// Completions with their verdicts: what an evaluation publishes.
package struct Scores: TypedTable {
  package static let fileName = "scores.h5"
  package static let order: [ColumnName] = [
    .id, .problemID, .sample, .outcome, .correct, .extracted, .guessed, .inForm, .worked, .chance,
    .category, .number,
  ]
  package let table: RowTable

  package init(_ table: RowTable) { self.table = table }

  /// Joins completions with their verdicts and with what their problems say. The columns `chance`
  /// and `category` are there where problems have such a thing.
  /// - Throws: `RowTableError` for completions that lack a column.
  package init(
    _ completions: Completions, _ verdicts: [Verdict], of problems: Problems,
    _ task: any TaskDefinition, attributes: [String: String] = [:]
  ) throws {
    let (index, texts) = (try completions.problems, try completions.texts)
    let known = (0..<problems.count).map(problems.row)
    let chances = known.map(task.chance)
    let rows = verdicts.indices.map { place -> [String: JSONValue] in
      let (verdict, problem, text) = (verdicts[place], index[place], texts[place])
      var columns: [ColumnName: JSONValue] = [
        .outcome: .string(verdict.outcome.rawValue),
        .correct: .boolean(verdict.outcome == .correct),
        .extracted: .string(verdict.extracted ?? ""), .guessed: .boolean(verdict.guessed),
        .inForm: .boolean(ResponseFormat.strictAnswer(in: text) != nil),
        .worked: .boolean(task.works(text, on: known[problem])),
      ]
      columns[.number] = verdict.number.map { .number($0) }
      columns[.chance] = chances[problem].map { .number($0) }
      columns[.category] = known[problem][.category]?.string.map { .string($0) }
      return completions.table.row(place).merging(Self.row(columns)) { $1 }
    }
    self.init(rows: rows, attributes: attributes)
  }

  /// Which row of the problems each completion answers.
  package var problems: [Int] { get throws { try table.integers(.problem) } }
  package var problemIDs: [String] { get throws { try table.strings(.problemID) } }
  package var samples: [Int] { get throws { try table.integers(.sample) } }
  package var outcomes: [Outcome] { get throws { try table.outcomes() } }
  package var extracted: [String] { get throws { try table.strings(.extracted) } }
  package var guessed: [Bool] { get throws { try table.booleans(.guessed) } }
  package var inForm: [Bool] { get throws { try table.booleans(.inForm) } }
  package var worked: [Bool] { get throws { try table.booleans(.worked) } }
  /// The chance of each completion's problem; NaN where it has none.
  package var chances: [Double] { get throws { try table.numbers(.chance) } }
  /// What a recipe's own verifier said; NaN where it said none.
  package var numbers: [Double] { get throws { try table.numbers(.number) } }
  package var categories: [String] { get throws { try table.strings(.category) } }
  package var prompts: [String] { get throws { try table.strings(.prompt) } }
  package var texts: [String] { get throws { try table.strings(.completion) } }
  package var tokens: [Int] { get throws { try table.integers(.tokens) } }
  package var truncated: [Bool] { get throws { try table.booleans(.truncated) } }
}

/// Completions that reinforcement learning sampled, with their rewards.
package struct Rollouts: TypedTable {
  package static let fileName = "rollouts.h5"
  /// The rows of a training at work, a line each.
  package static let logName = "rollouts.jsonl"
  package static let order: [ColumnName] = [.step, .problemID, .sample, .reward, .outcome]
  package let table: RowTable

  package init(_ table: RowTable) { self.table = table }

  package var steps: [Int] { get throws { try table.integers(.step) } }
  package var problemIDs: [String] { get throws { try table.strings(.problemID) } }
  package var outcomes: [Outcome] { get throws { try table.outcomes() } }
  package var rewards: [Double] { get throws { try table.numbers(.reward) } }
  package var truncated: [Bool] { get throws { try table.booleans(.truncated) } }
  /// The tokens of each completion, where they were kept.
  package var tokenIDs: [[Int32]] {
    get throws {
      try table.json(ColumnName.tokenIDs.rawValue).map { list in
        (list.array ?? []).compactMap { $0.integer.flatMap(Int32.init(exactly:)) }
      }
    }
  }

  package static func row(
    step: Int, problemID: String, sample: Int, reward: Double, outcome: Outcome, text: String,
    tokens: Int, isTruncated: Bool, tokenIDs: [Int32]? = nil, logProbabilities: [Float] = []
  ) -> [String: JSONValue] {
    var columns: [ColumnName: JSONValue] = [
      .step: .integer(step), .problemID: .string(problemID), .sample: .integer(sample),
      .reward: .number(reward), .outcome: .string(outcome.rawValue), .tokens: .integer(tokens),
      .truncated: .boolean(isTruncated), .completion: .string(text),
    ]
    columns[.tokenIDs] = tokenIDs.map { .array($0.map { .integer(Int($0)) }) }
    if !logProbabilities.isEmpty {
      columns[.logProbabilities] = .array(
        logProbabilities.map { $0.isFinite ? .number(Double($0)) : .null })
    }
    return row(columns)
  }

  package static func step(of row: [String: JSONValue]) -> Int? { row[.step]?.integer }
}

/// The tokens of rollouts, a row for each in the order of the rollouts, in a file beside theirs: so
/// rollouts have the bytes that they had before tokens were kept.
package struct RolloutTokens: TypedTable {
  /// What the file adds to that of the rollouts.
  package static let supplement = "token_ids"
  package static let order: [ColumnName] = [.step, .problemID, .sample, .tokenIDs]
  package let table: RowTable

  package init(_ table: RowTable) { self.table = table }

  /// Parts rows of rollouts with tokens.
  /// - Returns: the rollouts without, and the tokens; nil where a row has none.
  package static func part(
    _ rows: [[String: JSONValue]]
  ) -> (rollouts: [[String: JSONValue]], tokens: RolloutTokens?) {
    let names = Set(order.map(\.rawValue))
    let isWhole = rows.allSatisfy { $0[.tokenIDs] != nil }
    let rollouts = rows.map { row in row.filter { $0.key != ColumnName.tokenIDs.rawValue } }
    let tokens = rows.map { row in row.filter { names.contains($0.key) } }
    return (rollouts, isWhole ? RolloutTokens(rows: tokens) : nil)
  }

  package var tokenIDs: [[Int32]] { get throws { try Rollouts(table).tokenIDs } }
}

/// Prompts with completions to learn from.
package struct Traces: TypedTable {
  package static let order: [ColumnName] = [
    .id, .problemID, .prompt, .completion, .accepted, .reason, .style,
  ]
  package let table: RowTable

  package init(_ table: RowTable) { self.table = table }

  package var ids: [String] { get throws { try table.strings(.id) } }
  package var problemIDs: [String] { get throws { try table.strings(.problemID) } }
  package var prompts: [String] { get throws { try table.strings(.prompt) } }
  package var texts: [String] { get throws { try table.strings(.completion) } }
  package var accepted: [Bool] { get throws { try table.booleans(.accepted) } }

  /// - Parameters:
  ///   - reason: why it was rejected, or what is wrong with it on purpose; else empty.
  ///   - style: how it is worded, or which teacher wrote it.
  ///   - outcome: the verdict, where there was one.
  package static func row(
    id: String, problemID: String, prompt: String, text: String, isAccepted: Bool = true,
    reason: String = "", style: String = "", outcome: Outcome? = nil
  ) -> [String: JSONValue] {
    var columns: [ColumnName: JSONValue] = [
      .id: .string(id), .problemID: .string(problemID), .prompt: .string(prompt),
      .completion: .string(text), .accepted: .boolean(isAccepted), .reason: .string(reason),
      .style: .string(style),
    ]
    columns[.outcome] = outcome.map { .string($0.rawValue) }
    return row(columns)
  }

  /// What a row that this program printed says beside the texts; empty for a row from elsewhere,
  /// which lacks some of its columns.
  package static func printed(_ row: [String: JSONValue]) -> [String: JSONValue] {
    let texts: [ColumnName] = [.id, .problemID, .reason, .style]
    guard texts.allSatisfy({ row[$0]?.string != nil }), case .boolean? = row[.accepted] else {
      return [:]
    }
    return row.filter { name, _ in
      (texts + [.accepted, .outcome]).contains { $0.rawValue == name }
    }
  }
}

/// Texts for a language model to learn from.
package struct Texts: TypedTable {
  package static let order: [ColumnName] = [.text, .part]
  package let table: RowTable

  package init(_ table: RowTable) { self.table = table }

  package var texts: [String] { get throws { try table.strings(.text) } }

  package static func row(_ text: String, part: String) -> [String: JSONValue] {
    row([.text: .string(text), .part: .string(part)])
  }
}

extension TypedTable {
  fileprivate static func row(_ columns: [ColumnName: JSONValue]) -> [String: JSONValue] {
    Dictionary(uniqueKeysWithValues: columns.map { ($0.key.rawValue, $0.value) })
  }
}

extension RowTable {
  fileprivate func strings(_ name: ColumnName) throws -> [String] { try strings(name.rawValue) }
  fileprivate func integers(_ name: ColumnName) throws -> [Int] { try integers(name.rawValue) }
  fileprivate func numbers(_ name: ColumnName) throws -> [Double] { try numbers(name.rawValue) }
  fileprivate func booleans(_ name: ColumnName) throws -> [Bool] { try booleans(name.rawValue) }

  fileprivate func outcomes() throws -> [Outcome] {
    try strings(.outcome).map { word in
      guard let outcome = Outcome(rawValue: word) else {
        throw RowTableError.noColumn(ColumnName.outcome.rawValue, "verdicts")
      }
      return outcome
    }
  }
}

extension [String: JSONValue] {
  fileprivate subscript(column: ColumnName) -> JSONValue? { self[column.rawValue] }
}

extension JSONValue {
  /// A text, or a number in plain decimal notation: data sets write the answer 4 either way.
  package var answerText: String? {
    if let string { return string }
    if let integer { return String(integer) }
    guard let number, number.isFinite else { return nil }
    let text = "\(number)"
    return text.contains("e") ? nil : text
  }
}
