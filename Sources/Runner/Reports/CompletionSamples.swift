import Foundation
import OrderedCollections

/// The first completions of an instance that graded some, for people to read.
package struct CompletionSamples: Sendable {
  /// One completion with its verdict.
  package struct Sample: Sendable {
    /// Which problem and which sample of it.
    let name: String
    /// The verdict, such as `correct` or `no_answer`.
    let outcome: String
    /// Whether it counts as right.
    let isCorrect: Bool
    /// Facts in a few words, such as the number of tokens.
    let facts: [String]
    /// What the verifier read as the answer, and what it should be, where the table says so.
    let answers: [(String, String)]
    /// What the model read.
    let prompt: String
    /// What the model wrote.
    let completion: String
  }

  /// The completions shown.
  package let shown: [Sample]
  /// How many there are.
  package let count: Int
  /// How many have each verdict: correct first, then by falling number.
  package let tallies: [(outcome: String, isCorrect: Bool, count: Int)]

  /// Reads `scores.h5` of an instance.
  /// - Returns: nil where the instance has no such file, or one without completions.
  /// - Throws: what reading the table throws.
  package init?(of result: InstanceResult, limit: Int) throws {
    let file = result.folder.appending(path: "scores.h5")
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    self.init(table: try RowTable(contentsOf: file), limit: limit)
  }

  /// Takes the first rows of a table with the columns `completion` and `outcome`.
  package init?(table: RowTable, limit: Int) {
    guard table.columns["completion"] != nil,
      let outcomes = try? table.strings("outcome")
    else { return nil }
    count = table.count
    shown = (0..<min(limit, table.count)).map { Sample(row: table.row($0)) }
    tallies = Dictionary(grouping: outcomes) { $0 }
      .map { (outcome: $0.key, isCorrect: $0.key == "correct", count: $0.value.count) }
      .sorted { a, b in
        (a.isCorrect ? 0 : 1, -a.count, a.outcome) < (b.isCorrect ? 0 : 1, -b.count, b.outcome)
      }
  }
}

extension CompletionSamples.Sample {
  fileprivate init(row: [String: JSONValue]) {
    func text(_ column: String) -> String? {
      guard let value = row[column], value != .null else { return nil }
      return value.string ?? value.text
    }
    name = [text("problem_id"), text("sample").map { "sample \($0)" }]
      .compactMap(\.self).joined(separator: ", ")
    outcome = text("outcome") ?? "no verdict"
    isCorrect = row["correct"]?.boolean ?? (outcome == "correct")
    prompt = text("prompt") ?? ""
    completion = text("completion") ?? ""
    facts =
      [
        text("tokens").map { "\($0) tokens" },
        row["truncated"]?.boolean == true ? "cut off at the limit" : nil,
        row["guessed"]?.boolean == true ? "a guess, credited" : nil,
      ].compactMap(\.self)
    answers = [("Extracted answer", "extracted"), ("Expected answer", "answer")]
      .compactMap { title, column in text(column).map { (title, $0.isEmpty ? "–" : $0) } }
  }
}
