import Runner

/// Knights & Knaves: rows with `quiz` and `solution_text_format`.
public struct KnightsAndKnavesTask: TaskDefinition {
  /// Nothing to set.
  public init() {}
  /// The name in recipes.
  public var name: String { "knights_and_knaves" }
  /// The paper's reading of an answer, and one that understands "not a knight".
  public var verifiers: [String] { ["knights_and_knaves@paper", "knights_and_knaves@strict"] }
  /// The reference answer.
  public var goldColumn: String? { "solution_text_format" }
  /// The paper's only layout.
  public func defaultTemplate(for use: TaskUse) -> String { "knights_and_knaves_paper" }
  /// `load_kk` of the authors' `dataset_loader.py`.
  public var defaultRewards: RewardTable {
    RewardTable(correct: 2, wrong: -0.5, noAnswer: -1, badFormat: -2, timeout: -0.5)
  }

  /// Compares who is what with the row's solution. The paper has no evaluation of its own for these
  /// puzzles; here it reads the last `<answer>`, closed or not.
  public func grade(_ items: [GradingItem], _ rules: GradingRules) throws -> [Verdict] {
    let isStrict = try verifier(named: rules.verifier) == "knights_and_knaves@strict"
    return try items.map { item in
      let solution = try item.row.text("solution_text_format", for: "the task '\(name)'")
      let answer =
        rules.use == .train
        ? ResponseFormat.strictAnswer(in: item.completion)
        : ResponseFormat.lastAnswer(in: item.completion)
      guard let answer else { return Verdict(rules.use == .train ? .badFormat : .noAnswer) }
      let outcome =
        isStrict
        ? RoleClaims.outcome(of: answer, solution: solution, row: item.row)
        : RoleLines.outcome(of: answer, solution: solution)
      return Verdict(outcome, extracted: answer.stripped)
    }
  }
}
