/// One of several independent errors that a number has.
package struct ErrorPart: Equatable {
  let variance: Double
  /// With how many degrees of freedom that is known.
  let freedom: Double
  /// How far a bound would lie from the number if this were its only error.
  package let reach: Double

  init(variance: Double, freedom: Double, tail: Double = 0.025) {
    self.variance = variance
    self.freedom = freedom
    reach = Student.quantile(tail: tail, freedom: freedom) * variance.squareRoot()
  }

  /// An error of which a bound is known that need not be Student's.
  init(reach: Double, freedom: Double, tail: Double) {
    self.reach = reach
    self.freedom = freedom
    let normal = reach / Student.quantile(tail: tail, freedom: .infinity)
    variance = normal * normal
  }

  private init(variance: Double, freedom: Double, reach: Double) {
    self.variance = variance
    self.freedom = freedom
    self.reach = reach
  }

  func scaled(by factor: Double) -> ErrorPart {
    ErrorPart(variance: variance * factor * factor, freedom: freedom, reach: reach * factor)
  }

  /// How far a bound lies from a number that has all of these errors.
  ///
  /// Two rules are in use where some are known with few degrees of freedom: degrees of freedom after
  /// Welch and Satterthwaite, under which few runs get intervals that are too short, and the root of
  /// the squared reaches, with which they are too long. Their mean comes near what is asked for from
  /// two runs on.
  static func reach(_ parts: [ErrorPart], tail: Double) -> Double {
    if parts.count == 1 { return parts[0].reach }
    let root = parts.reduce(0) { $0 + $1.reach * $1.reach }.squareRoot()
    let variance = parts.reduce(0) { $0 + $1.variance }
    let welch = Student.quantile(tail: tail, freedom: freedom(of: parts)) * variance.squareRoot()
    return (welch + root) / 2
  }

  /// The degrees of freedom of the sum of errors, after Welch and Satterthwaite.
  private static func freedom(of parts: [ErrorPart]) -> Double {
    let variance = parts.reduce(0) { $0 + $1.variance }
    let weighed = parts.reduce(0) { $0 + $1.variance * $1.variance / $1.freedom }
    return weighed > 0 ? variance * variance / weighed : .infinity
  }

  /// The true difference that a test with these errors would find with a chance of 80 %.
  static func smallestDetectable(_ parts: [ErrorPart], tail: Double = 0.025) -> Double {
    let freedom = freedom(of: parts)
    let power = Student.quantile(tail: 0.2, freedom: freedom)
    return reach(parts, tail: tail) * (1 + power / Student.quantile(tail: tail, freedom: freedom))
  }
}
