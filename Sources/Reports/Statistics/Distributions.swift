import Foundation

/// The regularized incomplete beta function I_x(a, b), from which the tails of the binomial and of
/// Student's distribution follow.
enum IncompleteBeta {
  /// The value at x, to about 10⁻¹³; `a` and `b` must be above 0.
  static func regularized(_ x: Double, _ a: Double, _ b: Double) -> Double {
    if x <= 0 { return 0 }
    if x >= 1 { return 1 }
    // The continued fraction converges fast below the mean only.
    if x > (a + 1) / (a + b + 2) { return 1 - regularized(1 - x, b, a) }
    let logFactor = a * log(x) + b * log1p(-x) + lgamma(a + b) - lgamma(a) - lgamma(b)
    return exp(logFactor) / a * fraction(x, a, b)
  }

  /// The continued fraction of DLMF 8.17.22, by Lentz's method.
  private static func fraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    func nonzero(_ value: Double) -> Double { abs(value) < 1e-300 ? 1e-300 : value }
    var c = 1.0
    var d = 1 / nonzero(1 - (a + b) * x / (a + 1))
    var result = d
    for step in 1...5000 {
      let m = Double(step)
      let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      for term in [even, odd] {
        d = 1 / nonzero(1 + term * d)
        c = nonzero(1 + term / c)
        result *= c * d
      }
      if abs(c * d - 1) < 1e-15 { break }
    }
    return result
  }
}

/// Student's t distribution; with endless degrees of freedom, the normal one.
package enum Student {
  /// The value above which `tail` of the distribution lies.
  /// - Parameters:
  ///   - tail: above 0 and at most 0.5.
  ///   - freedom: the degrees of freedom, at least 1; they need not be whole.
  package static func quantile(tail: Double, freedom: Double) -> Double {
    let freedom = min(max(freedom, 1), 1e7)
    // The tail is I_x(ν / 2, 1 / 2) / 2 at x = ν / (ν + t²).
    let logX = Bisection.root(from: -700, to: 0) { logX in
      IncompleteBeta.regularized(exp(logX), freedom / 2, 0.5) / 2 > tail
    }
    return (freedom * expm1(-logX)).squareRoot()
  }

  /// The share of the distribution above `t`.
  package static func tail(above t: Double, freedom: Double) -> Double {
    let freedom = min(max(freedom, 1), 1e7)
    let half = IncompleteBeta.regularized(freedom / (freedom + t * t), freedom / 2, 0.5) / 2
    return t >= 0 ? half : 1 - half
  }
}

/// Fisher's F distribution.
package enum Fisher {
  /// The share of the distribution above a ratio of at least 0.
  package static func tail(above ratio: Double, freedom: (Double, Double)) -> Double {
    IncompleteBeta.regularized(
      freedom.1 / (freedom.1 + freedom.0 * ratio), freedom.1 / 2, freedom.0 / 2)
  }
}

/// Where a condition begins to hold, by halving.
enum Bisection {
  /// The place between two ends at which `isBeyond` turns from false to true.
  static func root(
    from low: Double, to high: Double, halvings: Int = 60, isBeyond: (Double) -> Bool
  ) -> Double {
    var (low, high) = (low, high)
    for _ in 0..<halvings {
      let middle = (low + high) / 2
      if middle <= low || middle >= high { break }
      if isBeyond(middle) { high = middle } else { low = middle }
    }
    return (low + high) / 2
  }
}
