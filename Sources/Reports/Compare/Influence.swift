import Base
import Foundation
import Tasks

/// What single problems or traces of a training were worth to a value that was measured behind it: with
/// all of them, less with all but one, everything else being equal.
package struct Influence: Sendable {
  /// One that was left out.
  package struct Row: Sendable {
    /// Its number, from 1.
    package let number: Int
    package let id: String
    /// The value without it, as a mean over runs and problems.
    package let without: Double
    /// The value with all, less the one without it, over runs and problems.
    package let worth: Estimate
    /// How many completions were right only with it.
    package let won: Int
    /// How many completions were right only without it.
    package let lost: Int
    /// The worth in each run.
    package let runs: [Double]
  }

  /// What was measured, such as `scores[domain=sums]`.
  package let name: String
  /// The value with all of them.
  package let whole: Double
  /// How many runs it was measured in.
  package let runs: Int
  /// What was worth most comes first.
  package let rows: [Row]
  /// Whether runs agree about which are worth more; nil for a single run or a single row.
  package let agreement: Agreement?

  /// - Parameters:
  ///   - whole: the verdicts of each run with all of them.
  ///   - others: the verdicts of the same runs without one of them.
  /// - Returns: nil where a value is missing, or runs were not measured on the same problems.
  package init?(
    _ name: String, value: String, whole: [ProblemScores],
    without others: [(number: Int, id: String, scores: [ProblemScores])]
  ) {
    guard let problems = whole.first?.problems, !others.isEmpty else { return nil }
    let all = whole + others.flatMap(\.scores)
    guard all.allSatisfy({ $0.problems == problems }) else { return nil }
    let second = whole.compactMap { $0.values(value) }
    guard second.count == whole.count, let mean = Self.mean(second) else { return nil }
    var rows: [Row] = []
    for other in others {
      let first = other.scores.compactMap { $0.values(value) }
      guard first.count == second.count, let without = Self.mean(first),
        let arms = PairedArms(
          first: first, second: second, isShare: ProblemScores.isShare(value),
          samples: whole.compactMap(\.samples).min() ?? 1),
        let worth = arms.difference
      else { return nil }
      let flips = zip(other.scores, whole).map { $1.flips(from: $0) }
      rows.append(
        Row(
          number: other.number, id: other.id, without: without, worth: worth,
          won: flips.reduce(0) { $0 + $1.won }, lost: flips.reduce(0) { $0 + $1.lost },
          runs: zip(first, second).map { (Statistics.mean($1) ?? 0) - (Statistics.mean($0) ?? 0) }))
    }
    self.name = name
    self.whole = mean
    runs = second.count
    self.rows = rows.sorted { ($1.worth.mean, $0.number) < ($0.worth.mean, $1.number) }
    agreement = Agreement(rows.map(\.runs))
  }

  private static func mean(_ runs: [[Double]]) -> Double? {
    Statistics.mean(runs.compactMap(Statistics.mean))
  }
}

extension Influence {
  /// Whether rows differ by more than chance: the mean square between rows over that of what neither rows
  /// nor runs explain (two-way analysis of variance without replication).
  package struct Agreement: Sendable, Equatable {
    package let ratio: Double
    package let rows: Int
    package let runs: Int
    /// How often a ratio at least so large comes about where no row is worth more than another.
    package let probability: Double

    /// - Parameter worth: by row, then by run.
    package init?(_ worth: [[Double]]) {
      let (rows, runs) = (worth.count, worth.first?.count ?? 0)
      guard rows > 1, runs > 1, worth.allSatisfy({ $0.count == runs }) else { return nil }
      let rowMeans = worth.compactMap(Statistics.mean)
      let runMeans = (0..<runs).compactMap { run in Statistics.mean(worth.map { $0[run] }) }
      guard let mean = Statistics.mean(rowMeans) else { return nil }
      let between = rowMeans.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } * Double(runs)
      var rest = 0.0
      for (row, values) in worth.enumerated() {
        for (run, value) in values.enumerated() {
          let residual = value - rowMeans[row] - runMeans[run] + mean
          rest += residual * residual
        }
      }
      let freedom = (Double(rows - 1), Double((rows - 1) * (runs - 1)))
      guard rest > 0 else { return nil }
      ratio = between / freedom.0 / (rest / freedom.1)
      (self.rows, self.runs) = (rows, runs)
      probability = Fisher.tail(above: ratio, freedom: freedom)
    }
  }
}

extension ProblemScores {
  /// Completions that are right here and were not there, and the other way round.
  fileprivate func flips(from other: ProblemScores) -> (won: Int, lost: Int) {
    var (won, lost) = (0, 0)
    for (ours, theirs) in zip(outcomes, other.outcomes) {
      for (one, before) in zip(ours, theirs) {
        if one == .correct, before != .correct { won += 1 }
        if one != .correct, before == .correct { lost += 1 }
      }
    }
    return (won, lost)
  }
}
