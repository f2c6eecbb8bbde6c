import Foundation

/// An exact fraction in lowest terms, as far as 128 bits reach.
struct Rational: Hashable, Sendable {
  let numerator: Int128
  /// Always positive.
  let denominator: Int128

  init(_ value: Int128) {
    numerator = value
    denominator = 1
  }

  /// Brings a fraction to lowest terms; nil for a zero denominator or where 128 bits are too few.
  init?(_ numerator: Int128, over denominator: Int128) {
    guard denominator != 0, numerator != .min, denominator != .min else { return nil }
    var (a, b) = (numerator.magnitude, denominator.magnitude)
    while b != 0 { (a, b) = (b, a % b) }
    let divisor = Int128(a == 0 ? 1 : a)
    let sign: Int128 = denominator < 0 ? -1 : 1
    self.numerator = sign * (numerator / divisor)
    self.denominator = sign * (denominator / divisor)
  }

  /// Reads digits with at most one point, such as `12.50`; nil where 128 bits are too few.
  init?(decimal text: some StringProtocol) {
    var value: Int128 = 0
    var scale: Int128 = 1
    var isFraction = false
    for digit in text.utf8 where digit != UInt8(ascii: ".") || !isFraction {
      if digit == UInt8(ascii: ".") {
        isFraction = true
        continue
      }
      let (tens, first) = value.multipliedReportingOverflow(by: 10)
      let (sum, second) = tens.addingReportingOverflow(Int128(digit) - 48)
      let (wider, third) = scale.multipliedReportingOverflow(by: isFraction ? 10 : 1)
      if first || second || third { return nil }
      (value, scale) = (sum, wider)
    }
    self.init(value, over: scale)
  }

  /// The nearest floating-point number.
  var double: Double { Double(numerator) / Double(denominator) }

  /// The whole number, if it is one and small enough.
  var integer: Int? { denominator == 1 ? Int(exactly: numerator) : nil }

  func adding(_ other: Rational) -> Rational? {
    let (left, first) = numerator.multipliedReportingOverflow(by: other.denominator)
    let (right, second) = other.numerator.multipliedReportingOverflow(by: denominator)
    let (sum, third) = left.addingReportingOverflow(right)
    let (below, fourth) = denominator.multipliedReportingOverflow(by: other.denominator)
    return first || second || third || fourth ? nil : Rational(sum, over: below)
  }

  func multiplied(by other: Rational) -> Rational? {
    let (above, first) = numerator.multipliedReportingOverflow(by: other.numerator)
    let (below, second) = denominator.multipliedReportingOverflow(by: other.denominator)
    return first || second ? nil : Rational(above, over: below)
  }

  func divided(by other: Rational) -> Rational? {
    Rational(other.denominator, over: other.numerator).flatMap(multiplied(by:))
  }

  /// A whole power; nil beyond 128 bits or for a negative power of zero.
  func power(_ exponent: Int) -> Rational? {
    guard abs(exponent) <= 200 else { return nil }
    var result: Rational? = Rational(1)
    for _ in 0..<abs(exponent) { result = result?.multiplied(by: self) }
    return exponent < 0 ? result.flatMap { Rational(1).divided(by: $0) } : result
  }
}

/// A complex number, just as far as comparing answers needs it.
struct ComplexNumber: Sendable {
  var real: Double
  var imaginary: Double

  init(_ real: Double, _ imaginary: Double = 0) {
    self.real = real
    self.imaginary = imaginary
  }

  var magnitude: Double { hypot(real, imaginary) }
  var isFinite: Bool { real.isFinite && imaginary.isFinite }

  static func + (a: Self, b: Self) -> Self { Self(a.real + b.real, a.imaginary + b.imaginary) }
  static func - (a: Self, b: Self) -> Self { Self(a.real - b.real, a.imaginary - b.imaginary) }

  static func * (a: Self, b: Self) -> Self {
    // Kept apart so that an infinity times a real number is no NaN.
    if a.imaginary == 0, b.imaginary == 0 { return Self(a.real * b.real) }
    return Self(
      a.real * b.real - a.imaginary * b.imaginary, a.real * b.imaginary + a.imaginary * b.real)
  }

  static func / (a: Self, b: Self) -> Self {
    if b.magnitude == 0 { return Self(.nan) }
    if a.imaginary == 0, b.imaginary == 0 { return Self(a.real / b.real) }
    let square = b.real * b.real + b.imaginary * b.imaginary
    return Self(
      (a.real * b.real + a.imaginary * b.imaginary) / square,
      (a.imaginary * b.real - a.real * b.imaginary) / square)
  }

  /// The principal logarithm.
  var logarithm: Self { Self(log(magnitude), atan2(imaginary, real)) }

  /// `e` to this power.
  var exponential: Self {
    if imaginary == 0 { return Self(exp(real)) }
    return Self(exp(real) * cos(imaginary), exp(real) * sin(imaginary))
  }

  /// The principal power.
  func power(_ exponent: Self) -> Self {
    if imaginary == 0, exponent.imaginary == 0 {
      let value = pow(real, exponent.real)
      if !value.isNaN { return Self(value) }
    }
    if magnitude == 0 { return exponent.real > 0 ? Self(0) : Self(.nan) }
    return (exponent * logarithm).exponential
  }
}
