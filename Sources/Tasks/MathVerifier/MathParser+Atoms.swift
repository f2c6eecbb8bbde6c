/// What stands alone: numbers, variables, fractions, roots, functions.
extension MathParser {
  private static let functions: Set<String> = [
    "sin", "cos", "tan", "cot", "sec", "csc", "ln", "log", "exp", "arcsin", "arccos", "arctan",
    "sinh", "cosh", "tanh",
  ]
  private static let greek: Set<String> = [
    "alpha", "beta", "gamma", "delta", "epsilon", "varepsilon", "zeta", "eta", "theta", "vartheta",
    "iota", "kappa", "lambda", "mu", "nu", "xi", "rho", "sigma", "tau", "upsilon", "phi", "varphi",
    "chi", "psi", "omega", "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi",
    "Omega", "ell", "hbar", "emptyset", "varnothing", "mathbb",
  ]

  /// Whether a token may begin a factor that is multiplied without a sign.
  func startsAtom(_ token: MathToken) -> Bool {
    switch token {
    case .number: true
    case .name(let name): !["or", "and", "in", "cdot", "times"].contains(name)
    case .text: !Self.isSeparator(token)
    case .sign(let sign):
      sign == "(" || sign == "[" || sign == "{" || (sign == "|" && absoluteDepth == 0)
    case .command(let name):
      Self.functions.contains(name) || Self.greek.contains(name)
        || ["frac", "sqrt", "pi", "infty", "binom", "{", "begin", "lfloor", "lceil"].contains(name)
    case .rowEnd: false
    }
  }

  /// Passes over words after a value, with their power: `\text{ cm}^2`.
  mutating func skipUnit() -> Bool {
    guard let token = next, case .text = token, !Self.isSeparator(token) else { return false }
    position += 1
    if take(.sign("^")) { _ = nested { $0.argument(splitsDigits: false) } }
    return true
  }

  mutating func atom() -> MathNode? {
    guard let token = next else { return nil }
    position += 1
    switch token {
    case .number(let digits): return number(digits)
    case .name(let name): return named(name)
    case .command(let name): return command(name)
    case .sign(let sign): return bracketed(sign)
    case .text(let text): return words(text)
    case .rowEnd: return nil
    }
  }

  /// Words before a value are passed over; words alone are the answer.
  private mutating func words(_ text: String) -> MathNode? {
    if let token = next, startsAtom(token) || token == .sign("-") { return nested { $0.factor() } }
    return .text(text)
  }

  private mutating func number(_ digits: String) -> MathNode? {
    if take(.sign("_")) {
      guard let base = subscriptText() else { return nil }
      return .based(digits: digits, base: base)
    }
    let isDecimal = digits.contains(".")
    if let exact = Rational(decimal: digits) { return .number(exact, isDecimal: isDecimal) }
    return Double(digits).map(MathNode.large)
  }

  private mutating func subscriptText() -> String? {
    var text = ""
    let isGroup = take(.sign("{"))
    repeat {
      switch next {
      case .number(let digits): text += digits
      case .name(let name): text += name
      case .text(let words): text += words
      default: return nil
      }
      position += 1
    } while isGroup && !take(.sign("}"))
    return text
  }

  private mutating func named(_ name: String) -> MathNode? {
    switch name {
    case "pi": return .pi
    case "infinity", "inf", "infty", "oo": return .infinity
    case "sqrt": return root()
    case "frac": return fraction()
    case "or", "and", "in", "cdot", "times": return nil
    case "abs": return nested { $0.argument(splitsDigits: false) }.map { .function("abs", [$0]) }
    case _ where Self.functions.contains(name): return function(name)
    default: return variable(name)
    }
  }

  private mutating func variable(_ name: String) -> MathNode? {
    guard take(.sign("_")) else { return .symbol(name) }
    return subscriptText().map { .symbol("\(name)_\($0)") }
  }

  private mutating func command(_ name: String) -> MathNode? {
    switch name {
    case "pi": return .pi
    case "infty": return .infinity
    case "frac": return fraction()
    case "sqrt": return root()
    case "binom": return pair { .function("binom", [$0, $1]) }
    case "{": return bracket(closing: [.command("}")]).map { .collection($0.items) }
    case "begin": return matrix()
    case "lfloor":
      return bracket(closing: [.command("rfloor")]).flatMap(\.single).map {
        .function("floor", [$0])
      }
    case "lceil":
      return bracket(closing: [.command("rceil")]).flatMap(\.single).map { .function("ceil", [$0]) }
    case "mathbb": return nested { $0.argument(splitsDigits: false) }
    case _ where Self.functions.contains(name): return function(name)
    case _ where Self.greek.contains(name): return variable(name)
    default: return nil
    }
  }

  private mutating func fraction() -> MathNode? { pair { .quotient($0, $1) } }

  private mutating func pair(_ make: (MathNode, MathNode) -> MathNode) -> MathNode? {
    guard let first = nested({ $0.argument(splitsDigits: true) }),
      let second = nested({ $0.argument(splitsDigits: true) })
    else { return nil }
    return make(first, second)
  }

  private mutating func root() -> MathNode? {
    var degree = MathNode.number(Rational(2), isDecimal: false)
    if take(.sign("[")) {
      guard let found = nested({ $0.sum() }), take(.sign("]")) else { return nil }
      degree = found
    }
    guard let radicand = nested({ $0.argument(splitsDigits: false) }) else { return nil }
    return .power(radicand, .quotient(.number(Rational(1), isDecimal: false), degree))
  }

  /// `\sin^2 x`, `\sin^{-1} x`, `\log_2 8`, with or without brackets around the argument.
  private mutating func function(_ name: String) -> MathNode? {
    var base: MathNode?
    var exponent: MathNode?
    if take(.sign("_")) {
      guard let found = nested({ $0.argument(splitsDigits: true) }) else { return nil }
      base = found
    }
    if take(.sign("^")) {
      guard let found = nested({ $0.argument(splitsDigits: true) }) else { return nil }
      exponent = found
    }
    guard let argument = nested({ $0.functionArgument() }) else { return nil }
    if exponent == .negative(.number(Rational(1), isDecimal: false)),
      Self.functions.contains("arc\(name)")
    {
      return .function("arc\(name)", [argument])
    }
    let value = MathNode.function(name, [argument] + (base.map { [$0] } ?? []))
    return exponent.map { .power(value, $0) } ?? value
  }

  /// The factors up to the next sign: `\sin 2x` is the sine of `2x`.
  private mutating func functionArgument() -> MathNode? {
    if next == .sign("(") || next == .sign("{") { return power() }
    guard var result = factor() else { return nil }
    while let token = next, startsAtom(token) {
      if case .command(let name) = token, Self.functions.contains(name) { break }
      if case .text = token { break }
      if token == .sign("(") { break }
      guard let operand = nested({ $0.power() }) else { return nil }
      result = .product(result, operand)
    }
    return result
  }

  /// What a command takes: a group, or a single token, which for `\frac12` is a single digit.
  mutating func argument(splitsDigits: Bool) -> MathNode? {
    if take(.sign("{")) { return group() }
    if case .number(let digits)? = next, splitsDigits, digits.count > 1, let first = digits.first {
      tokens[position] = .number(String(digits.dropFirst()))
      return number(String(first), whole: true)
    }
    if take(.sign("-")) {
      return nested { $0.argument(splitsDigits: false) }.map(MathNode.negative)
    }
    return atom()
  }

  private mutating func number(_ digits: String, whole: Bool) -> MathNode? {
    Rational(decimal: digits).map { .number($0, isDecimal: !whole) }
  }

  mutating func group() -> MathNode? {
    guard let content = nested({ $0.list() }), take(.sign("}")) else { return nil }
    return content
  }
}
