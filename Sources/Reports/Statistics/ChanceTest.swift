import Foundation

/// Whether completions are right more often than a blind guess would be: a one-sided exact test.
///
/// Completions of one problem are alike, so that n of them tell as much as n / deff independent
/// ones, where the design effect deff is the variance of the rate with problems as clusters over
/// that of as many independent completions (Kish 1965; Korn and Graubard 1998). It is held between
/// 1 and its value for completions that are the same throughout each problem, which it takes where
/// all are right. The binomial with this sample size then gives p, with half the weight on what was
/// observed (mid-p): among guesses at the nominal 5 %, at most 5 % pass, within simulation error,
/// from 8 problems on.
package struct ChanceTest: Sendable, Equatable {
  /// How likely blind guessing is to be right so often.
  package let pValue: Double

  /// Tests the rate among all completions of all clusters.
  /// - Parameters:
  ///   - problems: how many completions of each problem are right, and how many there are.
  ///   - chance: the share that guessing has right, between 0 and 1.
  /// - Returns: nil without completions, or without a chance level.
  package init?(_ problems: [(right: Int, count: Int)], chance: Double) {
    let found = problems.filter { $0.count > 0 }.map { (Double($0.right), Double($0.count)) }
    let count = found.reduce(0) { $0 + $1.1 }
    guard count > 0, chance > 0, chance < 1 else { return nil }
    let rate = found.reduce(0) { $0 + $1.0 } / count
    let greatest = found.reduce(0) { $0 + $1.1 * $1.1 } / count
    var effect = greatest
    if found.count > 1, rate > 0, rate < 1 {
      let clusters = Double(found.count)
      let squares = found.reduce(0) { $0 + ($1.0 - rate * $1.1) * ($1.0 - rate * $1.1) }
      let variance = clusters / (clusters - 1) * squares / (count * count)
      effect = min(max(variance * count / (rate * (1 - rate)), 1), greatest)
    }
    let size = count / effect
    let right = rate * size
    pValue =
      (Self.tail(from: right, of: size, chance) + Self.tail(from: right + 1, of: size, chance)) / 2
  }

  /// The chance of at least `right` of `size` by the binomial distribution, neither need be whole:
  /// the regularised incomplete beta function I(right, size − right + 1) of the chance.
  private static func tail(from right: Double, of size: Double, _ chance: Double) -> Double {
    if right <= 0 { return 1 }
    return right >= size + 1 - 1e-9 ? 0 : incompleteBeta(right, size - right + 1, chance)
  }

  /// I_x(a, b) by its continued fraction (Press et al., Numerical Recipes, section 6.4).
  private static func incompleteBeta(_ a: Double, _ b: Double, _ x: Double) -> Double {
    if x > (a + 1) / (a + b + 2) { return 1 - incompleteBeta(b, a, 1 - x) }
    let logPowers: Double = a * log(x) + b * log(1 - x)
    let logFront: Double = lgamma(a + b) - lgamma(a) - lgamma(b) + logPowers
    var (c, d) = (1.0, 1 / (1 - (a + b) * x / (a + 1)))
    var fraction = d
    for step in 1...10_000 {
      let m = Double(step)
      let place: Double = a + 2 * m
      let even: Double = m * (b - m) * x / ((place - 1) * place)
      let odd: Double = -(a + m) * (a + b + m) * x / (place * (place + 1))
      var change = 1.0
      for term in [even, odd] {
        d = 1 / (1 + term * d)
        c = 1 + term / c
        change = c * d
        fraction *= change
      }
      if abs(change - 1) < 1e-14 { break }
    }
    return exp(logFront) * fraction / a
  }
}
