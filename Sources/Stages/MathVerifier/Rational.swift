/// An exact fraction in lowest terms, as far as 128 bits reach.
struct Rational: Hashable, Sendable {
  let numerator: Int128
  /// Always positive.
  let denominator: Int128

  /// A whole number.
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
