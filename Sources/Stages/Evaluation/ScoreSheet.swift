import Base
import Foundation
import Runner
import Tasks

/// Completions with their verdicts, and the numbers that tables show.
struct ScoreSheet {
  let problems: Problems
  let completions: Completions
  let verdicts: [Verdict]

  func scores(task: String, verifier: String, template: PromptTemplate) -> Scores {
    Scores(
      completions, verdicts,
      attributes: [
        "task": task, "verifier": verifier, "template": template.name,
        "template_sha256": template.sha256,
      ])
  }

  /// Publishes accuracy with its standard error, the share of each outcome, the share of
  /// completions in the form that training asks for, and lengths.
  /// - Parameter countsUnboxed: whether to publish how much of the accuracy came without a box.
  func publish(to context: StageContext, countsUnboxed: Bool) {
    let total = Double(max(verdicts.count, 1))
    func share(_ isCounted: (Verdict) -> Bool) -> Double {
      Double(verdicts.count(where: isCounted)) / total
    }
    let byProblem = correctByProblem()
    context.publish(share { $0.outcome == .correct }, as: "accuracy")
    if let error = Statistics.clusteredStandardError(byProblem.map { $0.map { $0 ? 1 : 0 } }) {
      context.publish(error, as: "accuracy_standard_error")
    }
    if countsUnboxed {
      context.publish(share { $0.outcome == .correct && $0.isUnboxed }, as: "unboxed")
    }
    for outcome in Outcome.allCases where outcome != .correct {
      context.publish(share { $0.outcome == outcome }, as: outcome.rawValue)
    }
    context.publish(
      share { $0.outcome == .correct || $0.guessed }, as: "accuracy_with_guesses")
    publishFormat(to: context)
    publishLengths(to: context)
    context.publish(Double(problems.count), as: "problems")
    context.publish(Double(byProblem.first?.count ?? 0), as: "samples")
  }

  /// Whether an answer is right and whether it has the form are measured apart: evaluation does not
  /// ask for the form, and reinforcement learning rewards nothing else without it.
  private func publishFormat(to context: StageContext) {
    guard let texts = try? completions.texts, let rate = ResponseFormat.rate(among: texts)
    else { return }
    context.publish(rate, as: "format_rate")
  }

  private func publishLengths(to context: StageContext) {
    guard let lengths = try? completions.tokens, let truncated = try? completions.truncated,
      !lengths.isEmpty
    else { return }
    let count = Double(lengths.count)
    context.publish(Double(lengths.reduce(0, +)) / count, as: "mean_tokens")
    context.publish(Double(truncated.count { $0 }) / count, as: "truncated")
  }

  private func correctByProblem() -> [[Bool]] {
    guard let index = try? completions.problems else { return [] }
    var groups = [[Bool]](repeating: [], count: problems.count)
    for (problem, verdict) in zip(index, verdicts) {
      groups[problem].append(verdict.outcome == .correct)
    }
    return groups
  }
}
