import Runner

/// What a completion was sampled for.
public enum TaskUse: String, Sendable, Hashable, CaseIterable {
  /// For a reward: the format is asked for first.
  case train
  /// For a score: the answer is looked for wherever it stands.
  case evaluate
}

/// A completion to be judged, with the problem that it answers.
public struct GradingItem: Sendable {
  /// The problem, under the column names of its data set.
  public let row: [String: JSONValue]
  /// What the model wrote after the prompt, cut at a stop string.
  public let completion: String
  /// Names the problem and the sample; a guess depends on it and on nothing else but the seed.
  public let id: String

  /// Gathers what a verifier needs.
  public init(row: [String: JSONValue], completion: String, id: String) {
    self.row = row
    self.completion = completion
    self.id = id
  }
}

/// How completions are to be judged.
public struct GradingRules: Sendable {
  /// What the completions are for.
  public var use: TaskUse
  /// One of the task's verifiers, in full or by what follows the `@`; nil means the first.
  public var verifier: String?
  /// The seed of guesses.
  public var seed: UInt64
  /// How many programs may run at a time. Verdicts do not depend on it.
  public var threads: Int
  /// What a program may use, where the task runs programs.
  public var limits: SandboxLimits
  /// How much must protect the machine, where the task runs programs.
  public var sandbox: SandboxStrength

  /// Sets the rules.
  public init(
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
public protocol TaskDefinition: Sendable {
  /// The name that recipes use, such as `math`.
  var name: String { get }
  /// The verifiers with their versions, such as `math@1`; the first is the default.
  var verifiers: [String] { get }
  /// The column in which a row keeps its right answer; nil where no single column holds it.
  var goldColumn: String? { get }
  /// The template that the paper uses.
  func defaultTemplate(for use: TaskUse) -> String
  /// The paper's rewards; all are set.
  var defaultRewards: RewardTable { get }
  /// Judges completions, one verdict each, in their order.
  ///
  /// May block, and must not be called from a Swift task.
  /// - Throws: `TaskError` for a row without what the task needs, or `SandboxError`.
  func grade(_ items: [GradingItem], _ rules: GradingRules) throws -> [Verdict]

  /// What is to be published beside the scores, such as the protections of the sandbox in force.
  func facts() throws -> [String: JSONValue]
}

extension TaskDefinition {
  /// Nothing more.
  public func facts() throws -> [String: JSONValue] { [:] }

  /// Where an evaluation cuts completions, as the authors' `run_evaluation.py` does. Whoever
  /// samples cuts; training has no stop strings.
  public var stopStrings: [String] { ["Question:", "Assistant:", "User:"] }

  /// The full name of a verifier.
  /// - Throws: `TaskError.unknownVerifier` with a suggestion.
  public func verifier(named choice: String?) throws -> String {
    guard let choice else { return verifiers[0] }
    let found = verifiers.first { $0 == choice || $0.hasSuffix("@" + choice) }
    guard let found else {
      throw TaskError.unknownVerifier(task: name, choice: choice, known: verifiers)
    }
    return found
  }
}
