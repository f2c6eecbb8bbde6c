import Base
import OrderedCollections
import Runner

/// An arm's accuracy in two runs, over its seeds.
package struct ArmComparison: Sendable {
  /// The evaluation without its seed, such as `scores[start=warmed]`.
  package let name: String
  /// How many seeds both runs have.
  package let seeds: Int
  /// Mean accuracy of the first run, in per cent.
  package let first: Double
  /// Mean accuracy of the second run, in per cent.
  package let second: Double
  /// The second run's minus the first's, from −1 to 1, over seeds and problems.
  package let difference: Estimate

  /// Groups what both runs have done by what is left of their names without the seed.
  /// Arms in which nothing differs are left out.
  /// - Parameter pairs: an instance of the first run with that of the second; those without completions are left out.
  /// - Throws: what reading completions throws.
  static func all(
    of pairs: [(PlannedInstance, PlannedInstance)]
  ) throws -> [ArmComparison] {
    let arms = OrderedDictionary(grouping: pairs) { arm(of: $0.0.name) }
    return try arms.compactMap { name, pairs in
      guard pairs.contains(where: { $0.0.key != $0.1.key }) else { return nil }
      return ArmComparison(name, try pairs.compactMap(EvaluationComparison.init))
    }
  }

  private init?(_ name: String, _ runs: [EvaluationComparison]) {
    let paired = runs.compactMap { run in run.paired.map { (run.problems, $0) } }
    guard let first = paired.first?.0,
      let arms = PairedArms(
        first: paired.flatMap(\.1.first), second: paired.flatMap(\.1.second), isShare: true,
        samples: paired.map(\.1.samples).min() ?? 1,
        sharesProblems: paired.allSatisfy { $0.0 == first }),
      let difference = arms.difference
    else { return nil }
    self.name = name
    seeds = paired.count
    self.difference = difference
    (self.first, second) = (Self.percent(arms.first), Self.percent(arms.second))
  }

  private static func percent(_ runs: [[Double]]) -> Double {
    let means = runs.map { $0.reduce(0, +) / Double($0.count) }
    return 100 * means.reduce(0, +) / Double(means.count)
  }

  /// `scores[start=base]` of `scores[start=base,seed=1]`.
  package static func arm(of name: String) -> String {
    guard let open = name.firstIndex(of: "["), name.hasSuffix("]") else { return name }
    let coordinates = name[name.index(after: open)...].dropLast()
    let others = coordinates.split(separator: ",").filter {
      $0.wholeMatch(of: /seed=[0-9]+/) == nil
    }
    return name[..<open] + (others.isEmpty ? "" : "[\(others.joined(separator: ","))]")
  }

  /// `+2.2 [−1.0, +5.4]` in points; the interval is left out where there is none.
  package var differenceText: String {
    func points(_ value: Double) -> String { NumberText.signed(100 * value, decimals: 1) }
    let bounds = difference.interval().map {
      " [\(points($0.lowerBound)), \(points($0.upperBound))]"
    }
    return points(difference.mean) + (bounds ?? "")
  }

  /// The cells of a row: the arm, how many seeds, A, B, B − A.
  package var cells: [String] {
    [
      name, "\(seeds)", NumberText.fixed(first, decimals: 1), NumberText.fixed(second, decimals: 1),
      differenceText,
    ]
  }

  static let header = ["Arm", "Seeds", "A, %", "B, %", "B − A, points [95 %]"]
}
