import Base
import Runner
import Tasks

/// Means over the categories of problems: each category counts the same, however many problems it
/// has. The paper's number for MMLU-Pro is such a mean.
extension ProblemScores {
  private static let macroEnding = "_macro"

  /// The name of a value as a mean over categories, such as `accuracy_macro`.
  static func macroName(of name: String) -> String {
    plainName(ofMacro: name) == nil ? name + macroEnding : name
  }

  /// `accuracy` of `accuracy_macro`; nil for a name of another form, and for means over some of the
  /// completions, which a category may not have.
  static func plainName(ofMacro name: String) -> String? {
    guard name.hasSuffix(macroEnding) else { return nil }
    let plain = String(name.dropLast(macroEnding.count))
    return ratioNames.contains(plain) ? nil : plain
  }

  /// Values so weighted that their mean over problems is the mean over categories: M + P / (C nᶜ) ·
  /// (v − mᶜ) for a value v of one of the nᶜ problems of a category with the mean mᶜ, of P problems
  /// and C categories. The clustered standard error of their mean is then that of the stratified
  /// mean, the categories being given. Problems without a category are one of their own.
  /// - Parameter values: values of each problem.
  func macro(_ values: [[Double]]) -> [[Double]]? {
    guard isOfSeveralCategories else { return values }
    let means = values.compactMap { Statistics.mean($0) }
    guard means.count == values.count else { return nil }
    let weights = macroWeights
    let total = zip(weights, means).reduce(0) { $0 + $1.0 * $1.1 } / Double(means.count)
    let keys = categories.map { Array($0.utf8) }
    let centres = Dictionary(grouping: keys.indices) { keys[$0] }.mapValues { group in
      group.reduce(0) { $0 + means[$1] } / Double(group.count)
    }
    return values.indices.map { problem in
      values[problem].map { total + weights[problem] * ($0 - centres[keys[problem], default: 0]) }
    }
  }

  /// What each problem weighs in such a mean, 1 on average.
  private var macroWeights: [Double] {
    let keys = categories.map { Array($0.utf8) }
    let sizes = Dictionary(grouping: keys) { $0 }.mapValues(\.count)
    return keys.map { Double(keys.count) / Double(sizes.count * (sizes[$0] ?? 1)) }
  }

  /// As how many problems they count, if each is as uncertain (Kish 1965).
  var macroCount: Double {
    guard isOfSeveralCategories else { return Double(problems.count) }
    let squares = macroWeights.reduce(0) { $0 + $1 * $1 }
    return Double(problems.count * problems.count) / squares
  }

  var isOfSeveralCategories: Bool { Set(categories.map { Array($0.utf8) }).count > 1 }
}
