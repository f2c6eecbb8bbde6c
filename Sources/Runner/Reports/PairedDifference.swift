/// How far two arms lie apart, pair by pair: the same problems, or the same seeds, under both.
///
/// The interval is the percentile bootstrap's: pairs are drawn with replacement, so whatever makes
/// a problem easy or hard for both arms cancels out. The random stream is fixed, so the same pairs
/// always give the same interval.
public struct PairedDifference: Sendable, Equatable {
  /// The mean of second − first.
  public let mean: Double
  /// The bounds within which 95 % of the resampled means lie; nil for fewer than two pairs.
  public let interval: ClosedRange<Double>?
  /// How many pairs there are.
  public let count: Int

  /// Compares two arms.
  /// - Parameters:
  ///   - pairs: the two arms' scores for the same problem, in a fixed order.
  ///   - resamples: how often to draw.
  ///   - seed: names the random stream.
  /// - Returns: nil for no pairs.
  public init?(
    _ pairs: [(first: Double, second: Double)], resamples: Int = 10_000, seed: UInt64 = 0
  ) {
    let differences = pairs.map { $0.second - $0.first }
    guard let mean = Statistics.mean(differences) else { return nil }
    self.mean = mean
    count = differences.count
    interval = Self.bootstrap(differences, resamples: resamples, seed: seed)
  }

  private static func bootstrap(
    _ values: [Double], resamples: Int, seed: UInt64
  ) -> ClosedRange<Double>? {
    guard values.count > 1, resamples > 0 else { return nil }
    var generator = SplitMix64(state: seed)
    let means = (0..<resamples).map { _ in
      let sum = values.reduce(0) { sum, _ in sum + values[generator.index(below: values.count)] }
      return sum / Double(values.count)
    }
    let sorted = means.sorted()
    let tail = Int(0.025 * Double(resamples - 1))
    return sorted[tail]...sorted[resamples - 1 - tail]
  }
}

/// SplitMix64 (Steele, Lea and Flood 2014): a small generator whose stream is its seed's alone.
private struct SplitMix64 {
  var state: UInt64

  /// A number from 0 to `count` − 1, by multiplying and keeping the upper half.
  mutating func index(below count: Int) -> Int {
    Int(next().multipliedFullWidth(by: UInt64(count)).high)
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
