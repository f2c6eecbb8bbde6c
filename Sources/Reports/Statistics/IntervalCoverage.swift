import Base
import Foundation
import Runner

/// How often the intervals that reports print hold what they say they hold, by simulation.
///
/// Problems differ in how hard they are (normal on the logit scale, deviation 1.5), two arms find
/// mostly the same ones hard (each with a correlation of 0.8 to what is common, 0.64 to the other),
/// runs shift all problems alike (normal on the logit scale), answers are drawn with the chances that
/// follow. With several runs, what is to be held is the mean
/// over all runs and problems that might be drawn; with one, that run's mean over problems.
package struct IntervalCoverage: Sendable {
  /// Which interval is tried.
  package enum Subject: String, CaseIterable, Sendable {
    case rate
    /// The difference of two arms on the same problems.
    case difference
    /// The ratio of two arms, where it has an interval.
    case ratio
    /// The difference to a published value of other problems, measured in four passes of a run.
    case published
    /// Where along three measured places a target is reached.
    case target
  }

  /// One setting to draw from.
  package struct Setting: Sendable {
    package let subject: Subject
    package let seeds: Int
    package let problems: Int
    package let samples: Int
    /// The mean rate of the arm, or of the first of two; of a target, where it lies.
    package let rate: Double
    /// How far runs lie apart, as percentage points at a rate of 50 %.
    package let deviation: Double
  }

  /// What came out.
  package struct Outcome: Sendable {
    package let setting: Setting
    /// How many draws had an interval.
    package var bounded = 0
    /// How many of these held the truth.
    package var held = 0
    /// The narrowest interval.
    package var narrowest = Double.infinity

    package var coverage: Double { bounded == 0 ? 1 : Double(held) / Double(bounded) }
  }

  fileprivate static let hardness = 1.5

  /// Every setting, in a fixed order; fewer where an interval is made from many others.
  package static var settings: [Setting] {
    Subject.allCases.flatMap { subject -> [Setting] in
      // Where a target is reached is searched for, through a hundred intervals and more.
      let isSearched = subject == .target
      return settings(
        of: subject, problems: isSearched ? [28, 200] : [12, 28, 64, 200, 500],
        samples: isSearched ? [1] : [1, 4],
        rates: isSearched ? [0.1, 0.3, 0.8] : [0.01, 0.02, 0.05, 0.1, 0.3, 0.5, 0.8, 0.95, 0.99])
    }
  }

  private static func settings(
    of subject: Subject, problems: [Int], samples: [Int], rates: [Double]
  ) -> [Setting] {
    [1, 2, 3, 5, 8].flatMap { seeds in
      problems.flatMap { problems in
        samples.flatMap { samples in
          rates.flatMap { rate in
            [0, 3.6, 6.8].map { deviation in
              Setting(
                subject: subject, seeds: seeds, problems: problems, samples: samples, rate: rate,
                deviation: deviation)
            }
          }
        }
      }
    }
  }

  /// Draws from a setting.
  /// - Parameter stream: names the random stream.
  package static func outcome(of setting: Setting, draws: Int, stream: UInt64) -> Outcome {
    var simulation = Simulation(setting, stream: stream)
    var outcome = Outcome(setting: setting)
    for _ in 0..<draws {
      guard let (interval, truth) = simulation.draw() else { continue }
      outcome.bounded += 1
      outcome.narrowest = min(outcome.narrowest, interval.upperBound - interval.lowerBound)
      // The truth is integrated to about ten digits.
      if truth >= interval.lowerBound - 1e-9, truth <= interval.upperBound + 1e-9 {
        outcome.held += 1
      }
    }
    return outcome
  }

  /// The mean chance over problems of an arm whose logit at the usual problem is `level`.
  fileprivate static func meanChance(level: Double, deviation: Double = 0) -> Double {
    let spread = (hardness * hardness + deviation * deviation).squareRoot()
    let steps = 200
    var (sum, weights) = (0.0, 0.0)
    for step in -steps...steps {
      let z = 8 * Double(step) / Double(steps)
      let weight = exp(-z * z / 2)
      sum += weight / (1 + exp(-level - spread * z))
      weights += weight
    }
    return sum / weights
  }

  /// The level at which the mean chance over problems and runs is `rate`.
  fileprivate static func level(of rate: Double, deviation: Double) -> Double {
    Bisection.root(from: -40, to: 40) { meanChance(level: $0, deviation: deviation) > rate }
  }
}

/// Draws runs of a setting and makes the interval.
private struct Simulation {
  let setting: IntervalCoverage.Setting
  private var random: SplitMix64
  /// The levels of the arms: one, two, or three measured places.
  private let levels: [Double]
  private let deviation: Double
  private let truth: Double

  init(_ setting: IntervalCoverage.Setting, stream: UInt64) {
    self.setting = setting
    random = SplitMix64(state: stream)
    // A rate of 50 % moves by a quarter point where the logit moves by a hundredth.
    let deviation = setting.deviation / 25
    self.deviation = deviation
    let level = IntervalCoverage.level(of: setting.rate, deviation: deviation)
    let levels =
      switch setting.subject {
      case .rate, .published: [level]
      case .difference, .ratio: [level, level + 0.7]
      case .target: [level - 1, level + 0.4, level + 1.2]
      }
    self.levels = levels
    truth = Self.truth(
      setting, levels.map { IntervalCoverage.meanChance(level: $0, deviation: deviation) })
  }

  private static func truth(_ setting: IntervalCoverage.Setting, _ means: [Double]) -> Double {
    switch setting.subject {
    case .rate: means[0]
    case .difference: means[1] - means[0]
    case .ratio: means[1] / means[0] - 1
    case .published: 0
    case .target:
      TargetCrossing(of: setting.rate, along: zip(places, means).map { ($0, $1, nil) })?.x
        ?? .infinity
    }
  }

  private static let places = [1.0, 2.0, 3.0]

  /// An interval with what it should hold; nil where there is no interval.
  mutating func draw() -> (ClosedRange<Double>, Double)? {
    let usual = hardness()
    let shifts = levels.map { _ in (0..<setting.seeds).map { _ in deviation * normal() } }
    let arms = levels.indices.map { arm in
      let own = levels.count == 1 ? usual : correlated(usual)
      return shifts[arm].map {
        answers(level: levels[arm] + $0, hardness: own, samples: setting.samples)
      }
    }
    // Of one run, what it would be over all problems.
    let truth =
      setting.seeds > 1
      ? self.truth
      : Self.truth(
        setting,
        levels.indices.map { IntervalCoverage.meanChance(level: levels[$0] + shifts[$0][0]) })
    switch setting.subject {
    case .rate: return estimate(arms[0])?.interval().map { ($0, truth) }
    case .difference, .ratio:
      let pair = PairedArms(
        first: arms[0], second: arms[1], isShare: true, samples: setting.samples)
      // The ends of a ratio's interval are searched for; whether it holds the truth is known at once.
      return setting.subject == .ratio
        ? pair?.remainder(atRatio: truth).map { ($0, 0) }
        : pair?.difference?.interval().map { ($0, truth) }
    case .published: return published(arms[0], shift: shifts[0][0])
    case .target:
      let line = LineBounds(
        places: zip(Self.places, arms).map { ($0, $1) }, scale: .share,
        samples: 16 * setting.samples)
      return (line.interval(ofReaching: setting.rate), truth)
    }
  }

  private func estimate(_ values: [[Double]]) -> Estimate? {
    Estimate(values, scale: .share, samples: setting.samples)
  }

  /// Their run, on other problems: four passes, with the deviation over passes.
  private mutating func published(
    _ ours: [[Double]], shift: Double
  ) -> (ClosedRange<Double>, Double)? {
    let other = hardness()
    // Nobody knows how their runs differ, so theirs is the usual one.
    let passes = (0..<4).map { _ in answers(level: levels[0], hardness: other, samples: 1) }
      .compactMap(Statistics.mean)
    guard let mean = Statistics.mean(passes), let ours = estimate(ours),
      let spread = Statistics.standardDeviation(passes)
    else { return nil }
    var value = PublishedValue()
    (value.mean, value.deviation, value.problems) = (mean, spread, setting.problems)
    let cell = TableReport.Cell(
      planned: setting.seeds, done: setting.seeds,
      values: [Double](repeating: ours.mean, count: setting.seeds), problems: setting.problems,
      samples: setting.samples, standardError: nil, estimate: ours, onTheseProblems: nil)
    let evidence = PublishedEvidence(
      cell: cell, mean: ours.mean, published: value, passes: 4, whole: 1, isSameProblems: false)
    let theirs = IntervalCoverage.meanChance(level: levels[0])
    let own =
      setting.seeds > 1
      ? IntervalCoverage.meanChance(level: levels[0], deviation: deviation)
      : IntervalCoverage.meanChance(level: levels[0] + shift)
    return evidence.comparison(margin: 0).interval.map { ($0, own - theirs) }
  }

  // MARK: Random numbers

  private mutating func hardness() -> [Double] { (0..<setting.problems).map { _ in normal() } }

  private mutating func correlated(_ usual: [Double]) -> [Double] {
    usual.map { 0.8 * $0 + 0.6 * normal() }
  }

  /// The share of right answers to each problem.
  private mutating func answers(level: Double, hardness: [Double], samples: Int) -> [Double] {
    hardness.map { z in
      let chance = 1 / (1 + exp(-level - IntervalCoverage.hardness * z))
      var right = 0
      for _ in 0..<samples where uniform() < chance { right += 1 }
      return Double(right) / Double(samples)
    }
  }

  private mutating func uniform() -> Double { Double(random.next() >> 11) * 0x1p-53 }

  /// By Box and Muller.
  private mutating func normal() -> Double {
    (-2 * log(1 - uniform())).squareRoot() * cos(2 * .pi * uniform())
  }
}
