import Base

/// Draws problems and seeds with replacement, for percentile intervals.
///
/// With several seeds, each draw takes seeds and problems, the same ones under every seed (Owen
/// 2007, "The pigeonhole bootstrap"). One seed fewer is drawn than there are, which makes the
/// variance over seeds unbiased where they are few (Rao and Wu 1988). The random stream is fixed:
/// equal scores give equal intervals.
struct Bootstrap {
  /// The problems of the current draw, by index.
  private(set) var problems: [Int]
  /// The seeds of the current draw, by index.
  private(set) var seeds: [Int]

  private let seedCount: Int
  private var generator: SplitMix64

  /// How often reports draw.
  static let resamples = 10_000

  /// Prepares to draw from so many problems and seeds.
  /// - Parameter stream: names the random stream.
  init(problems: Int, seeds: Int, stream: UInt64 = 0) {
    self.problems = [Int](repeating: 0, count: problems)
    self.seeds = [Int](repeating: 0, count: max(1, seeds - 1))
    seedCount = seeds
    generator = SplitMix64(state: stream)
  }

  mutating func draw() {
    for index in problems.indices { problems[index] = generator.index(below: problems.count) }
    if seedCount == 1 { return }
    for index in seeds.indices { seeds[index] = generator.index(below: seedCount) }
  }

  /// The bounds within which 95 % of what was drawn lies. Values may be infinite.
  static func bounds(of draws: [Double]) -> ClosedRange<Double> {
    let sorted = draws.sorted()
    let tail = Int(0.025 * Double(sorted.count - 1))
    return sorted[tail]...sorted[sorted.count - 1 - tail]
  }
}

/// How far two arms lie apart on the same problems, over one seed or several.
///
/// The intervals are those of a `Bootstrap`. What makes a problem easy or hard for both arms cancels
/// out, because a problem is drawn for both at once.
package struct PairedDifference: Sendable, Equatable {
  /// The mean of second − first.
  package let mean: Double
  /// The bounds within which 95 % of the resampled differences lie; nil for fewer than two
  /// problems.
  package let interval: ClosedRange<Double>?
  /// How many problems both arms have.
  package let count: Int
  /// Over how many seeds they are compared.
  package let seeds: Int
  /// The mean of second over the mean of first, − 1; nil where the latter is not above 0.
  package let ratio: Double?
  /// The bounds of 95 % of the resampled ratios; nil where one of them has none.
  package let ratioInterval: ClosedRange<Double>?

  /// Compares two arms over one seed.
  /// - Parameters:
  ///   - pairs: the two arms' scores for the same problem, in a fixed order.
  ///   - resamples: how often to draw.
  ///   - seed: names the random stream.
  /// - Returns: nil for no pairs, or for a score that is no number.
  package init?(
    _ pairs: [(first: Double, second: Double)], resamples: Int = 10_000, seed: UInt64 = 0
  ) {
    self.init(
      first: [pairs.map(\.first)], second: [pairs.map(\.second)], resamples: resamples, seed: seed)
  }

  /// Compares two arms over several seeds.
  /// - Parameters:
  ///   - first: the scores of one arm, by seed, then by problem.
  ///   - second: the scores of the other, of the same seeds and problems in the same order.
  ///   - resamples: how often to draw.
  ///   - seed: names the random stream.
  /// - Returns: nil for no scores, for scores of unequal shape, or for one that is no number.
  package init?(
    first: [[Double]], second: [[Double]], resamples: Int = 10_000, seed: UInt64 = 0
  ) {
    let count = first.first?.count ?? 0
    guard count > 0, first.count == second.count, (first + second).allSatisfy({ $0.count == count })
    else { return nil }
    let scores = PairedScores(first: Array(first.joined()), second: Array(second.joined()))
    guard scores.areNumbers, let total = scores.total else { return nil }
    self.count = count
    seeds = first.count
    mean = total.difference
    ratio = total.ratio
    guard count > 1, resamples > 0 else {
      (interval, ratioInterval) = (nil, nil)
      return
    }
    let draws = scores.draws(resamples, problems: count, seeds: first.count, seed: seed)
    interval = Bootstrap.bounds(of: draws.map(\.difference))
    let ratios = draws.compactMap(\.ratio)
    ratioInterval = ratio == nil || ratios.count < draws.count ? nil : Bootstrap.bounds(of: ratios)
  }
}

/// The scores of two arms, seed after seed.
private struct PairedScores {
  let first: [Double]
  let second: [Double]

  /// The means of both arms over the same draws.
  struct Means {
    let first: Double
    let second: Double

    var difference: Double { second - first }
    var ratio: Double? { first > 0 ? second / first - 1 : nil }
  }

  var areNumbers: Bool { (first + second).allSatisfy(\.isFinite) }

  var total: Means? {
    guard let first = Statistics.mean(first), let second = Statistics.mean(second) else {
      return nil
    }
    return Means(first: first, second: second)
  }

  func draws(_ resamples: Int, problems: Int, seeds: Int, seed: UInt64) -> [Means] {
    var draws = Bootstrap(problems: problems, seeds: seeds, stream: seed)
    return (0..<resamples).map { _ in
      draws.draw()
      var sums = (0.0, 0.0)
      for seed in draws.seeds {
        let offset = seed * problems
        for problem in draws.problems {
          sums.0 += first[offset + problem]
          sums.1 += second[offset + problem]
        }
      }
      let count = Double(draws.seeds.count * problems)
      return Means(first: sums.0 / count, second: sums.1 / count)
    }
  }
}
