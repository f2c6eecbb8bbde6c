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

  /// Judges.
  /// - Parameter missing: why there is no interval, where there is none.
  init(difference: Double, error: DifferenceError, margin: Double, missing: String? = nil) {
    self.difference = difference
    self.margin = margin
    guard missing == nil else {
      (verdict, interval, remedy) = (.notEnoughData, nil, missing)
      return
    }
    let halfWidth = error.halfWidth
    let distance = abs(difference)
    interval = (difference - halfWidth)...(difference + halfWidth)
    if distance + halfWidth <= margin {
      (verdict, remedy) = (.reproduced, nil)
    } else if distance - halfWidth > margin {
      (verdict, remedy) = (.differs, nil)
    } else {
      verdict = .notEnoughData
      remedy = Self.remedy(error, limit: abs(distance - margin))
    }
  }

  /// How many more of what would decide, if the difference and the deviations stayed.
  private static func remedy(_ error: DifferenceError, limit: Double) -> String {
    guard limit > 0 else { return "the difference lies on the margin itself; choose another" }
    let more = DifferenceError.Source.allCases.compactMap { source -> String? in
      guard let now = error.counts[source], let count = error.count(of: source, for: limit)
      else { return nil }
      let noun = count - now == 1 ? String(source.rawValue.dropLast()) : source.rawValue
      return "\(count - now) more \(noun)" + (source == .samples ? " a problem" : "")
    }
    if !more.isEmpty {
      return "if the difference stays, \(more.joined(separator: " or ")) would decide"
    }
    if error.halfWidth({ _ in 1e6 }) <= limit {
      return "if the difference stays, more of "
        + DifferenceError.Source.allCases.filter { error.counts[$0] != nil }.map(\.rawValue)
        .joined(separator: " and of ") + " would decide, but more than 100 times as many"
    }
    return "more data of ours cannot decide, for the published value is too uncertain itself"
  }
}

/// What is known of our number and of the published one when they are compared, in one unit.
struct PublishedEvidence {
  /// Our mean over runs.
  let mean: Double
  /// How many runs it is the mean of.
  let seeds: Int
  /// The standard deviation over runs; nil for one run.
  let deviation: Double?
  /// How many problems each run was measured on.
  let problems: Int?
  /// The standard error clustered by problem.
  let problemError: Double?
  /// How many samples each problem has.
  let samples: Int?
  /// The standard error from sampling alone, the problems being given.
  let samplingError: Double?
  let published: PublishedValue
  /// Over how many evaluation passes its deviation was taken.
  let passes: Int?
  /// The largest value that there can be, for shares: 100 for percentages.
  let whole: Double?
  /// Whether both were measured on the same problems.
  let isSameProblems: Bool

  /// The comparison, with a margin in the same unit.
  func comparison(margin: Double) -> PublishedComparison {
    var error = DifferenceError()
    let missing = addOurs(to: &error) ?? addTheirs(to: &error)
    return PublishedComparison(
      difference: mean - published.mean, error: error, margin: margin, missing: missing)
  }

  /// Adds our uncertainty; returns what is missing, if something is.
  private func addOurs(to error: inout DifferenceError) -> String? {
    if let deviation, seeds > 1 {
      error.add(deviation * deviation / Double(seeds), from: .seeds, count: seeds)
    }
    if isSameProblems, seeds > 1 { return nil }
    if isSameProblems, let spread = samplingError ?? problemError {
      // Where sampling cannot be told from problems, the error over problems bounds it.
      error.add(spread * spread, from: .samples, count: samples ?? 1)
    } else if let problemError, let problems {
      error.add(problemError * problemError, from: .problems, count: problems)
    } else if seeds < 2 {
      return "one run without an error over problems has no interval; at least 2 seeds are needed"
    }
    return nil
  }

  /// Adds the published value's uncertainty; returns what is missing, if something is.
  private func addTheirs(to error: inout DifferenceError) -> String? {
    if let deviation = published.deviation {
      let passes = passes ?? 1
      error.add(
        fixed: deviation * deviation / Double(passes),
        freedom: passes > 1 ? Double(passes - 1) : nil)
    }
    if isSameProblems && published.deviation != nil { return nil }
    guard let count = published.problems ?? problems, count > 0 else {
      return published.deviation == nil ? "the published value has no known error" : nil
    }
    if let whole {
      // No values from 0 to 1 with a mean of p vary more than p (1 − p).
      error.add(fixed: max(0, published.mean * (whole - published.mean)) / Double(count))
    } else if let problemError, let problems, !isSameProblems {
      // Other values have no bound; they are taken to vary over problems as ours do.
      let variance = problemError * problemError * Double(problems) / Double(count)
      error.add(fixed: variance, freedom: Double(max(problems - 1, 1)))
    } else {
      return published.deviation == nil ? "the published value has no known error" : nil
    }
    return nil
  }
}
