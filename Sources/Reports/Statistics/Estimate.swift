import Base

/// A mean over runs and problems, or a mean difference of two arms, with what makes it uncertain.
///
/// Of several runs it is the procedure's mean, over all runs and problems that there might be: its
/// error has a part that more runs make smaller, known with one degree of freedom fewer than there
/// are runs, and a part that only more problems make smaller. Of one run it is that run's mean over
/// problems, and nothing is known of other runs. `docs/statistics.md` has the formulas;
/// `Benchmarks/coverage` measures how often the intervals hold the truth.
package struct Estimate: Sendable, Equatable {
  package var mean: Double { ownMean * factor }
  private let ownMean: Double
  /// What everything is multiplied by to be in the unit of a table.
  private var factor = 1.0
  /// How many runs it is over.
  package let runs: Int
  /// What a run's own error shrinks with: problems, or samples of problems that are given.
  let unit: Source
  /// How many of these each run has; nil where single ones are not known.
  let units: Int?

  /// The values that a mean can have; nil where there are no limits.
  private let limits: ClosedRange<Double>?
  /// What is known of the mean over problems, the runs being these; nil where nothing is.
  private let problemPart: ProblemError?
  /// How much of that no further run would make smaller.
  private let problemShare: Double
  /// The variance of the mean that comes from runs, noise within them included; 0 for one run.
  private let runVariance: Double
  /// How much of that is noise that neither run nor problem explains.
  private let noiseVariance: Double

  /// What values are.
  package enum Scale: Sendable, Equatable {
    /// From 0 to 1: verdicts, or means of them.
    case share
    /// Differences of shares, from −1 to 1.
    case difference
    /// From 0 to 1 as a mean, but not as the value of a problem.
    case linearised(LinearisedCounts)
    /// From 0 on, such as lengths.
    case amount
    /// Anything else.
    case unlimited

    var limits: ClosedRange<Double>? {
      switch self {
      case .share, .linearised: 0...1
      case .difference: -1...1
      case .amount: 0 ... .greatestFiniteMagnitude
      case .unlimited: nil
      }
    }
  }

  /// Takes a value for each run and problem, of the same problems in every run.
  /// - Parameters:
  ///   - values: by run, then by problem.
  ///   - samples: of how many answers each value is the mean.
  /// - Returns: nil for no values, unequal numbers of them, or one that is no number.
  package init?(_ values: [[Double]], scale: Scale, samples: Int = 1) {
    let count = values.first?.count ?? 0
    guard count > 0, values.allSatisfy({ $0.count == count && $0.allSatisfy(\.isFinite) })
    else { return nil }
    let means = (0..<count).map { problem in
      values.reduce(0) { $0 + $1[problem] } / Double(values.count)
    }
    self.init(
      runMeans: values.map { $0.reduce(0, +) / Double(count) }, problemMeans: means,
      noise: values.count > 1 ? Self.noise(of: values, problemMeans: means) : 0,
      problems: count, scale: scale, samples: samples)
  }

  /// Takes a value for each run and problem, where every run has problems of its own, so that
  /// problems vary from run to run like everything else.
  package init?(ownProblems values: [[Double]], scale: Scale, samples: Int = 1) {
    let all = values.flatMap(\.self)
    guard !values.isEmpty, !values.contains(where: \.isEmpty), all.allSatisfy(\.isFinite)
    else { return nil }
    self.init(
      runMeans: values.compactMap(Statistics.mean), problemMeans: all, noise: nil,
      problems: all.count / values.count, scale: scale, samples: samples)
  }

  /// Takes a value for each run; nothing is known of single problems.
  /// - Returns: nil for no runs, or a value that is no number.
  package init?(runs values: [Double], scale: Scale = .unlimited) {
    guard let mean = Statistics.mean(values), mean.isFinite else { return nil }
    ownMean = mean
    runs = values.count
    (unit, units) = (.problems, nil)
    limits = scale.limits
    problemPart = nil
    problemShare = 0
    noiseVariance = 0
    runVariance = Statistics.standardDeviation(values).map { $0 * $0 / Double(values.count) } ?? 0
  }

  /// Takes one run's mean with its error from sampling, the problems being given.
  /// - Parameters:
  ///   - problems: how many there are.
  ///   - samples: how many each has.
  init(mean: Double, samplingError: Double, problems: Int, samples: Int) {
    ownMean = mean
    runs = 1
    (unit, units) = (.samples, samples)
    limits = nil
    problemPart = .plain(
      variance: samplingError * samplingError, freedom: Double(max(1, problems * (samples - 1))))
    (problemShare, runVariance, noiseVariance) = (1, 0, 0)
  }

  /// The same in another unit, such as percent.
  package func scaled(by factor: Double) -> Estimate {
    var scaled = self
    scaled.factor *= factor
    return scaled
  }

  /// The same mean over runs on these very problems, which others are not asked about.
  /// - Returns: nil for one run.
  var givenProblems: Estimate? { runs > 1 ? Estimate(self) : nil }

  private init(_ other: Estimate) {
    ownMean = other.ownMean
    factor = other.factor
    runs = other.runs
    (unit, units) = (other.unit, nil)
    limits = other.limits
    problemPart = nil
    problemShare = 0
    runVariance = other.runVariance
    noiseVariance = 0
  }

  /// - Parameter noise: the variance of the mean from noise; nil where problems are a part of it.
  private init?(
    runMeans: [Double], problemMeans: [Double], noise: Double?, problems: Int, scale: Scale,
    samples: Int
  ) {
    guard let mean = Statistics.mean(runMeans) else { return nil }
    ownMean = mean
    runs = runMeans.count
    (unit, units) = (.problems, problems)
    limits = scale.limits
    let total = ProblemError(
      problemMeans, scale: scale, answers: Double(samples * (noise == nil ? 1 : runMeans.count)))
    problemPart = total
    guard runMeans.count > 1, let spread = Statistics.standardDeviation(runMeans) else {
      (runVariance, noiseVariance, problemShare) = (0, 0, 1)
      return
    }
    // Means of few answers come in steps, and runs that fall on the same one are not the same.
    let step = scale.step(of: Double(problems * samples), runs: Double(runs))
    runVariance = (spread * spread + step * step / 12) / Double(runMeans.count)
    let between = Statistics.standardDeviation(problemMeans).map {
      $0 * $0 / Double(problemMeans.count)
    }
    noiseVariance = min(noise ?? 0, runVariance)
    let pure = noise.map { max(0, (between ?? 0) - $0) } ?? 0
    let share = between.map { $0 > 0 ? pure / $0 : 1 } ?? 1
    // Drawn towards all, with the weight of one problem, so that it is never 0 by chance.
    let differing = Double(total.differing(problemMeans, scale))
    problemShare = (differing * share + 1) / (differing + 1)
  }

  /// The variance of the mean from what neither runs nor problems explain, by the residuals of a
  /// two-way table.
  private static func noise(of values: [[Double]], problemMeans: [Double]) -> Double {
    let (runs, problems) = (Double(values.count), Double(problemMeans.count))
    guard runs > 1, problems > 1, let mean = Statistics.mean(problemMeans) else { return 0 }
    var squares = 0.0
    for run in values {
      let shift = run.reduce(0, +) / problems - mean
      for (value, usual) in zip(run, problemMeans) {
        let residual = value - shift - usual
        squares += residual * residual
      }
    }
    return squares / ((runs - 1) * (problems - 1) * runs * problems)
  }
}

extension Estimate {
  /// Whether anything is known of the error: there are several runs, or several problems.
  private var isKnown: Bool {
    switch problemPart {
    // Equal values of unknown steps say nothing of how runs differ.
    case nil: runs > 1 && runVariance > 0
    case .unknown: false
    default: true
    }
  }

  /// The interval that holds what is estimated with a chance of `confidence`; nil where one run is
  /// all there is and single problems are not known, or one problem alone without limits.
  package func interval(confidence: Double = 0.95) -> ClosedRange<Double>? {
    guard isKnown else { return nil }
    let distances = distances(tail: (1 - confidence) / 2)
    var (low, high) = (ownMean - distances.below, ownMean + distances.above)
    if let limits {
      low = min(max(low, limits.lowerBound), ownMean)
      high = max(min(high, limits.upperBound), ownMean)
    }
    return (low * factor)...(high * factor)
  }

  /// The chance of a mean at least this far above `value` if the true one is no higher: one-sided.
  /// - Returns: nil where there is no interval.
  package func pValue(above value: Double) -> Double? {
    guard isKnown else { return nil }
    if value > mean { return pValue(below: value).map { 1 - $0 } }
    return tail { ownMean - distances(tail: $0).below > value / factor }
  }

  /// The chance of a mean at least this far below `value` if the true one is no lower: one-sided.
  /// - Returns: nil where there is no interval.
  package func pValue(below value: Double) -> Double? {
    guard isKnown else { return nil }
    if value < mean { return pValue(above: value).map { 1 - $0 } }
    return tail { ownMean + distances(tail: $0).above < value / factor }
  }

  /// The least tail at which a bound passes the value; the bounds close in as the tail grows.
  private func tail(_ isPassed: (Double) -> Bool) -> Double {
    if !isPassed(Self.widestTail) { return 0.5 }
    return min(0.5, Bisection.root(from: 0, to: Self.widestTail) { $0 > 0 && isPassed($0) })
  }

  /// Where the two halves of an interval meet, but for the last digits.
  private static let widestTail = 0.49

  /// How far the bounds lie below and above the mean, before the unit's factor.
  private func distances(tail: Double) -> (below: Double, above: Double) {
    let parts = parts(tail: tail)
    return (ErrorPart.reach(parts.below, tail: tail), ErrorPart.reach(parts.above, tail: tail))
  }

  /// What makes the mean uncertain on either side, before the unit's factor.
  private func parts(tail: Double) -> (below: [ErrorPart], above: [ErrorPart]) {
    let own = problemPart?.distances(tail: tail)
    func side(_ distance: Double?) -> [ErrorPart] {
      parts(distance, runVariance: runVariance, runs: runs, units: units ?? 1, tail: tail)
    }
    return (side(own?.below), side(own?.above))
  }

  /// - Parameter distance: how far the bound over problems alone lies from the mean.
  private func parts(
    _ distance: Double?, runVariance: Double, runs: Int, units: Int, tail: Double
  ) -> [ErrorPart] {
    let overRuns = ErrorPart(variance: runVariance, freedom: Double(runs - 1), tail: tail)
    guard let distance else { return [overRuns] }
    let overProblems = ErrorPart(
      reach: problemShare.squareRoot() * distance, freedom: Double(max(units - 1, 1)), tail: tail)
    return runs > 1 ? [overRuns, overProblems] : [overProblems]
  }

  /// What makes the mean uncertain on either side, at a tail of 2.5 %.
  var errors: (below: [ErrorPart], above: [ErrorPart]) {
    let (below, above) = parts(tail: 0.025)
    return (below.map { $0.scaled(by: factor) }, above.map { $0.scaled(by: factor) })
  }
}

extension Estimate {
  /// What there may be more of.
  package enum Source: String, CaseIterable, Sendable {
    case seeds
    case problems
    case samples
  }

  /// How many there are of a source that the error shrinks with; nil where it does not, or nobody
  /// knows how much.
  package func count(of source: Source) -> Int? {
    source == .seeds ? (runs > 1 ? runs : nil) : (source == unit ? units : nil)
  }

  /// Half the width that the interval would have with `count` of a source, if deviations stayed as
  /// they are; nil where that is not known.
  package func halfWidth(with count: Int, of source: Source, tail: Double = 0.025) -> Double? {
    guard isKnown, let now = self.count(of: source) else { return nil }
    let growth = Double(count) / Double(now)
    return factor
      * (source == .seeds
        ? halfWidth(runGrowth: growth, unitGrowth: 1, tail: tail)
        : halfWidth(runGrowth: 1, unitGrowth: growth, tail: tail))
  }

  private func halfWidth(runGrowth: Double, unitGrowth: Double, tail: Double) -> Double {
    let own = problemPart?.distances(tail: tail)
    let variance = ((runVariance - noiseVariance) + noiseVariance / unitGrowth) / runGrowth
    let parts = parts(
      own.map { max($0.below, $0.above) / unitGrowth.squareRoot() }, runVariance: variance,
      runs: Int((Double(runs) * runGrowth).rounded()),
      units: Int((Double(units ?? 1) * unitGrowth).rounded()), tail: tail)
    return ErrorPart.reach(parts, tail: tail)
  }

  /// The least number of a source, more than there are now, with which half the interval would be
  /// at most `limit`; nil where a hundred times as many would not do, or nobody knows.
  package func needed(_ source: Source, for limit: Double, tail: Double = 0.025) -> Int? {
    func isEnough(_ count: Int) -> Bool {
      halfWidth(with: count, of: source, tail: tail).map { $0 <= limit } ?? false
    }
    guard limit > 0, let now = count(of: source), isEnough(now * 100) else { return nil }
    var (few, many) = (now, now * 100)
    while many - few > 1 {
      let middle = (few + many) / 2
      if isEnough(middle) { many = middle } else { few = middle }
    }
    return many
  }

  /// The true difference from 0 that a test would find with a chance of 80 %; nil where there is no
  /// interval.
  package func smallestDetectable(tail: Double = 0.025) -> Double? {
    guard isKnown else { return nil }
    let (below, above) = parts(tail: tail)
    let size = max(
      ErrorPart.smallestDetectable(below, tail: tail),
      ErrorPart.smallestDetectable(above, tail: tail))
    return factor * min(size, limits?.upperBound ?? size)
  }
}
