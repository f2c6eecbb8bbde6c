import Base
import Tasks

/// Values that are means over some of the completions, such as the accuracy of those in form: ratios
/// of two sums over all of them.
extension ProblemScores {
  static let ratioNames = [
    "accuracy_in_form", "accuracy_worked", "above_chance", "mean_tokens_right",
    "mean_tokens_wrong",
  ]
  /// The ratios that are rates: how many of those that count are right.
  private static let rateNames: Set<String> = ["accuracy_in_form", "accuracy_worked"]

  /// What a completion adds above and below the line of a ratio.
  struct RatioTerm {
    let above: Double
    /// 1 for a completion that counts, else 0.
    let below: Double

    init(_ value: Double, counts: Bool) {
      above = counts ? value : 0
      below = counts ? 1 : 0
    }
  }

  /// The terms of a ratio, by problem; nil for another name, or where a column is missing.
  func ratioTerms(_ name: String) -> [[RatioTerm]]? {
    func terms(
      needing columns: [Bool], _ term: (_ problem: Int, _ completion: Int) -> RatioTerm
    ) -> [[RatioTerm]]? {
      guard columns.allSatisfy({ $0 }) else { return nil }
      return outcomes.enumerated().map { problem, row in row.indices.map { term(problem, $0) } }
    }
    func right(_ problem: Int, _ completion: Int) -> Double {
      outcomes[problem][completion] == .correct ? 1 : 0
    }
    switch name {
    case "accuracy_in_form":
      return terms(needing: [!inForm.isEmpty]) {
        RatioTerm(right($0, $1), counts: inForm[$0][$1])
      }
    case "accuracy_worked":
      return terms(needing: [!worked.isEmpty]) {
        RatioTerm(right($0, $1), counts: worked[$0][$1])
      }
    case "above_chance":
      return terms(needing: [!inForm.isEmpty, !chances.isEmpty]) {
        RatioTerm(right($0, $1) - chances[$0][$1], counts: inForm[$0][$1])
      }
    case "mean_tokens_right", "mean_tokens_wrong":
      let wanted: Double = name == "mean_tokens_right" ? 1 : 0
      return terms(needing: [!tokens.isEmpty]) {
        RatioTerm(tokens[$0][$1], counts: right($0, $1) == wanted)
      }
    default: return nil
    }
  }

  /// A ratio as a value of each completion, by Taylor's first order: r + (above − r · below) / the
  /// mean of below. Their mean is the ratio r, and the clustered standard error of their mean is
  /// that of the ratio (Särndal, Swensson and Wretman 1992, section 5.5); paired differences of two
  /// arms work likewise. Values may lie below 0 or above 1.
  /// - Returns: nil where nothing stands below the line.
  static func linearised(_ terms: [[RatioTerm]]) -> [[Double]]? {
    func mean(_ part: (RatioTerm) -> Double) -> Double {
      Statistics.mean(terms.compactMap { Statistics.mean($0.map(part)) }) ?? 0
    }
    let below = mean(\.below)
    guard below > 0 else { return nil }
    let ratio = mean(\.above) / below
    return terms.map { $0.map { ratio + ($0.above - ratio * $0.below) / below } }
  }
}

extension ProblemScores {
  /// As how many independent answers the linearised values of some runs can count; nil for other
  /// values, and for those that have no limits.
  static func linearisedCounts(_ name: String, of runs: [ProblemScores]) -> LinearisedCounts? {
    if let plain = plainName(ofMacro: name), isShare(plain) {
      let least = runs.map(\.macroCount).min() ?? 0
      let means = runs.compactMap { $0.values(plain) }
      guard means.count == runs.count, let answers = runs.map({ $0.samples ?? 1 }).min()
      else { return nil }
      let all = means.flatMap(\.self)
      return LinearisedCounts(
        least: least, most: least * Double(answers * runs.count),
        differing: min(all.count { $0 > 0 }, all.count { $0 < 1 }) / runs.count)
    }
    guard rateNames.contains(name) else { return nil }
    var problems: [[UInt8]: (right: Double, count: Double)] = [:]
    for run in runs {
      guard let terms = run.ratioTerms(name) else { return nil }
      for (id, row) in zip(run.problems, terms) {
        problems[Array(id.utf8), default: (0, 0)].right += row.reduce(0) { $0 + $1.above }
        problems[Array(id.utf8), default: (0, 0)].count += row.reduce(0) { $0 + $1.below }
      }
    }
    let counted = problems.values.filter { $0.count > 0 }
    return LinearisedCounts(
      least: Double(counted.count), most: counted.reduce(0) { $0 + $1.count },
      differing: min(counted.count { $0.right > 0 }, counted.count { $0.right < $0.count }))
  }
}
