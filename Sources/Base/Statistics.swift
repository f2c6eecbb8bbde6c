/// The numbers that reports and evaluations are made of. `docs/statistics.md` says what each means.
///
/// Whatever has no answer (the mean of nothing, the deviation of one value) is nil, never NaN or 0.
package enum Statistics {
  /// The arithmetic mean; nil for no values.
  package static func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }

  /// The value in the middle, or halfway between the two in the middle; nil for no values.
  package static func median(_ values: [Double]) -> Double? {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  /// The sample standard deviation, with n − 1 below the line; nil for fewer than two values.
  package static func standardDeviation(_ values: [Double]) -> Double? {
    guard values.count > 1, let mean = mean(values) else { return nil }
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / Double(values.count - 1)).squareRoot()
  }

  /// The standard error of the mean over problems of the mean over each problem's samples.
  ///
  /// Samples of one problem are alike, so problems count as the independent draws: the error is
  /// the deviation of the problems' means over the square root of the number of problems. With
  /// equally many samples per problem this is the cluster-robust error of the plain mean, with the
  /// correction J / (J − 1) for J problems.
  /// - Parameter scores: the scores of each problem's samples; problems without any are left out.
  /// - Returns: nil for fewer than two problems.
  package static func clusteredStandardError(_ scores: [[Double]]) -> Double? {
    let means = scores.compactMap(mean)
    return standardDeviation(means).map { $0 / Double(means.count).squareRoot() }
  }

  /// The unbiased estimate of the chance that at least one of `k` samples is right, given that
  /// `correct` of `samples` were: 1 − C(n − c, k) / C(n, k) (Chen et al. 2021, equation 1).
  /// - Returns: nil where the samples are fewer than `k`, or the numbers make no sense.
  package static func passAtK(samples: Int, correct: Int, k: Int) -> Double? {
    guard k >= 1, samples >= k, (0...samples).contains(correct) else { return nil }
    if samples - correct < k { return 1 }
    // C(n − c, k) / C(n, k) as a product of ratios, which cannot overflow.
    let failure = (0..<k).reduce(1.0) { product, i in
      product * Double(samples - correct - i) / Double(samples - i)
    }
    return 1 - failure
  }

  /// The unbiased estimate of the chance that `k` samples all fall into one class, given how many
  /// fell into each: sum C(c, k) / C(n, k), as for pass@k.
  /// - Returns: nil where the samples are fewer than `k`.
  package static func allAlike(counts: [Int], k: Int) -> Double? {
    let samples = counts.reduce(0, +)
    guard k >= 1, samples >= k else { return nil }
    return counts.reduce(0) { sum, count in
      // All k of one class: none of the others' is drawn.
      sum + 1 - (passAtK(samples: samples, correct: samples - count, k: k) ?? 1)
    }
  }

  /// The mean of each value and the `window` − 1 before it, of those that are numbers.
  ///
  /// It looks back only, so a curve never shows what had not happened yet. A value that is NaN
  /// stays NaN, so gaps stay gaps; the first values average over what there is.
  package static func movingAverage(_ values: [Double], window: Int) -> [Double] {
    values.indices.map { index in
      if window <= 1 || values[index].isNaN { return values[index] }
      let recent = values[max(0, index - window + 1)...index].filter { !$0.isNaN }
      return mean(recent) ?? .nan
    }
  }
}

/// SplitMix64 (Steele, Lea and Flood 2014): a small generator whose stream is its seed's alone.
package struct SplitMix64: RandomNumberGenerator {
  @usableFromInline var state: UInt64

  @inlinable package init(state: UInt64) { self.state = state }

  /// A number from 0 to `count` − 1, by multiplying and keeping the upper half.
  @inlinable package mutating func index(below count: Int) -> Int {
    Int(next().multipliedFullWidth(by: UInt64(count)).high)
  }

  /// The next 64 bits.
  @inlinable package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
