/// An answer as it was written, after parsing.
indirect enum MathNode: Hashable, Sendable {
  /// A number; `isDecimal` where it was written with a point.
  case number(Rational, isDecimal: Bool)
  /// A number too long to be exact.
  case large(Double)
  /// Digits in a named base, such as `52_8`.
  case based(digits: String, base: String)
  /// A variable; also `e` and `i`.
  case symbol(String)
  case pi
  case infinity
  case sum(MathNode, MathNode)
  case product(MathNode, MathNode)
  case quotient(MathNode, MathNode)
  case power(MathNode, MathNode)
  case negative(MathNode)
  /// `a ± b`, or `a ∓ b` where `isUpper` is false.
  case plusMinus(MathNode, MathNode, isUpper: Bool)
  case percent(MathNode)
  case factorial(MathNode)
  /// A function of one or two arguments, such as `log` with its base.
  case function(String, [MathNode])
  /// Values in brackets, in order: a tuple, a vector or an interval.
  case tuple(String, [MathNode], String)
  /// Values without an order, in braces or without any brackets.
  case collection([MathNode])
  case union([MathNode])
  case matrix([[MathNode]])
  /// A chain of relations, such as `0 < x ≤ 3`; one operator fewer than operands.
  case relation([MathNode], [String])
  /// Words.
  case text(String)
}
