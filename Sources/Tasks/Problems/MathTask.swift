import Base

/// Competition mathematics (MATH, MATH-500): rows with `problem` and `solution` or `answer`.
package struct MathTask: TaskDefinition {
  /// Nothing to set.
  package init() {}
  /// The name in recipes.
  package var name: String { "math" }
  /// The native verifier, and the package of the paper with its arguments in the right and in the
  /// authors' order.
  package var verifiers: [String] { [MathVerifier.name, "math@paper", "math@paper_reversed"] }
  /// The reference answer.
  package var goldColumn: String? { "answer" }
  /// The paper's layouts; the one for evaluation differs.
  package func defaultTemplate(for use: TaskUse) -> String { "math_\(use.rawValue)" }
  /// `load_math` of the authors' `dataset_loader.py`.
  package var defaultRewards: RewardTable {
    RewardTable(correct: 2, wrong: -0.5, noAnswer: -1, badFormat: -2, timeout: -0.5)
  }

  /// Training asks for the format and reads the last box of the answer; an evaluation reads the
  /// last box of everything, else what looks most like a final answer.
  package func grade(_ items: [GradingItem], _ rules: GradingRules) throws -> [Verdict] {
    let chosen = try verifier(named: rules.verifier)
    guard chosen == MathVerifier.name else {
      return try MathVerifyGrading(isReversed: chosen.hasSuffix("reversed")).grade(items, rules)
    }
    return try items.map { item in
      let reference = try Self.reference(of: item.row)
      let found: String?
      switch rules.use {
      case .train:
        guard let answer = ResponseFormat.strictAnswer(in: item.completion) else {
          return Verdict(.badFormat)
        }
        found = BoxedAnswer.last(in: answer)
      case .evaluate:
        found = FinalAnswer.find(in: item.completion)
      }
      guard let found, !found.isBlank else { return Verdict(.noAnswer) }
      let isRight = MathVerifier.isEquivalent(found, to: reference)
      return Verdict(isRight ? .correct : .wrong, extracted: found)
    }
  }

  /// The reference answer: the column `answer`, else the last box of `solution`, else a `solution`
  /// that is a number.
  /// - Throws: `TaskError.missingColumn`.
  static func reference(of row: [String: JSONValue]) throws -> String {
    if let answer = row["answer"]?.answerText { return BoxedAnswer.last(in: answer) ?? answer }
    if let solution = row["solution"], let answer = solution.answerText {
      if let box = BoxedAnswer.last(in: answer) { return box }
      if solution.string == nil { return answer }
    }
    throw TaskError.missingColumn(
      subject: "the task 'math'", columns: ["answer", "solution (with a \\boxed answer)"],
      present: Array(row.keys))
  }
}
