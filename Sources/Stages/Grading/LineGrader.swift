import Foundation
import Runner

/// Grades lines of completions, so that what other programs sampled can be judged too.
public struct LineGrader: Sendable {
  /// Writes a verdict, or says what is wrong with a line.
  public enum Answer: Sendable {
    /// One JSON object for a line that was graded.
    case verdict(Outcome, JSONValue)
    /// A line that was not graded.
    case refused(GradingLineError)
  }

  private let task: any TaskDefinition
  private let rules: GradingRules
  private let verifier: String

  /// Grades by a task's rules.
  /// - Throws: `TaskError` for an unknown verifier.
  public init(_ task: any TaskDefinition, _ rules: GradingRules) throws {
    self.task = task
    self.rules = rules
    verifier = try task.verifier(named: rules.verifier)
  }

  /// Answers lines in their order; the first has the given number. Blank lines are passed over.
  ///
  /// May block, and must not be called from a Swift task.
  /// - Throws: `SandboxError` and the like, where the verifier itself cannot work.
  public func grade(_ lines: [(number: Int, bytes: Data)]) throws -> [Answer] {
    var answers: [Answer?] = []
    var read: [(place: Int, line: GradingLine)] = []
    for line in lines where !line.bytes.allSatisfy({ [0x20, 0x0D, 0x09].contains($0) }) {
      do {
        read.append(
          (answers.count, try GradingLine(line.bytes, number: line.number, task: task)))
        answers.append(nil)
      } catch let error as GradingLineError {
        answers.append(.refused(error))
      }
    }
    for (entry, answer) in zip(read, try judge(read.map(\.line))) { answers[entry.place] = answer }
    return answers.compactMap { $0 }
  }

  /// Judges all lines at once, or one by one where a row lacks what the task needs.
  private func judge(_ lines: [GradingLine]) throws -> [Answer] {
    do {
      let verdicts = try task.grade(lines.map(\.item), rules)
      return zip(lines, verdicts).map { .verdict($1.outcome, object($0, $1)) }
    } catch let error as TaskError {
      guard lines.count > 1 else {
        return lines.map {
          .refused(GradingLineError(line: $0.number, problem: "cannot be graded: \(error)"))
        }
      }
      return try lines.flatMap { try judge([$0]) }
    }
  }

  private func object(_ line: GradingLine, _ verdict: Verdict) -> JSONValue {
    var fields: [String: JSONValue] = [
      "id": line.id, "verdict": .string(verdict.outcome.rawValue), "verifier": .string(verifier),
      "extracted": verdict.extracted.map(JSONValue.string) ?? .null,
    ]
    if rules.use == .train {
      fields["reward"] = .number(task.defaultRewards.reward(for: verdict.outcome))
    } else if verdict.outcome == .noAnswer {
      fields["guessed"] = .boolean(verdict.guessed)
    }
    return .object(fields)
  }
}
