import Foundation

/// A mathematical expression as it was written, after parsing.
indirect enum Expression: Hashable, Sendable {
  /// A number that was written without a point.
  case number(Rational)
  /// A number with so many digits after its point.
  case decimal(Rational, places: Int)
  /// A number beyond 128 bits: its digits without the point, and how many stand after it.
  case digits(String, places: Int)
  case symbol(String)
  case pi
  case euler
  case imaginary
  case sum([Expression])
  case product([Expression])
  case quotient(Expression, Expression)
  case power(Expression, Expression)
  case negative(Expression)
  /// `±`, or `∓` where `isUpper` is false.
  case plusMinus(Expression, isUpper: Bool)
  case root(Expression, index: Int)
  case factorial(Expression)
  case function(MathFunction, [Expression])
  /// A sum or product over whole numbers from `from` to `to`.
  case series(isProduct: Bool, variable: String, from: Expression, to: Expression, Expression)
  case measured(Expression, MeasureUnit)
}

/// The functions that expressions may hold.
enum MathFunction: String, Sendable, Hashable, CaseIterable {
  case sin, cos, tan, cot, sec, csc, arcsin, arccos, arctan, sinh, cosh, tanh, cis
  case exp, ln
  /// With its base as second argument; base ten without one.
  case log
  case abs, floor, ceil, gcd, lcm, max, min, mod, binom, sgn

  static let trigonometric: Set<MathFunction> = [.sin, .cos, .tan, .cot, .sec, .csc, .cis]
  /// Those whose value is a fraction where their arguments are.
  static let arithmetic: Set<MathFunction> = [
    .abs, .floor, .ceil, .gcd, .lcm, .max, .min, .mod, .binom, .sgn,
  ]
}

extension Expression {
  static let zero = Expression.number(Rational(0))
  static let one = Expression.number(Rational(1))

  static func whole(_ value: Int) -> Expression { .number(Rational(Int128(value))) }

  /// The parts, from left to right.
  var children: [Expression] {
    switch self {
    case .number, .decimal, .digits, .symbol, .pi, .euler, .imaginary: []
    case .sum(let items), .product(let items), .function(_, let items): items
    case .quotient(let a, let b), .power(let a, let b): [a, b]
    case .negative(let inner), .plusMinus(let inner, _), .root(let inner, _),
      .factorial(let inner), .measured(let inner, _):
      [inner]
    case .series(_, _, let from, let to, let body): [from, to, body]
    }
  }

  /// The same expression with other parts.
  func map(_ change: (Expression) -> Expression) -> Expression {
    switch self {
    case .number, .decimal, .digits, .symbol, .pi, .euler, .imaginary: self
    case .sum(let items): .sum(items.map(change))
    case .product(let items): .product(items.map(change))
    case .function(let name, let items): .function(name, items.map(change))
    case .quotient(let a, let b): .quotient(change(a), change(b))
    case .power(let a, let b): .power(change(a), change(b))
    case .negative(let inner): .negative(change(inner))
    case .plusMinus(let inner, let isUpper): .plusMinus(change(inner), isUpper: isUpper)
    case .root(let inner, let index): .root(change(inner), index: index)
    case .factorial(let inner): .factorial(change(inner))
    case .measured(let inner, let unit): .measured(change(inner), unit)
    case .series(let isProduct, let variable, let from, let to, let body):
      .series(
        isProduct: isProduct, variable: variable, from: change(from), to: change(to), change(body))
    }
  }

  /// Whether the expression or a part of it passes a test.
  func contains(where test: (Expression) -> Bool) -> Bool {
    test(self) || children.contains { $0.contains(where: test) }
  }

  /// The names of the variables.
  var symbols: Set<String> {
    var found: Set<String> = []
    collectSymbols(into: &found)
    return found
  }

  private func collectSymbols(into found: inout Set<String>) {
    if case .symbol(let name) = self { found.insert(name) }
    if case .series(_, let variable, let from, let to, let body) = self {
      found.formUnion(from.symbols)
      found.formUnion(to.symbols)
      found.formUnion(body.symbols.subtracting([variable]))
      return
    }
    for child in children { child.collectSymbols(into: &found) }
  }

  /// The expression with other variables.
  func renamed(_ names: [String: String]) -> Expression {
    if case .symbol(let name) = self { return .symbol(names[name] ?? name) }
    return map { $0.renamed(names) }
  }

  func substituting(_ value: Expression, for name: String) -> Expression {
    if self == .symbol(name) { return value }
    if case .series(_, let variable, _, _, _) = self, variable == name { return self }
    return map { $0.substituting(value, for: name) }
  }

  /// Both values of an expression with `±`, of which the upper signs go together.
  var signVariants: [Expression] {
    guard contains(where: { if case .plusMinus = $0 { true } else { false } }) else {
      return [self]
    }
    return [signed(isUpper: true), signed(isUpper: false)]
  }

  private func signed(isUpper: Bool) -> Expression {
    if case .plusMinus(let inner, let sign) = self {
      let value = inner.signed(isUpper: isUpper)
      return sign == isUpper ? value : .negative(value)
    }
    return map { $0.signed(isUpper: isUpper) }
  }
}

/// Values of constants that are fractions.
extension Expression {
  /// The exact value; nil where it is no fraction, has variables, or is beyond 128 bits.
  var rational: Rational? {
    switch self {
    case .number(let value), .decimal(let value, _): return value
    case .negative(let inner): return inner.rational?.multiplied(by: Rational(-1))
    case .sum(let items): return fold(items, Rational(0)) { $0.adding($1) }
    case .product(let items): return fold(items, Rational(1)) { $0.multiplied(by: $1) }
    case .quotient(let a, let b):
      return a.rational.flatMap { left in b.rational.flatMap { left.divided(by: $0) } }
    case .power(let a, let b):
      guard let base = a.rational, let exponent = b.rational else { return nil }
      return Self.power(base, exponent)
    case .root(let inner, let index): return inner.rational.flatMap { Self.root($0, index) }
    case .factorial(let inner):
      guard let value = inner.rational?.integer, (0...33).contains(value) else { return nil }
      return Rational((0..<value).reduce(Int128(1)) { $0 * Int128($1 + 1) })
    case .function(let name, let items):
      guard MathFunction.arithmetic.contains(name) else { return nil }
      let values = items.compactMap(\.rational)
      return values.count == items.count ? Self.apply(name, values) : nil
    case .digits, .symbol, .pi, .euler, .imaginary, .plusMinus, .series, .measured: return nil
    }
  }

  private func fold(
    _ items: [Expression], _ start: Rational, _ join: (Rational, Rational) -> Rational?
  ) -> Rational? {
    var result = start
    for item in items {
      guard let value = item.rational, let joined = join(result, value) else { return nil }
      result = joined
    }
    return result
  }

  private static func power(_ base: Rational, _ exponent: Rational) -> Rational? {
    if let whole = exponent.integer {
      return base.numerator == 0 && whole <= 0 ? nil : base.power(whole)
    }
    guard let index = Int(exactly: exponent.denominator),
      let times = Int(exactly: exponent.numerator)
    else { return nil }
    return root(base, index)?.power(times)
  }

  /// The real root where it is a fraction.
  private static func root(_ value: Rational, _ index: Int) -> Rational? {
    guard (2...64).contains(index), value.numerator >= 0 || index % 2 == 1 else { return nil }
    func root(_ number: Int128) -> Int128? {
      let guess = pow(Double(number), 1 / Double(index)).rounded()
      guard guess < 1e18 else { return nil }
      let candidate = Rational(Int128(guess))
      return candidate.power(index) == Rational(number) ? candidate.numerator : nil
    }
    guard let above = root(Int128(value.numerator.magnitude)), let below = root(value.denominator)
    else { return nil }
    return Rational(value.numerator < 0 ? -above : above, over: below)
  }

  private static func apply(_ name: MathFunction, _ values: [Rational]) -> Rational? {
    let wholes = values.compactMap { $0.denominator == 1 ? $0.numerator : nil }
    let areWhole = wholes.count == values.count && !values.isEmpty
    switch name {
    case .abs: return values.first.flatMap { $0.numerator < 0 ? Rational(0).subtracting($0) : $0 }
    case .sgn: return values.first.map { Rational($0.numerator.signum()) }
    case .floor: return values.first.map { Rational($0.floor) }
    case .ceil: return values.first.map { Rational($0.ceiling) }
    case .max: return values.max { $0.double < $1.double }
    case .min: return values.min { $0.double < $1.double }
    case .gcd: return areWhole ? Rational(wholes.reduce(0, divisor)) : nil
    case .lcm:
      guard areWhole, !wholes.contains(0) else { return nil }
      var result: Int128 = 1
      for value in wholes {
        let (product, overflow) = (result / divisor(result, value))
          .multipliedReportingOverflow(by: value)
        if overflow { return nil }
        result = product
      }
      return Rational(result < 0 ? -result : result)
    case .mod:
      guard areWhole, wholes.count == 2, wholes[1] != 0 else { return nil }
      let rest = wholes[0] % wholes[1]
      return Rational(rest != 0 && (rest < 0) != (wholes[1] < 0) ? rest + wholes[1] : rest)
    case .binom:
      guard areWhole, wholes.count == 2, wholes[1] >= 0, wholes[1] <= 64 else { return nil }
      var result = Rational(1)
      for step in 0..<wholes[1] {
        guard let factor = Rational(wholes[0] - step, over: step + 1),
          let next = result.multiplied(by: factor)
        else { return nil }
        result = next
      }
      return result
    default: return nil
    }
  }

  private static func divisor(_ a: Int128, _ b: Int128) -> Int128 {
    var (a, b) = (a.magnitude, b.magnitude)
    while b != 0 { (a, b) = (b, a % b) }
    return Int128(a)
  }
}

extension Rational {
  func subtracting(_ other: Rational) -> Rational? {
    other.multiplied(by: Rational(-1)).flatMap(adding)
  }

  var floor: Int128 {
    numerator / denominator - (numerator < 0 && numerator % denominator != 0 ? 1 : 0)
  }

  var ceiling: Int128 { floor + (denominator == 1 ? 0 : 1) }
}
