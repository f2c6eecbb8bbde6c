import Runner

/// A family of small problems for models that are trained from nothing in minutes.
public enum MiniatureDomain: String, ParameterChoice {
  /// Sums, differences and products, in the columns of MATH.
  case arithmetic
  /// Multiple choice about numbers, in the columns of MMLU-Pro.
  case choice

  /// The levels of difficulty that a domain has.
  package static let levels = 1...5

  /// The task whose prompts and verifier fit the rows.
  package var task: String {
    switch self {
    case .arithmetic: "math"
    case .choice: "mmlu_pro"
    }
  }

  /// The columns that come first in tables.
  package var order: [String] {
    switch self {
    case .arithmetic: ["id", "problem", "solution", "answer", "level", "type"]
    case .choice:
      ["id", "question_id", "question", "options", "answer", "answer_index", "category"]
    }
  }

  /// Every problem of a level, always in the same order.
  package func rows(level: Int) -> [[String: JSONValue]] {
    switch self {
    case .arithmetic: ArithmeticProblem.all(level: level).enumerated().map { $1.row($0) }
    case .choice: ChoiceProblem.all(level: level).enumerated().map { $1.row($0) }
    }
  }

  /// Different problems of some levels in random order.
  /// - Throws: `StageError.failed` where there are not so many.
  package func rows(_ count: Int, levels: [Int], seed: Int) throws -> [[String: JSONValue]] {
    let all = levels.flatMap { rows(level: $0) }
    guard count <= all.count else {
      throw StageError.failed(
        "the domain \(rawValue) has only \(all.count) problems of level "
          + "\(levels.map(String.init).joined(separator: ", ")); lower 'count' or add levels")
    }
    var random = NumpyRandom(seed: seed, stream: "miniature " + rawValue)
    return random.elements(count, of: all)
  }
}
