/// Where a line over an axis of numbers reaches a target, as far as it was measured.
public struct TargetReach: Sendable, Equatable {
  /// What a number is where the line does not cross the target between two measured points.
  public enum Bound: String, Sendable {
    /// The first point is there already.
    case atMost = "at most"
    /// The last point is not there yet.
    case moreThan = "more than"
  }

  /// Where the target is reached; for a bound, where what was measured begins or ends.
  public let value: Double
  /// Whether that is a bound only.
  public let bound: Bound?
  /// The bounds of its 95 % interval; −∞ and ∞ stand for before and beyond what was measured.
  public let interval: ClosedRange<Double>?
  /// Where what was measured begins.
  let first: Double
  /// Where what was measured ends.
  let last: Double

  /// Whether anything of it lies outside what was measured.
  var hasBound: Bool {
    bound != nil || interval.map { $0.lowerBound.isInfinite || $0.upperBound.isInfinite } == true
  }

  /// The number for people: `26.4`, `≤ 8` or `> 64`.
  func text(_ number: (Double) -> String) -> String {
    bound.map(text) ?? number(value)
  }

  /// The bounds of the interval for people: `18.0, > 64`.
  func intervalText(_ number: (Double) -> String) -> String? {
    interval.map { interval in
      [interval.lowerBound, interval.upperBound].map { end in
        end.isFinite ? number(end) : text(of: end < 0 ? .atMost : .moreThan)
      }.joined(separator: ", ")
    }
  }

  private func text(of bound: Bound) -> String {
    switch bound {
    case .atMost: "≤ \(NumberText.short(first))"
    case .moreThan: "> \(NumberText.short(last))"
    }
  }
}
