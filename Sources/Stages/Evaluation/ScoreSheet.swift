import Base
import Foundation
import Runner
import Tasks

/// Completions with their verdicts, and the numbers that tables show.
struct ScoreSheet {
  let scores: Scores
  private let problems: Int
  private let verdicts: [Verdict]
  private let isInForm: [Bool]
  private let worked: [Bool]

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
    self.problems = problems.count
    self.verdicts = verdicts
    isInForm = try scores.inForm
    worked = try scores.worked
  }

  /// Publishes accuracy with its standard error, the share of each outcome, form and ability apart,
  /// and lengths. A mean over no completions is published as null: there is none.
  /// - Parameter countsUnboxed: whether to publish how much of the accuracy came without a box.
  func publish(to context: StageContext, countsUnboxed: Bool) {
    let right = verdicts.map { $0.outcome == .correct }
    let byProblem = byProblem(right)
    context.publish(Self.share(right) ?? 0, as: "accuracy")
    if let error = Statistics.clusteredStandardError(byProblem.map { $0.map { $0 ? 1 : 0 } }) {
      context.publish(error, as: "accuracy_standard_error")
    }
    if countsUnboxed {
      let unboxed = verdicts.map { $0.outcome == .correct && $0.isUnboxed }
      context.publish(Self.share(unboxed) ?? 0, as: "unboxed")
    }
    for outcome in Outcome.allCases where outcome != .correct {
      context.publish(
        Self.share(verdicts.map { $0.outcome == outcome }) ?? 0, as: outcome.rawValue)
    }
    let credited = verdicts.map { $0.outcome == .correct || $0.guessed }
    context.publish(Self.share(credited) ?? 0, as: "accuracy_with_guesses")
    publishAbility(right, to: context)
    publishLengths(right, to: context)
    context.publish(Double(problems), as: "problems")
    context.publish(Double(byProblem.first?.count ?? 0), as: "samples")
  }

  /// Whether an answer is right and whether it has the form are measured apart: evaluation does not
  /// ask for the form, and reinforcement learning rewards nothing else without it.
  private func publishAbility(_ right: [Bool], to context: StageContext) {
    publish(Self.share(isInForm), as: "format_rate", to: context)
    publish(Self.share(worked), as: "worked", to: context)
    let inForm = verdicts.indices.filter { isInForm[$0] }
    let accuracy = Self.share(inForm.map { right[$0] })
    publish(accuracy, as: "accuracy_in_form", to: context)
    let amongWorked = verdicts.indices.filter { worked[$0] }.map { right[$0] }
    publish(Self.share(amongWorked), as: "accuracy_worked", to: context)
    // Where a problem has no chance level, the whole has none.
    guard let chances = try? scores.chances, chances.allSatisfy(\.isFinite) else { return }
    publish(Statistics.mean(chances), as: "chance", to: context)
    let chance = Statistics.mean(inForm.map { chances[$0] })
    publish(accuracy.flatMap { rate in chance.map { rate - $0 } }, as: "above_chance", to: context)
  }

  private func publishLengths(_ right: [Bool], to context: StageContext) {
    guard let lengths = try? scores.tokens.map(Double.init), let truncated = try? scores.truncated
    else { return }
    publish(Statistics.mean(lengths), as: "mean_tokens", to: context)
    for (name, isCounted) in [("mean_tokens_right", true), ("mean_tokens_wrong", false)] {
      let counted = zip(lengths, right).filter { $1 == isCounted }.map(\.0)
      publish(Statistics.mean(counted), as: name, to: context)
    }
    publish(Self.share(truncated), as: "truncated", to: context)
  }

  private func publish(_ value: Double?, as name: String, to context: StageContext) {
    context.publish(fact: value.map { .number($0) } ?? .null, as: name)
  }

  /// nil for none.
  private static func share(_ flags: [Bool]) -> Double? {
    flags.isEmpty ? nil : Double(flags.count { $0 }) / Double(flags.count)
  }

  private func byProblem(_ right: [Bool]) -> [[Bool]] {
    guard let index = try? scores.problems else { return [] }
    var groups = [[Bool]](repeating: [], count: problems)
    for (problem, isRight) in zip(index, right) { groups[problem].append(isRight) }
    return groups
  }
}
