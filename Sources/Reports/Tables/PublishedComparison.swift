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
    difference: Double, ours: Estimate?, theirs: [ErrorPart], margin: Double,
    missing: String? = nil
  ) {
    self.difference = difference
    self.margin = margin
    guard missing == nil, let ours, ours.interval() != nil else {
      (verdict, interval) = (.notEnoughData, nil)
      remedy = missing ?? "our number has no known error"
      return
    }
    let errors = (below: ours.errors.below + theirs, above: ours.errors.above + theirs)
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
  private static func remedy(_ ours: Estimate, _ theirs: [ErrorPart], limit: Double) -> String {
    guard limit > 0 else { return "the difference lies on the margin itself; choose another" }
    let theirWidth = theirs.isEmpty ? 0 : ErrorPart.reach(theirs, tail: 0.025)
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
    var theirs: [ErrorPart] = []
    let missing = ours?.interval() == nil ? Self.noError : addTheirs(to: &theirs)
    return PublishedComparison(
      difference: mean - published.mean, ours: ours, theirs: theirs, margin: margin,
      missing: missing)
  }

  private static let noError =
    "one run without an error over problems has no interval; at least 2 seeds are needed"

  /// Adds the published value's uncertainty; returns what is missing, if something is.
  private func addTheirs(to parts: inout [ErrorPart]) -> String? {
    if let deviation = published.deviation {
      let passes = passes ?? 1
      parts.append(
        ErrorPart(
          variance: deviation * deviation / Double(passes),
          freedom: passes > 1 ? Double(passes - 1) : .infinity))
    }
    if isSameProblems && published.deviation != nil { return nil }
    guard let count = published.problems ?? cell.problems, count > 0 else {
      return published.deviation == nil ? "the published value has no known error" : nil
    }
    if let whole {
      // No values from 0 to 1 with a mean of p vary more than p (1 − p).
      let variance = max(0, published.mean * (whole - published.mean)) / Double(count)
      parts.append(ErrorPart(variance: variance, freedom: .infinity))
    } else if let problemError = cell.standardError, let problems = cell.problems, !isSameProblems {
      // Other values have no bound; they are taken to vary over problems as ours do.
      let variance = problemError * problemError * Double(problems) / Double(count)
      parts.append(ErrorPart(variance: variance, freedom: Double(max(problems - 1, 1))))
    } else {
      return published.deviation == nil ? "the published value has no known error" : nil
    }
    return nil
  }
}
