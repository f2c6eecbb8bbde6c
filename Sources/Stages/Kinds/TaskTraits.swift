import Base
import Runner
import Tasks

extension Traits {
  /// What is known of problems before they are there.
  static func problems(ofTask task: String, rows: Int? = nil) -> Traits {
    [taskName: task].with(rows: rows)
  }

  /// What is known of texts or traces before they are there.
  static func rows(_ rows: Int?) -> Traits { Traits().with(rows: rows) }

  /// The same with another number of rows, or with none where it is not known.
  func with(rows: Int?) -> Traits {
    var traits = self
    traits[Self.rowsName] = rows.map { "\($0)" }
    return traits
  }

  /// The task of problems; nil where the stage that makes them does not know it beforehand.
  var task: (any TaskDefinition)? {
    self[Self.taskName].flatMap { try? TaskDefinitions.named($0) }
  }

  /// How many rows there will be, if they come to be at all; nil where it is not known.
  var rows: Int? { self[Self.rowsName].flatMap { Int($0) } }

  private static let taskName = "task"
  private static let rowsName = "rows"
}

extension JSONValue {
  /// The identity of a stage that judges, with the verifier that the recipe's choice comes to.
  ///
  /// Where the task is not known, or has no such verifier, which its run will say, it stays as it is.
  func naming(verifier choice: String?, of problems: Traits?) -> JSONValue {
    guard let task = problems?.task, let name = try? task.verifierInKey(for: choice),
      var fields = object
    else { return self }
    fields["verifier"] = .string(name)
    return .object(fields)
  }
}
