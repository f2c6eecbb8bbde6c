import Runner

extension TaskDefinitions {
  /// The task of an artifact of problems, which its attribute `task` names.
  static func of(_ problems: RowTable) throws -> any TaskDefinition {
    try named(problems.attributes["task"] ?? "")
  }
}

extension TaskDefinition {
  /// The prompt template that a recipe asks for: in full, such as `math_short`, or without the
  /// task, such as `short`; the task's own where it asks for none.
  /// - Throws: `TaskError.unknownTemplate`.
  func template(named choice: String?, for use: TaskUse) throws -> PromptTemplate {
    guard let choice else { return try PromptTemplate.named(defaultTemplate(for: use)) }
    let ownName = "\(name)_\(choice)"
    return try PromptTemplate.named(PromptTemplate.names.contains(ownName) ? ownName : choice)
  }
}
