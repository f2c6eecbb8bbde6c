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
    let groups = Dictionary(grouping: categories.indices) { Array(categories[$0].utf8) }.values
    let centres = groups.map { group in group.reduce(0) { $0 + means[$1] } / Double(group.count) }
      .sorted()
    let total = centres.reduce(0, +) / Double(groups.count)
    var weighted = values
    for group in groups {
      let centre = group.reduce(0) { $0 + means[$1] } / Double(group.count)
      let weight = Double(values.count) / Double(groups.count * group.count)
      for problem in group {
        weighted[problem] = values[problem].map { total + weight * ($0 - centre) }
      }
    }
    return weighted
  }

  var isOfSeveralCategories: Bool { Set(categories.map { Array($0.utf8) }).count > 1 }
}
