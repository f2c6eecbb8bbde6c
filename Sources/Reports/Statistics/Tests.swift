import Foundation

/// McNemar's exact test of two arms that each answered every problem once.
///
/// Only problems that one arm has right and the other wrong tell them apart. Were the arms equally
/// good, each of these would fall to either side with chance 1/2, so the test is the two-sided
/// binomial one. The mid-p variant is not used: the exact test never rejects too often.
package struct McNemarTest: Sendable, Equatable {
  /// How many problems only the first arm has right.
  package let onlyFirst: Int
  /// How many problems only the second arm has right.
  package let onlySecond: Int

  /// Counts discordant pairs.
  package init(onlyFirst: Int, onlySecond: Int) {
    self.onlyFirst = onlyFirst
    self.onlySecond = onlySecond
  }

  /// Counts discordant pairs of two arms' scores.
  /// - Returns: nil where the arms differ in length, or a score is neither 0 nor 1.
  package init?(first: [Double], second: [Double]) {
    guard first.count == second.count, (first + second).allSatisfy({ $0 == 0 || $0 == 1 })
    else { return nil }
    self.init(
      onlyFirst: zip(first, second).count { $0 > $1 },
      onlySecond: zip(first, second).count { $0 < $1 })
  }

  /// The chance of a split at least as uneven between equally good arms; 1 without discordant
  /// pairs.
  package var pValue: Double {
    let count = onlyFirst + onlySecond
    let fewer = min(onlyFirst, onlySecond)
    // Logarithms, because 2^−n is 0 in a Double for more than 1,074 discordant pairs.
    var logTerm = -Double(count) * log(2.0)
    var tail = exp(logTerm)
    for drawn in 0..<fewer {
      logTerm += log(Double(count - drawn) / Double(drawn + 1))
      tail += exp(logTerm)
    }
    return min(1, 2 * tail)
  }
}

/// The half-width, in standard errors, of a 95 % interval whose error was estimated itself.
package enum StudentQuantile {
  /// The 97.5 % quantile of the normal distribution, which Student's tends to.
  static let normal = 1.959963984540054

  private static let slices = 4096

  /// The 97.5 % quantile of Student's t distribution, to within 0.1 %.
  ///
  /// With t = √ν tan θ the density is proportional to cos^(ν − 1) θ, so the quantile lies where the
  /// integral from 0 has reached 95 % of that to π/2; no gamma function is needed.
  /// - Parameter freedom: the degrees of freedom ν, at least 1; they need not be whole.
  package static func upper(freedom: Double) -> Double {
    guard freedom < 10_000 else { return normal }
    let power = max(freedom, 1) - 1
    let width = Double.pi / 2 / Double(slices)
    let density = (0..<slices).map { pow(cos((Double($0) + 0.5) * width), power) }
    var missing = 0.95 * density.reduce(0, +)
    var slice = 0
    while slice < slices - 1, missing > density[slice] {
      missing -= density[slice]
      slice += 1
    }
    let angle = (Double(slice) + missing / density[slice]) * width
    return max(freedom, 1).squareRoot() * tan(angle)
  }
}

/// What makes a difference of two means uncertain, in parts that shrink with different things.
///
/// The half-width of its 95 % interval is t times the root of the parts' sum, with the degrees of
/// freedom after Welch and Satterthwaite.
struct DifferenceError: Equatable {
  /// One part: the variance of one of the two means that one source brings.
  struct Part: Equatable {
    let variance: Double
    /// The degrees of freedom that the variance was estimated with; nil for a bound.
    let freedom: Double?
    /// What of ours it shrinks with; nil for what more data of ours cannot change.
    let source: Source?
  }

  /// What there may be more of.
  enum Source: String, CaseIterable {
    case seeds
    case problems
    case samples
  }

  private(set) var parts: [Part] = []
  /// How many there are of what a part shrinks with.
  private(set) var counts: [Source: Int] = [:]

  /// Adds a part that shrinks with more of a source, of which there are `count` now.
  mutating func add(_ variance: Double, from source: Source, count: Int) {
    let freedom = Double(source == .seeds ? count - 1 : max(count - 1, 1))
    // How samples vary is pooled over all problems: as good as known.
    parts.append(
      Part(variance: variance, freedom: source == .samples ? nil : freedom, source: source))
    counts[source] = count
  }

  /// Adds a part that more data of ours cannot change.
  mutating func add(fixed variance: Double, freedom: Double? = nil) {
    parts.append(Part(variance: variance, freedom: freedom, source: nil))
  }

  /// The half-width of the 95 % interval.
  var halfWidth: Double { halfWidth { _ in 1 } }

  /// The half-width if there were `factor` times as many of each source.
  func halfWidth(_ factor: (Source) -> Double) -> Double {
    var variance = 0.0
    var estimated = 0.0
    for part in parts {
      let growth = part.source.map(factor) ?? 1
      let own = part.variance / growth
      variance += own
      guard let freedom = part.freedom else { continue }
      let grown = part.source == nil ? freedom : (freedom + 1) * growth - 1
      estimated += own * own / grown
    }
    guard variance > 0 else { return 0 }
    let freedom = estimated > 0 ? variance * variance / estimated : .infinity
    return StudentQuantile.upper(freedom: freedom) * variance.squareRoot()
  }

  /// The least number of a source, more than there are now, with which the half-width would be at
  /// most `limit`; nil where a hundred times as many would not do.
  func count(of source: Source, for limit: Double) -> Int? {
    guard let now = counts[source], limit > 0 else { return nil }
    func isEnough(_ count: Int) -> Bool {
      halfWidth { $0 == source ? Double(count) / Double(now) : 1 } <= limit
    }
    var (few, many) = (now, now * 100)
    guard isEnough(many) else { return nil }
    while many - few > 1 {
      let middle = (few + many) / 2
      if isEnough(middle) { many = middle } else { few = middle }
    }
    return many
  }
}
