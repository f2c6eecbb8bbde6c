import Foundation

/// A floating-point value with a bound of its rounding error.
struct Approximation: Sendable {
  let value: ComplexNumber
  let error: Double

  static let undefined = Approximation(ComplexNumber(.nan), error: 0)

  init(_ value: ComplexNumber, error: Double) {
    self.value = value
    self.error = error
  }

  /// A value that is rounded once, after what its parts were rounded by.
  fileprivate init(rounded value: ComplexNumber, _ inherited: Double = 0) {
    self.init(value, error: inherited + 4 * Double.ulpOfOne * value.magnitude)
  }

  /// Neither infinite nor unknown. What underflows is unknown, too: nothing but zero equals zero.
  var isDefined: Bool { value.isFinite && error.isFinite }
}

/// Numbers in place of variables, in floating point.
struct RealPoint: Sendable {
  enum Scheme: Sendable, Hashable {
    /// Between two numbers.
    case between(Double, Double)
    /// Like `between`, with a sign for each variable.
    case signed(Double, Double)
    /// Whole numbers from zero on.
    case whole(Int)
  }

  private let scheme: Scheme
  private let seed: UInt64
  /// Whether values may be complex: where `i` occurs. Without it a root of −1 is undefined.
  let isComplex: Bool

  init(_ scheme: Scheme, seed: UInt64, isComplex: Bool) {
    self.scheme = scheme
    self.seed = seed
    self.isComplex = isComplex
  }

  /// Both signs and several sizes.
  static let schemes: [Scheme] = [
    .between(0.3, 2.3), .between(0.3, 2.3), .between(-2.3, -0.3), .between(-2.3, -0.3),
    .signed(0.3, 2.3), .signed(0.3, 2.3), .between(3, 9), .between(-9, -3), .signed(3, 9),
    .between(0, 1), .signed(20, 60), .between(20, 60), .between(-60, -20), .between(-1, 0),
  ]
  /// For expressions that only whole numbers suit, such as factorials.
  static let wholeSchemes: [Scheme] = (0..<14).map { .whole($0 < 7 ? 6 : 12) }

  func number(_ name: String) -> Double {
    let hash = StableHash.value(of: name, seed: seed)
    let share = Double(hash >> 11) / Double(1 << 53)
    switch scheme {
    case .between(let low, let high): return low + share * (high - low)
    case .signed(let low, let high): return (hash & 1 == 0 ? 1 : -1) * (low + share * (high - low))
    case .whole(let limit): return (share * Double(limit)).rounded(.down)
    }
  }
}

/// Evaluation in floating point.
extension RealPoint {
  func value(_ expression: Expression) -> Approximation {
    var steps = 100_000
    return value(expression, &steps)
  }

  private func value(_ expression: Expression, _ steps: inout Int) -> Approximation {
    steps -= 1
    guard steps > 0 else { return .undefined }
    switch expression {
    case .number(let exact), .decimal(let exact, _): return Self.rounded(exact.double, exact)
    case .digits(let digits, let places):
      guard let whole = Double(digits) else { return .undefined }
      let value = whole / pow(10, Double(places))
      return Approximation(rounded: ComplexNumber(value == 0 ? .nan : value))
    case .symbol(let name): return Approximation(ComplexNumber(number(name)), error: 0)
    case .pi: return Approximation(rounded: ComplexNumber(.pi))
    case .euler: return Approximation(rounded: ComplexNumber(M_E))
    case .imaginary: return Approximation(ComplexNumber(0, 1), error: 0)
    case .negative(let inner):
      let found = value(inner, &steps)
      return Approximation(ComplexNumber(-1) * found.value, error: found.error)
    case .sum(let items):
      return fold(items, ComplexNumber(0), &steps) {
        Approximation(rounded: $0.value + $1.value, $0.error + $1.error)
      }
    case .product(let items): return fold(items, ComplexNumber(1), &steps, Self.multiply)
    case .quotient(let a, let b): return Self.divide(value(a, &steps), value(b, &steps))
    case .power(let base, let exponent): return power(base, exponent, &steps)
    case .root(let inner, let index): return root(value(inner, &steps), index)
    case .factorial(let inner):
      return realFunction([value(inner, &steps)], steepness: 3) { Self.factorial($0[0]) }
    case .function(let name, let items): return function(name, items, &steps)
    case .series(let isProduct, let variable, let from, let to, let body):
      return series(isProduct, variable, from, to, body, &steps)
    case .plusMinus, .measured: return .undefined
    }
  }

  private static func rounded(_ value: Double, _ exact: Rational) -> Approximation {
    Approximation(
      ComplexNumber(value), error: exact.denominator == 1 && abs(value) < 1e15 ? 0 : value.ulp)
  }

  private func fold(
    _ items: [Expression], _ start: ComplexNumber, _ steps: inout Int,
    _ join: (Approximation, Approximation) -> Approximation
  ) -> Approximation {
    var result = Approximation(start, error: 0)
    for item in items { result = join(result, value(item, &steps)) }
    return result
  }

  private static func multiply(_ a: Approximation, _ b: Approximation) -> Approximation {
    let product = a.value * b.value
    // A product of what is not zero must not become zero.
    if product.magnitude == 0, a.value.magnitude != 0, b.value.magnitude != 0 { return .undefined }
    return Approximation(
      rounded: product, a.value.magnitude * b.error + b.value.magnitude * a.error)
  }

  private static func divide(_ a: Approximation, _ b: Approximation) -> Approximation {
    let size = b.value.magnitude
    // What may be zero divides nothing.
    guard size > 2 * b.error else { return .undefined }
    let quotient = a.value / b.value
    if quotient.magnitude == 0, a.value.magnitude != 0 { return .undefined }
    return Approximation(
      rounded: quotient, a.error / size + a.value.magnitude / size * b.error / size)
  }

  private func realFunction(
    _ arguments: [Approximation], steepness: Double = 1, _ function: ([Double]) -> Double
  ) -> Approximation {
    guard arguments.allSatisfy({ $0.isDefined && $0.value.imaginary == 0 }) else {
      return .undefined
    }
    let value = function(arguments.map(\.value.real))
    let inherited = arguments.map(\.error).reduce(0, +) * steepness
    return Approximation(rounded: ComplexNumber(value), inherited * Swift.max(1, abs(value)))
  }

  // MARK: powers

  private func power(
    _ base: Expression, _ exponent: Expression, _ steps: inout Int
  ) -> Approximation {
    let root = value(base, &steps)
    if let exact = exponent.rational {
      if exact.denominator == 1 { return whole(root, Double(exact.numerator)) }
      // With an odd denominator a negative base has a real root.
      if !isComplex, root.value.real < 0, exact.denominator % 2 == 1 {
        let size = pow(-root.value.real, exact.double)
        let value = exact.numerator % 2 == 0 ? size : -size
        return Approximation(
          rounded: ComplexNumber(value), root.error * size / -root.value.real * abs(exact.double))
      }
    }
    let times = value(exponent, &steps)
    if times.value.imaginary == 0, times.value.real == times.value.real.rounded(), times.error == 0
    {
      return whole(root, times.value.real)
    }
    if root.value.imaginary == 0, times.value.imaginary == 0, root.value.real >= 0 || !isComplex {
      return realPower(root, times)
    }
    return complexPower(root, times)
  }

  private func whole(_ base: Approximation, _ times: Double) -> Approximation {
    guard base.value.magnitude != 0 else {
      return times > 0 ? Approximation(ComplexNumber(0), error: base.error) : .undefined
    }
    let result: ComplexNumber
    if base.value.imaginary == 0 {
      result = ComplexNumber(pow(base.value.real, times))
    } else if abs(times) <= 64 {
      let product = (0..<Int(abs(times))).reduce(ComplexNumber(1)) { found, _ in found * base.value
      }
      result = times < 0 ? ComplexNumber(1) / product : product
    } else {
      result = base.value.power(ComplexNumber(times))
    }
    if result.magnitude == 0 { return .undefined }
    return Approximation(
      rounded: result,
      abs(times) * result.magnitude * (base.error / base.value.magnitude + Double.ulpOfOne))
  }

  private func realPower(_ base: Approximation, _ times: Approximation) -> Approximation {
    let value = pow(base.value.real, times.value.real)
    if value == 0, base.value.real != 0 { return .undefined }
    let relative = base.value.real == 0 ? 0 : base.error / abs(base.value.real)
    let logarithm = base.value.real == 0 ? 0 : abs(log(abs(base.value.real)))
    return Approximation(
      rounded: ComplexNumber(value),
      abs(value) * (abs(times.value.real) * relative + logarithm * times.error))
  }

  private func complexPower(_ base: Approximation, _ times: Approximation) -> Approximation {
    guard base.value.magnitude > 0 else { return .undefined }
    let value = (times.value * base.value.logarithm).exponential
    if value.magnitude == 0 { return .undefined }
    let relative = base.error / base.value.magnitude
    return Approximation(
      rounded: value,
      value.magnitude
        * (times.value.magnitude * relative + base.value.logarithm.magnitude * times.error
          + Double.ulpOfOne * times.value.magnitude))
  }

  private func root(_ inner: Approximation, _ index: Int) -> Approximation {
    guard inner.isDefined else { return .undefined }
    if inner.value.magnitude <= inner.error {
      return Approximation(ComplexNumber(0), error: pow(inner.error, 1 / Double(index)))
    }
    let relative = inner.error / inner.value.magnitude / Double(index)
    if inner.value.imaginary == 0, inner.value.real > 0 || (index % 2 == 1 && !isComplex) {
      let size = pow(abs(inner.value.real), 1 / Double(index))
      let value = inner.value.real < 0 ? -size : size
      return Approximation(rounded: ComplexNumber(value), relative * size)
    }
    // A root of a negative constant is imaginary where `i` is about; else it is undefined.
    guard isComplex else { return .undefined }
    if index % 2 == 1, inner.value.imaginary == 0 {
      let size = -pow(-inner.value.real, 1 / Double(index))
      return Approximation(rounded: ComplexNumber(size), relative * -size)
    }
    let value = inner.value.power(ComplexNumber(1 / Double(index)))
    return Approximation(rounded: value, relative * value.magnitude)
  }

  // MARK: functions

  private func function(
    _ name: MathFunction, _ items: [Expression], _ steps: inout Int
  ) -> Approximation {
    var arguments: [Approximation] = []
    for item in items { arguments.append(value(item, &steps)) }
    guard let first = arguments.first, arguments.allSatisfy(\.isDefined) else { return .undefined }
    switch name {
    case .abs: return Approximation(ComplexNumber(first.value.magnitude), error: first.error)
    case .exp: return exponential(first)
    case .cis:
      return exponential(
        Approximation(ComplexNumber(0, 1) * first.value, error: first.error))
    case .ln: return logarithm(first)
    case .log:
      let base =
        arguments.count == 2
        ? arguments[1] : Approximation(ComplexNumber(10), error: 0)
      return Self.divide(logarithm(first), logarithm(base))
    case .floor, .ceil, .sgn, .gcd, .lcm, .max, .min, .mod: return stepped(name, arguments)
    case .binom: return realFunction(arguments, steepness: 3) { Self.binomial($0[0], $0[1]) }
    default:
      guard let function = Self.realFunctions[name] else { return .undefined }
      let steepness = 1 + pow(function(first.value.real), 2)
      return realFunction([first], steepness: steepness.isFinite ? steepness : 1) {
        function($0[0])
      }
    }
  }

  private func exponential(_ argument: Approximation) -> Approximation {
    let value = argument.value.exponential
    if value.magnitude == 0 { return .undefined }
    return Approximation(
      rounded: value, value.magnitude * (argument.error + argument.value.magnitude * .ulpOfOne))
  }

  private func logarithm(_ argument: Approximation) -> Approximation {
    guard argument.value.magnitude > argument.error else { return .undefined }
    if !isComplex, argument.value.real < 0 { return .undefined }
    return Approximation(
      rounded: argument.value.logarithm,
      argument.error / argument.value.magnitude + Double.ulpOfOne)
  }

  /// Functions with steps: next to a step the error decides nothing, so the value is unknown there.
  private func stepped(_ name: MathFunction, _ arguments: [Approximation]) -> Approximation {
    guard arguments.allSatisfy({ $0.value.imaginary == 0 }) else { return .undefined }
    let values = arguments.map(\.value.real)
    let isWhole = values.allSatisfy { $0 == $0.rounded() && abs($0) < 1e15 }
    switch name {
    case .floor, .ceil:
      let nearest = values[0].rounded()
      if arguments[0].error > 0, abs(values[0] - nearest) <= arguments[0].error {
        return Approximation(ComplexNumber(nearest), error: 0)
      }
      let value = values[0].rounded(name == .floor ? .down : .up)
      return Approximation(ComplexNumber(value), error: 0)
    case .sgn:
      return Approximation(
        ComplexNumber(values[0] == 0 ? 0 : values[0].sign == .minus ? -1 : 1), error: 0)
    case .max, .min:
      let value = (name == .max ? values.max() : values.min()) ?? .nan
      return Approximation(ComplexNumber(value), error: arguments.map(\.error).max() ?? 0)
    default:
      guard isWhole,
        let exact = Expression.function(name, values.map { .whole(Int($0)) }).rational
      else { return .undefined }
      return Approximation(ComplexNumber(exact.double), error: 0)
    }
  }

  private static let realFunctions: [MathFunction: @Sendable (Double) -> Double] = [
    .sin: { Foundation.sin($0) }, .cos: { Foundation.cos($0) }, .tan: { Foundation.tan($0) },
    .cot: { 1 / Foundation.tan($0) }, .sec: { 1 / Foundation.cos($0) },
    .csc: { 1 / Foundation.sin($0) }, .arcsin: { asin($0) }, .arccos: { acos($0) },
    .arctan: { atan($0) }, .sinh: { Foundation.sinh($0) }, .cosh: { Foundation.cosh($0) },
    .tanh: { Foundation.tanh($0) },
  ]

  private static func factorial(_ value: Double) -> Double {
    guard value >= 0, value <= 170, value == value.rounded() else { return .nan }
    return value < 2 ? 1 : (2...Int(value)).reduce(1.0) { $0 * Double($1) }
  }

  private static func binomial(_ n: Double, _ k: Double) -> Double {
    guard n == n.rounded(), k == k.rounded(), n >= 0, n <= 1000 else { return .nan }
    if k < 0 || k > n { return 0 }
    let steps = Int(Swift.min(k, n - k))
    return (0..<steps).reduce(1.0) { $0 * (n - Double($1)) / Double($1 + 1) }.rounded()
  }

  private func series(
    _ isProduct: Bool, _ variable: String, _ from: Expression, _ to: Expression,
    _ body: Expression, _ steps: inout Int
  ) -> Approximation {
    let (first, last) = (value(from, &steps), value(to, &steps))
    guard first.isDefined, last.isDefined, first.value.real == first.value.real.rounded(),
      last.value.real == last.value.real.rounded(), last.value.real - first.value.real < 5000,
      abs(first.value.real) < 1e9
    else { return .undefined }
    var result = Approximation(ComplexNumber(isProduct ? 1 : 0), error: 0)
    var index = Int(first.value.real)
    while index <= Int(last.value.real), steps > 0 {
      let term = value(body.substituting(.whole(index), for: variable), &steps)
      result =
        isProduct
        ? Self.multiply(result, term)
        : Approximation(rounded: result.value + term.value, result.error + term.error)
      index += 1
    }
    return steps > 0 ? result : .undefined
  }
}
