import Foundation

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
