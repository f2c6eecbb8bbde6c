import Base

/// Two arms that were measured on the same problems, run by run.
///
/// What makes a problem easy or hard for both cancels out, and so does what makes a pair of runs
/// alike.
package struct PairedArms: Sendable {
  /// The values of the arm that is compared with, by run, then by problem.
  package let first: [[Double]]
  /// The values of the other, of the same runs and problems in the same order.
  package let second: [[Double]]
  /// Whether values are from 0 to 1.
  let isShare: Bool
  /// Of how many answers each value is the mean.
  let samples: Int
  /// Whether every run has the same problems as the others.
  let sharesProblems: Bool

  /// - Returns: nil for no values, or for values of unequal shape.
  package init?(
    first: [[Double]], second: [[Double]], isShare: Bool, samples: Int = 1,
    sharesProblems: Bool = true
  ) {
    guard !first.isEmpty, first.map(\.count) == second.map(\.count) else { return nil }
    self.first = first
    self.second = second
    self.isShare = isShare
    self.samples = samples
    self.sharesProblems = sharesProblems
  }

  /// The mean of second − first; nil for a value that is no number.
  package var difference: Estimate? { difference(times: 1) }

  /// Second − `factor` · first, over the larger of 1 and the factor, so that it has the limits of a
  /// difference.
  private func difference(times factor: Double) -> Estimate? {
    let scale = max(1, factor)
    let values = zip(first, second).map { base, ours in
      zip(base, ours).map { ($1 - factor * $0) / scale }
    }
    return sharesProblems
      ? Estimate(values, scale: isShare ? .difference : .unlimited, samples: samples)
      : Estimate(
        ownProblems: values, scale: isShare ? .difference : .unlimited, samples: samples)
  }

  /// The mean of second over the mean of first, − 1; nil where the latter is not above 0.
  package var ratio: Double? {
    guard let base = mean(of: first), let ours = mean(of: second), base > 0 else { return nil }
    return ours / base - 1
  }

  private func mean(of values: [[Double]]) -> Double? {
    Statistics.mean(values.compactMap(Statistics.mean))
  }

  /// The ratios, − 1, with which second − ratio · first may be 0 (Fieller 1954); nil where the first
  /// arm's mean may be 0 itself, so that nothing bounds them, and for two runs: those that bound a
  /// ratio lie close together by chance, and their intervals hold it too seldom.
  package var ratioInterval: ClosedRange<Double>? {
    guard let ratio, remainder(atRatio: ratio) != nil else { return nil }
    let center = ratio + 1
    let low = Bisection.root(from: 0, to: center) { factor in
      interval(times: factor).map { $0.lowerBound <= 0 } ?? true
    }
    let high = Bisection.root(from: center, to: Self.largestRatio) { factor in
      interval(times: factor).map { $0.upperBound < 0 } ?? true
    }
    return (low - 1)...(max(high, center) - 1)
  }

  /// The interval of second − ratio · first, which holds 0 just where `ratioInterval` holds the ratio,
  /// − 1; nil where there is no such interval.
  func remainder(atRatio ratio: Double) -> ClosedRange<Double>? {
    guard first.count != 2, self.ratio != nil,
      let most = interval(times: Self.largestRatio), most.upperBound < 0
    else { return nil }
    return interval(times: ratio + 1)
  }

  private static let largestRatio = 1000.0

  private func interval(times factor: Double) -> ClosedRange<Double>? {
    difference(times: factor)?.interval()
  }
}
