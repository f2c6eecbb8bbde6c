import Runner

/// The tasks whose published rows `dataset` reads.
public enum DatasetTask: String, ParameterChoice {
  /// MATH and MATH-500.
  case math
  /// HumanEval+ (and HumanEval).
  case humanEvalPlus = "humaneval_plus"
  /// MMLU-Pro.
  case mmluPro = "mmlu_pro"
  /// Knights and Knaves.
  case knightsAndKnaves = "knights_and_knaves"

  /// The columns that every row must have.
  var requiredColumns: [String] {
    switch self {
    case .math: ["problem", "solution"]
    case .humanEvalPlus: ["task_id", "prompt", "entry_point", "test"]
    case .mmluPro: ["question_id", "question", "options", "answer", "category"]
    case .knightsAndKnaves: ["quiz", "names", "solution", "index"]
    }
  }

  /// What tells a row from all others, wherever the file lies and in whatever order it is read.
  /// - Parameters:
  ///   - row: the row.
  ///   - number: its place in the file, from 0.
  ///   - file: the file's SHA-256, for rows that carry no id.
  func id(of row: [String: JSONValue], number: Int, file: String) -> String {
    let published: String? =
      switch self {
      case .math: row["unique_id"]?.string
      case .humanEvalPlus: row["task_id"]?.string
      case .mmluPro: row["question_id"].map { $0.string ?? $0.text }
      case .knightsAndKnaves:
        row["index"]?.integer.map { "kk/\(row["names"]?.array?.count ?? 0)/\($0)" }
      }
    return published ?? "\(file.prefix(8))/\(number)"
  }

  /// The text that a problem asks, without any template; nil where the row has none.
  static func question(of row: [String: JSONValue]) -> String? {
    let columns = ["quiz", "problem", "question", "prompt"]
    guard let question = columns.lazy.compactMap({ row[$0]?.string }).first else { return nil }
    // Questions such as "Which of these is true?" differ by their options only.
    let options = row["options"]?.array?.compactMap(\.string) ?? []
    return ([question] + options).joined(separator: "\n")
  }
}
