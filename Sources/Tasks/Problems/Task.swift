import Base

/// What a completion was sampled for.
package enum TaskUse: String, Sendable, Hashable, CaseIterable {
  /// For a reward: the format is asked for first.
  case train
  /// For a score: the answer is looked for wherever it stands.
  case evaluate
}

/// A completion to be judged, with the problem that it answers.
package struct GradingItem: Sendable {
  /// The problem, under the column names of its data set.
  package let row: [String: JSONValue]
  /// What the model wrote after the prompt, cut at a stop string.
  package let completion: String
  /// Names the problem and the sample; a guess depends on it and on nothing else but the seed.
  package let id: String

  package init(row: [String: JSONValue], completion: String, id: String) {
    self.row = row
    self.completion = completion
    self.id = id
  }
}

/// How completions are to be judged.
package struct GradingRules: Sendable {
  /// What the completions are for.
  package var use: TaskUse
  /// One of the task's verifiers, as `TaskDefinition.verifier(named:)` finds it.
  package var verifier: String?
  package var seed: UInt64
  /// How many programs may run at a time. Verdicts do not depend on it.
  package var threads: Int
  /// What a program may use, where the task runs programs.
  package var limits: SandboxLimits
  /// How much must protect the machine, where the task runs programs.
  package var sandbox: SandboxStrength

  package init(
    use: TaskUse, verifier: String? = nil, seed: UInt64 = 0, threads: Int = 1,
    limits: SandboxLimits = SandboxLimits(), sandbox: SandboxStrength = .strong
  ) {
    self.use = use
    self.verifier = verifier
    self.seed = seed
    self.threads = threads
    self.limits = limits
    self.sandbox = sandbox
  }
}

/// A family of problems: its prompts, its verifiers, its rewards.
package protocol TaskDefinition: Sendable {
  /// The name that recipes use, such as `math`.
  var name: String { get }
  /// The verifiers with their versions, such as `math@2`, newer versions of one before older; the
  /// first is the default.
  var verifiers: [String] { get }
  /// The column in which a row keeps its right answer; nil where no single column holds it.
  var goldColumn: String? { get }
  /// Whether an evaluation asks for a box and falls back to other answers where there is none.
  var acceptsUnboxed: Bool { get }
  /// Whether a verifier says of a missing answer that a random guess would have hit.
  func creditsGuesses(_ verifier: String) -> Bool
  /// What a verifier is known to take for right that is wrong, for whoever reads its numbers; nil
  /// where nothing is known that training could find.
  func knownHole(of verifier: String) -> String?
  /// The template that the paper uses.
  func defaultTemplate(for use: TaskUse) -> String
  /// The paper's rewards; all are set.
  var defaultRewards: RewardTable { get }
  /// Judges completions, one verdict each, in their order.
  ///
  /// May block, and must not be called from a Swift task.
  /// - Throws: `TaskError` for a row without what the task needs, or `SandboxError`.
  func grade(_ items: [GradingItem], _ rules: GradingRules) throws -> [Verdict]

  /// A row whose right answer the verifiers can compare with, in the form in which they do.
  /// - Throws: `TaskError.unreadableGold`.
  func checked(_ row: [String: JSONValue]) throws -> [String: JSONValue]

  /// What is to be published beside the scores, such as the protections of the sandbox in force.
  func facts() throws -> [String: JSONValue]

  /// The chance that a blind guess of a problem's answer is right, all possible answers being as
  /// likely; nil where answers are open, or where the row does not say what is possible.
  func chance(of row: [String: JSONValue]) -> Double?

  /// Whether a completion reasons about the problem before it answers: the task's rule for `worked`
  /// in `docs/verifiers.md`.
  func works(_ completion: String, on row: [String: JSONValue]) -> Bool

  /// The prompt template that a recipe asks for: in full, such as `math_short`, or without the
  /// task, such as `short`; the task's own where it asks for none.
  /// - Throws: `TaskError.unknownTemplate`.
  func template(named choice: String?, for use: TaskUse) throws -> PromptTemplate
}

extension TaskDefinition {
  package var acceptsUnboxed: Bool { false }

  package func creditsGuesses(_ verifier: String) -> Bool { false }

  package func knownHole(of verifier: String) -> String? { nil }

  package func checked(_ row: [String: JSONValue]) throws -> [String: JSONValue] { row }
  package func facts() throws -> [String: JSONValue] { [:] }
  package func chance(of row: [String: JSONValue]) -> Double? { nil }

  /// Where an evaluation cuts completions, as the authors' `run_evaluation.py` does. Whoever
  /// samples cuts; training has no stop strings.
  package var stopStrings: [String] { ["Question:", "Assistant:", "User:"] }

  /// The full name of a verifier. A choice may leave out the task, and the version where the newest
  /// is meant: `strict` is `mmlu_pro@strict@2`.
  /// - Throws: `TaskError.unknownVerifier` with a suggestion.
  package func verifier(named choice: String?) throws -> String {
    guard let choice else { return verifiers[0] }
    let full = choice.hasPrefix(name + "@") ? choice : "\(name)@\(choice)"
    let found = verifiers.first { $0 == full || $0.hasPrefix(full + "@") }
    guard let found else {
      throw TaskError.unknownVerifier(task: name, choice: choice, known: verifiers)
    }
    return found
  }

  /// What the key of a result says of the verifier that a recipe asks for: its full name, or else
  /// results would outlive a change of the default. The paper's verifiers never change, so they go
  /// by what the recipe says, which may be nothing: results from before names were resolved count.
  /// - Throws: `TaskError.unknownVerifier`.
  package func verifierInKey(for choice: String?) throws -> String? {
    let name = try verifier(named: choice)
    return name.contains("@paper") ? choice : name
  }
}

package enum TaskDefinitions {
  /// All of them, in the order of their names.
  package static let all: [any TaskDefinition] = [
    HumanEvalPlusTask(), KnightsAndKnavesTask(), MathTask(), MMLUProTask(),
  ]

  /// The names, sorted.
  package static var names: [String] { all.map(\.name) }

  /// The task of a name.
  /// - Throws: `TaskError.unknownTask` with a suggestion.
  package static func named(_ name: String) throws -> any TaskDefinition {
    guard let task = all.first(where: { $0.name == name }) else {
      throw TaskError.unknownTask(name: name, known: names)
    }
    return task
  }
}

/// What can be wrong with a task's name, verifier or rows.
package enum TaskError: Error, CustomStringConvertible {
  case unknownTask(name: String, known: [String])
  case unknownVerifier(task: String, choice: String, known: [String])
  case unknownTemplate(name: String, known: [String])
  /// A row lacks what the task or the template needs.
  case missingColumn(subject: String, columns: [String], present: [String])
  /// No completion could be compared with a row's right answer.
  case unreadableGold(column: String, found: String, expected: String)
  /// A row has the column, but no text in it.
  case noText(subject: String, column: String)

  package var description: String {
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
    case .unreadableGold(let column, let found, let expected):
      "the right answer in the column '\(column)' is \(found), but must be \(expected)"
    case .noText(let subject, let column):
      "\(subject) needs text in the column '\(column)', and the row has something else there"
    }
  }
}

extension [String: JSONValue] {
  /// The first of some columns that holds a string.
  /// - Throws: `TaskError`, which names `subject` as what needs it.
  package func text(_ columns: String..., for subject: String) throws -> String {
    for column in columns { if let text = self[column]?.string { return text } }
    if let column = columns.first(where: { self[$0] != nil }) {
      throw TaskError.noText(subject: subject, column: column)
    }
    throw TaskError.missingColumn(subject: subject, columns: columns, present: Array(keys))
  }
}

extension TaskDefinition {
  package func template(named choice: String?, for use: TaskUse) throws -> PromptTemplate {
    guard let choice else { return try PromptTemplate.named(defaultTemplate(for: use)) }
    let ownName = "\(name)_\(choice)"
    return try PromptTemplate.named(PromptTemplate.names.contains(ownName) ? ownName : choice)
  }
}
