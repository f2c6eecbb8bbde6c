/// How often each pair of verdicts came: of one arm and of another on the same problem and sample.
package struct VerdictConfusion: Sendable, Equatable {
  /// A verdict of the first arm with one of the second.
  package struct Pair: Hashable, Sendable {
    /// The first arm's verdict.
    package let first: String
    /// The second arm's verdict.
    package let second: String

    /// Pairs two verdicts.
    package init(first: String, second: String) {
      self.first = first
      self.second = second
    }
  }

  /// The pairs with their numbers.
  package private(set) var counts: [Pair: Int] = [:]
  /// How many samples only one of the arms has.
  package private(set) var unpaired = 0

  /// Nothing counted yet.
  package init() {}

  /// Counts the pairs of two tables with the columns `problem_id`, `sample` and `outcome`.
  /// - Throws: what reading the columns throws.
  package mutating func add(_ first: RowTable, _ second: RowTable) throws {
    let verdicts = try Self.verdicts(second)
    var missing = Set(verdicts.keys)
    for (sample, verdict) in try Self.verdicts(first) {
      if let other = verdicts[sample] {
        counts[Pair(first: verdict, second: other), default: 0] += 1
        missing.remove(sample)
      } else {
        unpaired += 1
      }
    }
    unpaired += missing.count
  }

  private struct Sample: Hashable {
    let problem: String
    let number: Int
  }

  private static func verdicts(_ table: RowTable) throws -> [Sample: String] {
    let samples = zip(try table.strings("problem_id"), try table.integers("sample"))
      .map { Sample(problem: $0, number: $1) }
    return Dictionary(zip(samples, try table.strings("outcome"))) { $1 }
  }

  /// The verdicts that came up: `correct` first, the others by falling number.
  package var verdicts: [String] {
    var totals: [String: Int] = [:]
    for (pair, count) in counts {
      totals[pair.first, default: 0] += count
      totals[pair.second, default: 0] += count
    }
    return totals.sorted { a, b in
      (a.key == "correct" ? 0 : 1, -a.value, a.key) < (b.key == "correct" ? 0 : 1, -b.value, b.key)
    }.map(\.key)
  }

  /// How many pairs have the given verdicts; nil stands for any.
  package func count(_ first: String?, _ second: String?) -> Int {
    counts.reduce(0) { sum, entry in
      let isMeant =
        (first == nil || entry.key.first == first) && (second == nil || entry.key.second == second)
      return sum + (isMeant ? entry.value : 0)
    }
  }
}
