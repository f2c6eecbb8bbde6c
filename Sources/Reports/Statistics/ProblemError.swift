import Base

/// What is known of a mean over problems, the runs being given.
enum ProblemError: Sendable, Equatable {
  case share(ClusteredRate)
  /// How often the second arm is ahead, and how often the first.
  case difference(ahead: ClusteredRate, behind: ClusteredRate)
  /// Of a mean without limits: its variance and degrees of freedom.
  case plain(variance: Double, freedom: Double)
  /// One problem, whose mean says nothing of others.
  case unknown

  init(_ means: [Double], scale: Estimate.Scale, answers: Double) {
    let parts = scale.parts(of: means).compactMap { ClusteredRate($0, answers: answers) }
    switch (scale, parts.count) {
    case (.share, 1): self = .share(parts[0])
    case (.linearised(let counts), _): self = .share(ClusteredRate(linearised: means, counts))
    case (.difference, 2): self = .difference(ahead: parts[0], behind: parts[1])
    default:
      // Values that are all the same say nothing of how they differ.
      guard let deviation = Statistics.standardDeviation(means), deviation > 0 else {
        self = .unknown
        return
      }
      let count = Double(means.count)
      self = .plain(variance: deviation * deviation / count, freedom: count - 1)
    }
  }

  /// How many problems differ from where nothing happens.
  func differing(_ means: [Double], _ scale: Estimate.Scale) -> Int {
    switch scale {
    case .share: min(means.count { $0 > 0 }, means.count { $0 < 1 })
    case .linearised(let counts): counts.differing
    case .difference: means.count { $0 != 0 }
    case .amount, .unlimited: means.count
    }
  }

  /// How far the bounds lie from the mean.
  func distances(tail: Double) -> (below: Double, above: Double) {
    switch self {
    case .share(let rate):
      let bounds = rate.bounds(tail: tail)
      return (rate.rate - bounds.lowerBound, bounds.upperBound - rate.rate)
    case .difference(let ahead, let behind):
      return Self.distances(ahead, behind, tail: tail)
    case .plain(let variance, let freedom):
      let reach = Student.quantile(tail: tail, freedom: freedom) * variance.squareRoot()
      return (reach, reach)
    case .unknown: return (.infinity, .infinity)
    }
  }

  /// The bounds of the difference of two rates, of which a problem adds to one at most, from their
  /// own bounds (Zou and Donner 2008).
  private static func distances(
    _ ahead: ClusteredRate, _ behind: ClusteredRate, tail: Double
  ) -> (below: Double, above: Double) {
    let (a, b) = (ahead.bounds(tail: tail), behind.bounds(tail: tail))
    let spread = (ahead.variance * behind.variance).squareRoot() * Double(ahead.problems)
    let correlation = spread > 0 ? max(-1, -ahead.rate * behind.rate / spread) : 0
    func root(_ x: Double, _ y: Double) -> Double {
      max(0, x * x + y * y - 2 * correlation * x * y).squareRoot()
    }
    return (
      root(ahead.rate - a.lowerBound, b.upperBound - behind.rate),
      root(a.upperBound - ahead.rate, behind.rate - b.lowerBound)
    )
  }
}

extension Estimate.Scale {
  /// The smallest step between two means of a run with so many answers; 0 where there is none.
  func step(of answers: Double, runs: Double) -> Double {
    switch self {
    case .share, .difference: 1 / answers
    case .linearised(let counts): runs / counts.most
    case .amount, .unlimited: 0
    }
  }

  /// The rates that values are made of: themselves, or how far they lie above and below 0.
  func parts(of values: [Double]) -> [[Double]] {
    switch self {
    case .share: [values]
    case .difference: [values.map { max($0, 0) }, values.map { max(-$0, 0) }]
    case .linearised, .amount, .unlimited: []
    }
  }
}
