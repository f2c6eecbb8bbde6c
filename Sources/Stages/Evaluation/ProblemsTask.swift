import Runner

extension TaskDefinitions {
  /// The task of an artifact of problems, which its attribute `task` names.
  static func of(_ problems: RowTable) throws -> any TaskDefinition {
    try named(problems.attributes["task"] ?? "")
  }
}
