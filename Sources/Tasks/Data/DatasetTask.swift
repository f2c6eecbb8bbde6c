import Base
import Foundation

/// The tasks whose published rows `dataset` reads.
package enum DatasetTask: String, Sendable, CaseIterable {
  /// MATH and MATH-500.
  case math
  case humanEvalPlus = "humaneval_plus"
  case mmluPro = "mmlu_pro"
  case knightsAndKnaves = "knights_and_knaves"
  /// Rows that a verifier of the recipe's own judges.
  case process

  /// What tells a row from all others, wherever the file lies and in whatever order it is read.
  /// - Parameters:
  ///   - row: the row.
  ///   - number: its place in the file, from 0.
  ///   - file: the file's SHA-256, for rows that carry no id.
  package func id(of row: [String: JSONValue], number: Int, file: String) -> String {
    let published: String? =
      switch self {
      case .math: row["unique_id"]?.string
      case .humanEvalPlus: row["task_id"]?.string
      case .process: nil
      case .mmluPro: row["question_id"].map { $0.string ?? $0.text }
      case .knightsAndKnaves:
        row["index"]?.integer.map { "kk/\(row["names"]?.array?.count ?? 0)/\($0)" }
      }
    return published ?? "\(file.prefix(8))/\(number)"
  }

  /// The text that a problem asks, without any template; nil where the row has none.
  static func question(of row: [String: JSONValue]) -> String? {
    let texts = Problems.questionColumns.lazy.compactMap { row[$0]?.string }
    guard let question = texts.first else { return nil }
    // Questions such as "Which of these is true?" differ by their options only.
    return ([question] + Problems.options(of: row)).joined(separator: "\n")
  }
}
