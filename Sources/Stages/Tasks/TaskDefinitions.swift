import Runner

/// The tasks that this program knows.
public enum TaskDefinitions {
  /// All of them, in the order of their names.
  public static let all: [any TaskDefinition] = [
    HumanEvalPlusTask(), KnightsAndKnavesTask(), MathTask(), MMLUProTask(),
  ]

  /// The names, sorted.
  public static var names: [String] { all.map(\.name) }

  /// The task of a name.
  /// - Throws: `TaskError.unknownTask` with a suggestion.
  public static func named(_ name: String) throws -> any TaskDefinition {
    guard let task = all.first(where: { $0.name == name }) else {
      throw TaskError.unknownTask(name: name, known: names)
    }
    return task
  }
}

/// What can be wrong with a task's name, verifier or rows.
public enum TaskError: Error, CustomStringConvertible {
  /// No task has this name.
  case unknownTask(name: String, known: [String])
  /// The task has no such verifier.
  case unknownVerifier(task: String, choice: String, known: [String])
  /// No template has this name.
  case unknownTemplate(name: String, known: [String])
  /// A row lacks what the task or the template needs.
  case missingColumn(subject: String, columns: [String], present: [String])

  /// A sentence for people.
  public var description: String {
    switch self {
    case .unknownTask(let name, let known):
      "unknown task '\(name)'\(suggestion(for: name, among: known))"
    case .unknownVerifier(let task, let choice, let known):
      "the task '\(task)' has no verifier '\(choice)'; choose from \(known.joined(separator: ", "))"
    case .unknownTemplate(let name, let known):
      "unknown prompt template '\(name)'\(suggestion(for: name, among: known))"
    case .missingColumn(let subject, let columns, let present):
      """
      \(subject) needs the column '\(columns.joined(separator: "' or '"))', but the row has only \
      \(present.sorted().joined(separator: ", ")); check the data set's 'task'
      """
    }
  }
}

extension [String: JSONValue] {
  /// The first of some columns that holds a string.
  /// - Throws: `TaskError.missingColumn`, which names `subject` as what needs it.
  func text(_ columns: String..., for subject: String) throws -> String {
    for column in columns { if let text = self[column]?.string { return text } }
    throw TaskError.missingColumn(subject: subject, columns: columns, present: Array(keys))
  }
}
