/// The 95 % interval of the mean at each place of a line between measured ones.
struct LineBounds {
  /// By ascending x, with values by run, then by problem.
  let places: [(x: Double, values: [[Double]])]
  let scale: Estimate.Scale
  /// As of how many answers a value counts at most. What lies between two right or wrong answers is
  /// finer than one.
  let samples: Int

  /// How many steps a stretch between two measured places is searched in.
  private static let steps = 16

  /// From where on the target may be reached to where on it surely is: −∞ for before the first
  /// place, ∞ for beyond the last.
  func interval(ofReaching target: Double) -> ClosedRange<Double> {
    firstReach(of: target, \.upperBound)...firstReach(of: target, \.lowerBound)
  }

  /// Where a bound first reaches the target; −∞ where it has at the first place, and ∞ where it never
  /// does.
  private func firstReach(
    of target: Double, _ bound: KeyPath<ClosedRange<Double>, Double>
  ) -> Double {
    func isReached(_ stretch: Int, _ share: Double) -> Bool {
      (interval(in: stretch, at: share)?[keyPath: bound]).map { $0 >= target } ?? false
    }
    if isReached(0, 0) { return -.infinity }
    for stretch in 0..<max(0, places.count - 1) {
      for step in 1...Self.steps {
        let end = Double(step) / Double(Self.steps)
        guard isReached(stretch, end) else { continue }
        let start = end - 1 / Double(Self.steps)
        let share = Bisection.root(from: start, to: end, halvings: 20) { isReached(stretch, $0) }
        return places[stretch].x + share * (places[stretch + 1].x - places[stretch].x)
      }
    }
    return .infinity
  }

  private func interval(in stretch: Int, at share: Double) -> ClosedRange<Double>? {
    let start = places[stretch].values
    guard places.indices.contains(stretch + 1) else {
      return Estimate(start, scale: scale, samples: samples)?.interval()
    }
    let values = zip(start, places[stretch + 1].values).map { runs in
      zip(runs.0, runs.1).map { $0 + share * ($1 - $0) }
    }
    return Estimate(values, scale: scale, samples: samples)?.interval()
  }
}
