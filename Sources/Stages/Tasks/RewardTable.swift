import Runner

/// The reward of each outcome. A recipe may set some; the rest come from the task.
public struct RewardTable: ParameterSet, Hashable {
  /// For a right answer.
  public var correct: Double?
  /// For a wrong answer.
  public var wrong: Double?
  /// Where no answer can be read.
  public var noAnswer: Double?
  /// For a completion that breaks the format.
  public var badFormat: Double?
  /// For a program that runs out of time.
  public var timeout: Double?

  /// Nothing set: every reward as the task has it.
  public init() {}

  /// Sets every reward.
  public init(correct: Double, wrong: Double, noAnswer: Double, badFormat: Double, timeout: Double)
  {
    self.correct = correct
    self.wrong = wrong
    self.noAnswer = noAnswer
    self.badFormat = badFormat
    self.timeout = timeout
  }

  /// The keys in a recipe.
  public static var fields: [Field<RewardTable>] {
    [
      Field("correct", \.correct, "reward of a right answer; the task's own where not set"),
      Field("wrong", \.wrong, "reward of a wrong answer; the task's own where not set"),
      Field(
        "no_answer", \.noAnswer, "reward where no answer can be read; the task's own where not set"),
      Field(
        "bad_format", \.badFormat, "reward of a broken format; the task's own where not set"),
      Field(
        "timeout", \.timeout, "reward of a program out of time; the task's own where not set"),
    ]
  }

  /// This table with what it leaves open taken from another.
  public func completed(from defaults: RewardTable) -> RewardTable {
    var table = self
    table.correct = correct ?? defaults.correct
    table.wrong = wrong ?? defaults.wrong
    table.noAnswer = noAnswer ?? defaults.noAnswer
    table.badFormat = badFormat ?? defaults.badFormat
    table.timeout = timeout ?? defaults.timeout
    return table
  }

  /// The reward of an outcome; 0 where the table leaves it open.
  public func reward(for outcome: Outcome) -> Double {
    switch outcome {
    case .correct: correct ?? 0
    case .wrong: wrong ?? 0
    case .noAnswer: noAnswer ?? 0
    case .badFormat: badFormat ?? 0
    case .timeout: timeout ?? 0
    }
  }
}
