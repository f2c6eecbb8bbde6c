import Base

/// A rate over problems, each answered once or several times, with bounds that hold for few
/// problems and near 0 and 1 as well.
///
/// The answers to one problem are alike, so they count as fewer independent ones: as many as give
/// a binomial rate the variance that is seen between problems (Korn and Graubard 1998). Where few
/// problems differ from the rest that variance is hardly known, and it is drawn towards the case in
/// which a problem's answers are all the same, with the weight of one such problem. The bounds are
/// the exact binomial ones (Clopper and Pearson 1934) with mid-P (Lancaster 1961), at that number.
package struct ClusteredRate: Sendable, Equatable {
  /// The share of all answers that count.
  package let rate: Double
  /// How many problems there are.
  package let problems: Int
  /// As how many independent answers they count: between the numbers of problems and of answers.
  package let effectiveCount: Double

  /// Takes how many answers count, of how many, for each problem; fractions may count.
  /// - Returns: nil where there are no answers, or a number makes no sense.
  package init?(counted: [Double], of answers: [Double]) {
    let clusters = zip(counted, answers).filter { $1 > 0 }
    let total = clusters.reduce(0) { $0 + $1.1 }
    guard total > 0, counted.count == answers.count,
      clusters.allSatisfy({ $0 >= 0 && $0 <= $1 * (1 + 1e-12) })
    else { return nil }
    problems = clusters.count
    let count = Double(problems)
    let rate = min(1, clusters.reduce(0) { $0 + $1.0 } / total)
    self.rate = rate
    let most = rate * (1 - rate)
    guard most > 0 else {
      effectiveCount = count
      return
    }
    // A ratio's residuals; with equally many answers each, the problems' deviations from the rate.
    let mean = total / count
    let squares = clusters.reduce(0.0) { sum, cluster in
      let residual = (cluster.0 - rate * cluster.1) / mean
      return sum + residual * residual
    }
    let differing = Double(
      min(clusters.count { $0.0 > 0 }, clusters.count { $0.0 < $0.1 }))
    let variance = (differing * squares / count + most) / (differing + 1)
    effectiveCount = min(max(most * count / variance, count), max(total, count))
  }

  /// Takes linearised values, whose mean is the rate, one for each problem.
  package init(linearised values: [Double], _ counts: LinearisedCounts) {
    problems = values.count
    let mean = values.reduce(0, +) / Double(max(values.count, 1))
    let rate = min(max(mean, 0), 1)
    self.rate = rate
    // What a mean of 0 or 1 leaves of rounding is no variance.
    let most = rate * (1 - rate)
    guard most > 1e-12 else {
      effectiveCount = counts.least
      return
    }
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let variance = squares / Double(values.count * values.count) * counts.least
    let differing = Double(counts.differing)
    let drawn = (differing * variance + most) / (differing + 1)
    effectiveCount = min(max(most * counts.least / drawn, counts.least), counts.most)
  }

  /// Takes the mean of passes over problems, of which nothing else is known but how far passes lie
  /// apart.
  ///
  /// What problems differ in and the noise of single answers have a variance of p (1 − p) together,
  /// if each pass has one answer per problem, and less if it has more. Noise is what passes differ
  /// in, and their mean holds only its share of it.
  /// - Parameter deviation: of the passes' rates; one pass has none.
  /// - Returns: nil for a number that is no rate, or no problems.
  package init?(rate: Double, problems: Int, passes: Int = 1, deviation: Double = 0) {
    guard (0...1).contains(rate), problems > 0, passes > 0 else { return nil }
    self.rate = rate
    self.problems = problems
    let most = rate * (1 - rate)
    let one = most / Double(problems)
    let (noise, count) = (deviation * deviation, Double(passes))
    let variance = max(one - noise * (1 - 1 / count), one / count, noise / count)
    effectiveCount = variance > 0 ? most / variance : Double(problems)
  }

  /// Takes a value from 0 to 1 for each problem, the mean of as many answers.
  package init?(_ values: [Double], answers: Double) {
    self.init(
      counted: values.map { $0 * answers }, of: values.map { _ in answers })
  }

  /// The variance of the rate over draws of problems.
  var variance: Double { rate * (1 - rate) / effectiveCount }

  /// The rates that leave more than `tail` on either side.
  /// - Parameter tail: 0.025 for a 95 % interval.
  package func bounds(tail: Double) -> ClosedRange<Double> {
    let low = Bisection.root(from: 0, to: rate) { midP(at: $0) > tail }
    let high = Bisection.root(from: rate, to: 1) { 1 - midP(at: $0) < tail }
    return (rate <= 0 ? 0 : min(low, rate))...(rate >= 1 ? 1 : max(high, rate))
  }

  /// The chance of a rate at least as high, if it is really `chance`; half of the chance of just
  /// this rate is left out (mid-P).
  package func pValue(above chance: Double) -> Double { midP(at: chance) }

  private func midP(at chance: Double) -> Double {
    let (counted, rest) = (rate * effectiveCount, (1 - rate) * effectiveCount)
    let atLeast =
      counted > 0 ? IncompleteBeta.regularized(chance, counted, rest + 1) : 1
    let more = rest > 0 ? IncompleteBeta.regularized(chance, counted + 1, rest) : 0
    return (atLeast + more) / 2
  }
}

/// As how many independent answers linearised values of problems can count: ratios of two sums over
/// answers, and means of weighted problems.
package struct LinearisedCounts: Sendable, Equatable {
  /// If the answers to each problem were the same.
  let least: Double
  /// If no two answers were alike.
  let most: Double
  /// How many problems have answers that count, or others, whichever are fewer.
  let differing: Int

  package init(least: Double, most: Double, differing: Int) {
    self.least = least
    self.most = max(least, most)
    self.differing = differing
  }
}
