import Base
import Runner
import Tasks

extension Traits {
  /// What is known of problems before they are there.
  static func problems(ofTask task: String) -> Traits { [taskName: task] }

  /// The task of problems; nil where the stage that makes them does not know it beforehand.
  fileprivate var task: (any TaskDefinition)? {
    self[Self.taskName].flatMap { try? TaskDefinitions.named($0) }
  }

  private static let taskName = "task"
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
