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
