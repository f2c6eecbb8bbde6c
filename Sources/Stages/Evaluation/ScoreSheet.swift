import Base
import Foundation
import Runner
import Tasks

/// Completions with their verdicts, and the numbers that tables show.
struct ScoreSheet {
  let scores: Scores
  private let verdicts: [Verdict]

  /// Joins completions with what is known of them and of their problems.
  /// - Throws: `RowTableError` for completions that lack a column.
  init(
    _ completions: Completions, _ verdicts: [Verdict], of problems: Problems,
    _ task: any TaskDefinition, verifier: String, template: PromptTemplate
  ) throws {
    scores = try Scores(
      completions, verdicts, of: problems, task,
      attributes: [
        "task": task.name, "verifier": verifier, "template": template.name,
        "template_sha256": template.sha256,
      ])
    self.verdicts = verdicts
  }

  /// Publishes accuracy with its standard error, the share of each outcome, form and ability apart,
  /// and lengths. A mean over no completions is published as null: there is none.
  /// - Parameter countsUnboxed: whether to publish how much of the accuracy came without a box.
  func publish(to context: StageContext, countsUnboxed: Bool) throws {
    for (name, value) in try Self.values(of: scores) { context.publish(fact: value, as: name) }
    if countsUnboxed {
      let unboxed = verdicts.map { $0.outcome == .correct && $0.isUnboxed }
      context.publish(Self.share(unboxed) ?? 0, as: "unboxed")
    }
  }

  /// The values that follow from the rows. Of rows that another version wrote, and that lack a column,
  /// those that do without it.
  static func values(of scores: Scores) throws -> [String: JSONValue] {
    let outcomes = try scores.outcomes
    let right = outcomes.map { $0 == .correct }
    var values: [String: Double?] = ["accuracy": share(right) ?? 0]
    for outcome in Outcome.allCases where outcome != .correct {
      values[outcome.rawValue] = share(outcomes.map { $0 == outcome }) ?? 0
    }
    if let guessed = try? scores.guessed {
      values["accuracy_with_guesses"] = share(zip(right, guessed).map { $0 || $1 }) ?? 0
    }
    if let problems = try? scores.problems {
      let groups = Dictionary(grouping: problems.indices) { problems[$0] }
        .sorted { $0.key < $1.key }.map { $0.value.map { right[$0] ? 1.0 : 0 } }
      values["problems"] = Double(groups.count)
      values["samples"] = Double(groups.first?.count ?? 0)
      if let error = Statistics.clusteredStandardError(groups) {
        values["accuracy_standard_error"] = error
      }
    }
    values.merge(ability(right, scores)) { $1 }
    values.merge(lengths(right, scores)) { $1 }
    if let numbers = try? scores.numbers {
      values.updateValue(Statistics.mean(numbers.filter(\.isFinite)), forKey: "number")
    }
    return values.mapValues { $0.map { .number($0) } ?? .null }
  }

  /// Whether an answer is right and whether it has the form are measured apart: evaluation does not
  /// ask for the form, and reinforcement learning rewards nothing else without it.
  private static func ability(_ right: [Bool], _ scores: Scores) -> [String: Double?] {
    guard let isInForm = try? scores.inForm, let worked = try? scores.worked else { return [:] }
    let inForm = right.indices.filter { isInForm[$0] }
    let accuracy = share(inForm.map { right[$0] })
    var values: [String: Double?] = [:]
    values.updateValue(share(isInForm), forKey: "format_rate")
    values.updateValue(share(worked), forKey: "worked")
    values.updateValue(accuracy, forKey: "accuracy_in_form")
    values.updateValue(
      share(right.indices.filter { worked[$0] }.map { right[$0] }), forKey: "accuracy_worked")
    // Where a problem has no chance level, the whole has none.
    guard let chances = try? scores.chances, chances.allSatisfy(\.isFinite) else { return values }
    values.updateValue(Statistics.mean(chances), forKey: "chance")
    let chance = Statistics.mean(inForm.map { chances[$0] })
    values.updateValue(
      accuracy.flatMap { rate in chance.map { rate - $0 } }, forKey: "above_chance")
    return values
  }

  private static func lengths(_ right: [Bool], _ scores: Scores) -> [String: Double?] {
    guard let lengths = try? scores.tokens.map(Double.init), let truncated = try? scores.truncated
    else { return [:] }
    var values: [String: Double?] = [:]
    values.updateValue(Statistics.mean(lengths), forKey: "mean_tokens")
    for (name, isCounted) in [("mean_tokens_right", true), ("mean_tokens_wrong", false)] {
      let counted = zip(lengths, right).filter { $1 == isCounted }.map(\.0)
      values.updateValue(Statistics.mean(counted), forKey: name)
    }
    values.updateValue(share(truncated), forKey: "truncated")
    return values
  }

  /// nil for none.
  private static func share(_ flags: [Bool]) -> Double? {
    flags.isEmpty ? nil : Double(flags.count { $0 }) / Double(flags.count)
  }
}
