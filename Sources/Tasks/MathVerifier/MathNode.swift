import Foundation

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
  case text(String)
}

/// The value of a tree, exact where it is a fraction, else in floating point.
extension MathNode {
  /// The exact value; nil where it is no fraction, has variables, or is beyond 128 bits.
  var exact: Rational? {
    switch self {
    case .number(let value, _): value
    case .negative(let inner): inner.exact?.multiplied(by: Rational(-1))
    case .sum(let a, let b): a.exact.flatMap { left in b.exact.flatMap { left.adding($0) } }
    case .product(let a, let b):
      a.exact.flatMap { left in b.exact.flatMap { left.multiplied(by: $0) } }
    case .quotient(let a, let b):
      a.exact.flatMap { left in b.exact.flatMap { left.divided(by: $0) } }
    case .power(let a, let b):
      a.exact.flatMap { base in b.exact?.integer.flatMap { base.power($0) } }
    case .percent(let inner): inner.exact?.divided(by: Rational(100))
    default: nil
    }
  }

  /// The value with numbers put in place of the variables; nil where the tree is no single value.
  func value(at point: SamplePoint) -> ComplexNumber? {
    switch self {
    case .number(let value, _): ComplexNumber(value.double)
    case .large(let value): ComplexNumber(value)
    case .pi: ComplexNumber(.pi)
    case .infinity: ComplexNumber(.infinity)
    case .symbol(let name): point[name]
    case .negative(let inner): inner.value(at: point).map { ComplexNumber(-1) * $0 }
    case .sum(let a, let b): Self.combine(a, b, point, +)
    case .product(let a, let b): Self.combine(a, b, point, *)
    case .quotient(let a, let b): Self.combine(a, b, point, /)
    case .power(let a, let b): Self.combine(a, b, point) { $0.power($1) }
    case .percent(let inner): inner.value(at: point).map { $0 / ComplexNumber(100) }
    case .factorial(let inner): Self.realFunction([inner], point) { Self.factorial($0[0]) }
    case .function(let name, let arguments): Self.function(name, arguments, point)
    case .based, .plusMinus, .tuple, .collection, .union, .matrix, .relation, .text: nil
    }
  }

  private static func combine(
    _ a: MathNode, _ b: MathNode, _ point: SamplePoint,
    _ operation: (ComplexNumber, ComplexNumber) -> ComplexNumber
  ) -> ComplexNumber? {
    guard let left = a.value(at: point), let right = b.value(at: point) else { return nil }
    return operation(left, right)
  }

  private static func realFunction(
    _ arguments: [MathNode], _ point: SamplePoint, _ function: ([Double]) -> Double
  ) -> ComplexNumber? {
    var values: [Double] = []
    for argument in arguments {
      guard let value = argument.value(at: point) else { return nil }
      guard value.imaginary == 0 else { return ComplexNumber(.nan) }
      values.append(value.real)
    }
    return ComplexNumber(function(values))
  }

  private static func function(
    _ name: String, _ arguments: [MathNode], _ point: SamplePoint
  ) -> ComplexNumber? {
    switch name {
    case "abs": return arguments[0].value(at: point).map { ComplexNumber($0.magnitude) }
    case "exp": return arguments[0].value(at: point)?.exponential
    case "ln", "log":
      guard let logarithm = arguments[0].value(at: point)?.logarithm else { return nil }
      let base = name == "ln" ? M_E : 10
      guard arguments.count == 2 else { return logarithm / ComplexNumber(log(base)) }
      return (arguments[1].value(at: point)?.logarithm).map { logarithm / $0 }
    case "binom": return realFunction(arguments, point) { binomial($0[0], $0[1]) }
    default:
      guard let function = realFunctions[name] else { return nil }
      return realFunction([arguments[0]], point) { function($0[0]) }
    }
  }

  private static let realFunctions: [String: @Sendable (Double) -> Double] = [
    "sin": { sin($0) }, "cos": { cos($0) }, "tan": { tan($0) }, "cot": { 1 / tan($0) },
    "sec": { 1 / cos($0) }, "csc": { 1 / sin($0) }, "arcsin": { asin($0) }, "arccos": { acos($0) },
    "arctan": { atan($0) }, "sinh": { sinh($0) }, "cosh": { cosh($0) }, "tanh": { tanh($0) },
    "floor": { $0.rounded(.down) }, "ceil": { $0.rounded(.up) },
  ]

  private static func factorial(_ value: Double) -> Double {
    guard value >= 0, value <= 170, value == value.rounded() else { return .nan }
    return value < 2 ? 1 : (2...Int(value)).reduce(1.0) { $0 * Double($1) }
  }

  private static func binomial(_ n: Double, _ k: Double) -> Double {
    guard n == n.rounded(), k == k.rounded(), k >= 0, n >= k, n <= 1000 else { return .nan }
    let steps = Int(min(k, n - k))
    return (0..<steps).reduce(1.0) { $0 * (n - Double($1)) / Double($1 + 1) }.rounded()
  }
}

/// Numbers in place of variables: the same variable gets the same number in every tree.
struct SamplePoint: Sendable {
  private let index: UInt64

  /// A few points are enough to tell expressions apart.
  static let all = (1...4).map { SamplePoint(index: $0) }

  /// Between 0.3 and 2.3, from a hash of the name (FNV-1a); `e` and `i` are themselves.
  subscript(name: String) -> ComplexNumber {
    if name == "e" { return ComplexNumber(M_E) }
    if name == "i" { return ComplexNumber(0, 1) }
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325 ^ (index &* 0x9e37_79b9_7f4a_7c15)
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    hash ^= hash >> 29
    hash = hash &* 0xbf58_476d_1ce4_e5b9
    return ComplexNumber(0.3 + 2 * Double(hash >> 11) / Double(1 << 53))
  }
}

/// Brings trees to the form in which they are compared.
enum Simplified {
  /// Spreads `±` over two values, flattens collections, and drops the name before `∈`.
  static func node(_ node: MathNode) -> MathNode {
    switch node {
    case .collection(let items):
      return .collection(items.flatMap(spread))
    case .relation(let operands, let signs) where signs.last == "in":
      return operands.last.map(self.node) ?? node
    default:
      let values = spread(node)
      return values.count == 1 ? values[0] : .collection(values)
    }
  }

  /// Both values of an expression with `±`; the upper signs go together.
  private static func spread(_ node: MathNode) -> [MathNode] {
    if case .collection(let items) = node { return items.flatMap(spread) }
    guard hasPlusMinus(node) else { return [node] }
    return [signed(node, isUpper: true), signed(node, isUpper: false)]
  }

  private static func hasPlusMinus(_ node: MathNode) -> Bool {
    switch node {
    case .plusMinus: true
    case .negative(let inner), .percent(let inner), .factorial(let inner): hasPlusMinus(inner)
    case .sum(let a, let b), .product(let a, let b), .quotient(let a, let b), .power(let a, let b):
      hasPlusMinus(a) || hasPlusMinus(b)
    case .function(_, let items), .tuple(_, let items, _): items.contains(where: hasPlusMinus)
    case .relation(let operands, _): operands.contains(where: hasPlusMinus)
    default: false
    }
  }

  private static func signed(_ node: MathNode, isUpper: Bool) -> MathNode {
    func inside(_ inner: MathNode) -> MathNode { signed(inner, isUpper: isUpper) }
    switch node {
    case .plusMinus(let a, let b, let sign):
      return .sum(inside(a), sign == isUpper ? inside(b) : .negative(inside(b)))
    case .negative(let inner): return .negative(inside(inner))
    case .percent(let inner): return .percent(inside(inner))
    case .factorial(let inner): return .factorial(inside(inner))
    case .sum(let a, let b): return .sum(inside(a), inside(b))
    case .product(let a, let b): return .product(inside(a), inside(b))
    case .quotient(let a, let b): return .quotient(inside(a), inside(b))
    case .power(let a, let b): return .power(inside(a), inside(b))
    case .function(let name, let items): return .function(name, items.map(inside))
    case .tuple(let open, let items, let close): return .tuple(open, items.map(inside), close)
    case .relation(let operands, let signs): return .relation(operands.map(inside), signs)
    default: return node
    }
  }

  /// What an equation gives as its value: the side that is not just a name.
  static func rightSide(of node: MathNode) -> MathNode? {
    guard case .relation(let operands, let signs) = node, let first = operands.first,
      let last = operands.last
    else { return nil }
    if signs.first == "~" { return isName(first) ? last : first }
    guard signs.allSatisfy({ $0 == "=" || $0 == "~" }) else { return nil }
    if signs.last == "~" { return operands[operands.count - 2] }
    return isName(last) && !isName(first) ? first : last
  }

  /// Whether an equation, or a chain of them, gives a name its value: `x = 5`, `f(x) = 2x = 4`.
  static func isAssignment(_ node: MathNode) -> Bool {
    guard case .relation(let operands, let signs) = node, let first = operands.first,
      let last = operands.last
    else { return false }
    return signs.allSatisfy { $0 == "=" || $0 == "~" } && (isName(first) || isName(last))
  }

  /// A variable, or a function of one, such as `f(x)`.
  private static func isName(_ node: MathNode) -> Bool {
    switch node {
    case .symbol, .text: true
    case .product(.symbol, let other): isName(other)
    default: false
    }
  }

  /// An inequality in one variable as the interval of its solutions: `0 < x ≤ 3` as `(0, 3]`.
  static func interval(of node: MathNode) -> MathNode? {
    guard case .relation(let operands, let signs) = node else { return nil }
    let isRising = signs.allSatisfy { $0.hasPrefix("<") }
    guard isRising || signs.allSatisfy({ $0.hasPrefix(">") }) else { return nil }
    let ends = isRising ? operands : operands.reversed()
    let closed = (isRising ? signs : signs.reversed()).map { $0.hasSuffix("=") }
    if ends.count == 3, isName(ends[1]) {
      return .tuple(closed[0] ? "[" : "(", [ends[0], ends[2]], closed[1] ? "]" : ")")
    }
    guard ends.count == 2 else { return nil }
    if isName(ends[0]), !isName(ends[1]) {
      return .tuple("(", [.negative(.infinity), ends[1]], closed[0] ? "]" : ")")
    }
    guard isName(ends[1]), !isName(ends[0]) else { return nil }
    return .tuple(closed[0] ? "[" : "(", [ends[0], .infinity], ")")
  }
}
