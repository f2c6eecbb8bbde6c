import Foundation
import OrderedCollections

/// The completions of one evaluation with their verdicts.
package struct GradedCompletions: Sendable {
  /// What the verifier said of a completion, and of which it said so.
  package struct Verdict: Sendable {
    /// The problem's id.
    package let problem: String
    /// Which completion of the problem.
    package let sample: Int
    /// The verdict, such as `correct` or `no_answer`.
    package let outcome: String
    /// Whether it counts as right.
    package let isCorrect: Bool

    /// Describes a verdict.
    package init(problem: String, sample: Int, outcome: String, isCorrect: Bool) {
      self.problem = problem
      self.sample = sample
      self.outcome = outcome
      self.isCorrect = isCorrect
    }
  }

  /// What was read and written, beside the verdict.
  package struct Content: Sendable {
    /// What the model read.
    package let prompt: String
    /// What the model wrote.
    package let text: String
    /// What the verifier read as the answer, where it says so.
    package let extracted: String?
    /// How many tokens the model wrote.
    package let tokens: Int?
    /// Whether it was cut off at the limit.
    package let isTruncated: Bool
    /// Whether a guess was credited, as some published verifiers do.
    package let isGuess: Bool
  }

  /// A verdict for each completion.
  package let verdicts: [Verdict]
  private let table: RowTable

  /// Reads `scores.h5` of an artifact's folder.
  /// - Returns: nil where there is no such file, or one without completions.
  /// - Throws: what reading the table throws.
  package init?(folder: URL) throws {
    let file = folder.appending(path: "scores.h5")
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    self.init(table: try RowTable(contentsOf: file))
  }

  /// Takes a table with the columns `completion` and `outcome`.
  package init?(table: RowTable) {
    guard table.columns["completion"] != nil, let outcomes = try? table.strings("outcome")
    else { return nil }
    self.table = table
    let problems = try? table.strings("problem_id")
    let samples = try? table.integers("sample")
    let correct = try? table.booleans("correct")
    verdicts = outcomes.indices.map { row in
      Verdict(
        problem: problems?[row] ?? "\(row)", sample: samples?[row] ?? 0, outcome: outcomes[row],
        isCorrect: correct?[row] ?? (outcomes[row] == "correct"))
    }
  }

  /// What stands in a row beside the verdict.
  package func content(at row: Int) -> Content {
    let fields = table.row(row)
    return Content(
      prompt: fields["prompt"]?.string ?? "", text: fields["completion"]?.string ?? "",
      extracted: fields["extracted"]?.string, tokens: fields["tokens"]?.integer,
      isTruncated: fields["truncated"]?.boolean ?? false,
      isGuess: fields["guessed"]?.boolean ?? false)
  }

  /// How many have each verdict: correct first, then by falling number.
  package var tallies: [(outcome: String, isCorrect: Bool, count: Int)] {
    Dictionary(grouping: verdicts, by: \.outcome)
      .map { (outcome: $0.key, isCorrect: $0.key == "correct", count: $0.value.count) }
      .sorted { a, b in
        (a.isCorrect ? 0 : 1, -a.count, a.outcome) < (b.isCorrect ? 0 : 1, -b.count, b.outcome)
      }
  }
}
