/// How far two arms lie apart on the same problems, over one seed or several.
///
/// The intervals are those of a `Bootstrap`. What makes a problem easy or hard for both arms cancels
/// out, because a problem is drawn for both at once.
public struct PairedDifference: Sendable, Equatable {
  /// The mean of second − first.
  public let mean: Double
  /// The bounds within which 95 % of the resampled differences lie; nil for fewer than two
  /// problems.
  public let interval: ClosedRange<Double>?
  /// How many problems both arms have.
  public let count: Int
  /// Over how many seeds they are compared.
  public let seeds: Int
  /// The mean of second over the mean of first, − 1; nil where the latter is not above 0.
  public let ratio: Double?
  /// The bounds of 95 % of the resampled ratios; nil where one of them has none.
  public let ratioInterval: ClosedRange<Double>?

  /// Compares two arms over one seed.
  /// - Parameters:
  ///   - pairs: the two arms' scores for the same problem, in a fixed order.
  ///   - resamples: how often to draw.
  ///   - seed: names the random stream.
  /// - Returns: nil for no pairs, or for a score that is no number.
  public init?(
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
  public init?(
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

  /// The means of so many draws of seeds and problems.
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
