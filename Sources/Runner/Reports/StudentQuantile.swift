import Foundation

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
