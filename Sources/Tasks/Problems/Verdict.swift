/// What a verifier says of a completion; always exactly one of these.
package enum Outcome: String, Sendable, Hashable, CaseIterable {
  case correct
  /// There is an answer, and it is not right.
  case wrong
  case noAnswer = "no_answer"
  /// The completion breaks the format that training asks for.
  case badFormat = "bad_format"
  /// The time was up before the tests had ended.
  case timeout

  /// The verdict for people, such as `no answer`.
  package var words: String { rawValue.replacing("_", with: " ") }
}

/// A verifier's judgement of one completion.
package struct Verdict: Sendable, Hashable {
  package let outcome: Outcome
  /// The answer that was read, as the completion writes it.
  package let extracted: String?
  /// Whether a random guess in place of a missing answer hits, as the paper's evaluation credits
  /// it. Kept apart: `outcome` stays `noAnswer`.
  package let guessed: Bool
  /// Whether the answer was found without a box, by a task whose evaluation does without one.
  package let isUnboxed: Bool
  /// What a recipe's own verifier says beside the outcome, such as partial credit.
  package let number: Double?

  package init(
    _ outcome: Outcome, extracted: String? = nil, guessed: Bool = false, isUnboxed: Bool = false,
    number: Double? = nil
  ) {
    self.outcome = outcome
    self.extracted = extracted
    self.guessed = guessed
    self.isUnboxed = isUnboxed
    self.number = number
  }
}

/// The reward of each outcome. A recipe may set some; the rest come from the task.
package struct RewardTable: Sendable, Hashable {
  package var correct: Double?
  package var wrong: Double?
  package var noAnswer: Double?
  package var badFormat: Double?
  /// For a program that runs out of time.
  package var timeout: Double?

  /// Nothing set: every reward as the task has it.
  package init() {}

  package init(correct: Double, wrong: Double, noAnswer: Double, badFormat: Double, timeout: Double)
  {
    self.correct = correct
    self.wrong = wrong
    self.noAnswer = noAnswer
    self.badFormat = badFormat
    self.timeout = timeout
  }

  /// This table with what it leaves open taken from another.
  package func completed(from defaults: RewardTable) -> RewardTable {
    var table = self
    table.correct = correct ?? defaults.correct
    table.wrong = wrong ?? defaults.wrong
    table.noAnswer = noAnswer ?? defaults.noAnswer
    table.badFormat = badFormat ?? defaults.badFormat
    table.timeout = timeout ?? defaults.timeout
    return table
  }

  /// The reward of an outcome; 0 where the table leaves it open.
  package func reward(for outcome: Outcome) -> Double {
    switch outcome {
    case .correct: correct ?? 0
    case .wrong: wrong ?? 0
    case .noAnswer: noAnswer ?? 0
    case .badFormat: badFormat ?? 0
    case .timeout: timeout ?? 0
    }
  }
}
