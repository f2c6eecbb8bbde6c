import Runner

/// A published value beside ours: whether it was reproduced, and why this is said.
///
/// The 95 % interval of ours − published is held against a margin. `docs/statistics.md` defines
/// the verdicts and what goes into the interval.
package struct PublishedComparison: Sendable, Equatable {
  /// What is said of a published value.
  package enum Reproduction: String, Sendable, CaseIterable {
    /// The whole interval lies within the margin.
    case reproduced
    /// The whole interval lies beyond the margin.
    case differs
    /// Neither, or there is no interval.
    case notEnoughData = "not enough data"
  }

  package let verdict: Reproduction
  /// Ours − published.
  package let difference: Double
  /// The 95 % interval of the difference; nil where one of the two has no known error.
  package let interval: ClosedRange<Double>?
  /// How far ours may lie from the published value.
  package let margin: Double
  /// What would decide, where there is not enough data.
  package let remedy: String?

  /// Beside "not enough data": the true difference that would be found four times in five.
  private(set) package var smallestDetectable: Double?

  /// Judges.
  /// - Parameters:
  ///   - ours: our mean with its error; nil where that is not known.
  ///   - missing: why there is no interval, where there is none.
  init(
    difference: Double, ours: Estimate?, theirs: PublishedError, margin: Double,
    missing: String? = nil
  ) {
    self.difference = difference
    self.margin = margin
    guard missing == nil, let ours, ours.interval() != nil else {
      (verdict, interval) = (.notEnoughData, nil)
      remedy = missing ?? "our number has no known error"
      return
    }
    let errors = (
      // Ours is lower where theirs is higher.
      below: ours.errors.below + theirs.above, above: ours.errors.above + theirs.below
    )
    let low = difference - ErrorPart.reach(errors.below, tail: 0.025)
    let high = difference + ErrorPart.reach(errors.above, tail: 0.025)
    let bounds = low...high
    interval = bounds
    if bounds.lowerBound >= -margin, bounds.upperBound <= margin {
      (verdict, remedy) = (.reproduced, nil)
    } else if bounds.lowerBound > margin || bounds.upperBound < -margin {
      (verdict, remedy) = (.differs, nil)
    } else {
      verdict = .notEnoughData
      let size = max(
        ErrorPart.smallestDetectable(errors.below), ErrorPart.smallestDetectable(errors.above))
      smallestDetectable = size
      remedy = Self.remedy(ours, theirs, limit: abs(abs(difference) - margin))
    }
  }

  /// How many more of what would decide, if the difference and the deviations stayed.
  private static func remedy(
    _ ours: Estimate, _ theirs: PublishedError, limit: Double
  ) -> String {
    guard limit > 0 else { return "the difference lies on the margin itself; choose another" }
    let theirWidth = theirs.reach
    guard limit > theirWidth else {
      return "more data of ours cannot decide, for the published value is too uncertain itself"
    }
    let ownLimit = (limit * limit - theirWidth * theirWidth).squareRoot()
    let more = Estimate.Source.allCases.compactMap { source -> String? in
      guard let now = ours.count(of: source), let count = ours.needed(source, for: ownLimit)
      else { return nil }
      let noun = count - now == 1 ? String(source.rawValue.dropLast()) : source.rawValue
      return "\(count - now) more \(noun)" + (source == .samples ? " per problem" : "")
    }
    if !more.isEmpty {
      return "if the difference stays, \(more.joined(separator: " or ")) would decide"
    }
    return "if the difference stays, "
      + Estimate.Source.allCases.filter { ours.count(of: $0) != nil }.map(\.rawValue)
      .joined(separator: " alone or ") + " alone would take more than 100 times as many"
  }
}

/// What makes a published value uncertain, on either side.
package struct PublishedError {
  package init() {}

  package private(set) var below: [ErrorPart] = []
  package private(set) var above: [ErrorPart] = []

  /// Half the 95 % interval, on the wider side.
  package var reach: Double {
    [below, above].map { $0.isEmpty ? 0 : ErrorPart.reach($0, tail: 0.025) }.max() ?? 0
  }

  mutating func add(_ part: ErrorPart) {
    below.append(part)
    above.append(part)
  }

  /// Adds how a rate varies over problems, by its exact bounds: at 0 it is not known exactly either.
  package mutating func add(_ rate: ClusteredRate, whole: Double) {
    let bounds = rate.bounds(tail: 0.025)
    func part(_ distance: Double) -> ErrorPart {
      ErrorPart(reach: distance * whole, freedom: .infinity, tail: 0.025)
    }
    below.append(part(rate.rate - bounds.lowerBound))
    above.append(part(bounds.upperBound - rate.rate))
  }
}

/// What is known of our number and of the published one when they are compared, in one unit.
struct PublishedEvidence {
  let cell: TableReport.Cell
  let mean: Double
  let published: PublishedValue
  /// Over how many evaluation passes its deviation was taken.
  let passes: Int?
  /// The largest value that there can be, for shares: 100 for percentages.
  let whole: Double?
  /// Whether both were measured on the same problems.
  let isSameProblems: Bool

  /// The comparison, with a margin in the same unit.
  func comparison(margin: Double) -> PublishedComparison {
    let ours = isSameProblems ? cell.onTheseProblems : cell.estimate
    var theirs = PublishedError()
    let missing = ours?.interval() == nil ? Self.noError : addTheirs(to: &theirs)
    return PublishedComparison(
      difference: mean - published.mean, ours: ours, theirs: theirs, margin: margin,
      missing: missing)
  }

  private static let noError =
    "one run without an error over problems has no interval; at least 2 seeds are needed"

  /// Adds the published value's uncertainty; returns what is missing, if something is.
  private func addTheirs(to error: inout PublishedError) -> String? {
    let passes = passes ?? 1
    let deviation = published.deviation.map { spread in
      ErrorPart(
        variance: spread * spread / Double(passes),
        freedom: passes > 1 ? Double(passes - 1) : .infinity)
    }
    if isSameProblems, let deviation {
      error.add(deviation)
      return nil
    }
    guard let count = published.problems ?? cell.problems, count > 0 else {
      if let deviation { error.add(deviation) }
      return deviation == nil ? Self.noPublishedError : nil
    }
    if let whole,
      let rate = ClusteredRate(
        rate: published.mean / whole, problems: count, passes: passes,
        deviation: (published.deviation ?? 0) / whole)
    {
      error.add(rate, whole: whole)
      return nil
    }
    if let deviation { error.add(deviation) }
    guard let problemError = cell.standardError, let problems = cell.problems, !isSameProblems
    else {
      return deviation == nil ? Self.noPublishedError : nil
    }
    // Other values have no bound; they are taken to vary over problems as ours do.
    let variance = problemError * problemError * Double(problems) / Double(count)
    error.add(ErrorPart(variance: variance, freedom: Double(max(problems - 1, 1))))
    return nil
  }

  private static let noPublishedError = "the published value has no known error"
}
