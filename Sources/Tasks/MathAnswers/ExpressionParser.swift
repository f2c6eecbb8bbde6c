/// Arithmetic, from sums down to what stands alone.
extension AnswerParser {
  mutating func sum() -> Expression? {
    var terms: [Expression] = []
    if let isUpper = takePlusMinus() {
      guard let operand = product() else { return nil }
      terms.append(.plusMinus(operand, isUpper: isUpper))
    } else {
      guard let operand = product() else { return nil }
      terms.append(operand)
    }
    while true {
      if takeSign("+") {
        guard let operand = product() else { return nil }
        terms.append(operand)
      } else if takeSign("-") {
        guard let operand = product() else { return nil }
        terms.append(.negative(operand))
      } else if let isUpper = takePlusMinus() {
        guard let operand = product() else { return nil }
        terms.append(.plusMinus(operand, isUpper: isUpper))
      } else {
        break
      }
    }
    return terms.count == 1 ? terms[0] : .sum(terms)
  }

  private mutating func takePlusMinus() -> Bool? {
    if takeSign("\\pm") { return true }
    return takeSign("\\mp") ? false : nil
  }

  // MARK: products

  mutating func product() -> Expression? {
    guard let first = nested({ $0.factor() }) else { return nil }
    var result = first
    while let token = next {
      if takeSign("*") {
        guard let operand = nested({ $0.factor() }) else { return nil }
        result = Self.times(result, operand)
      } else if takeSign("/") {
        guard let operand = nested({ $0.factor() }) else { return nil }
        result = .quotient(result, operand)
      } else if take(.command("bmod")) || take(.command("mod")) {
        guard let operand = nested({ $0.factor() }) else { return nil }
        result = .function(.mod, [result, operand])
      } else if let measured = attempt({ $0.measured(result) }) {
        result = measured
      } else if isModulus {
        break
      } else if case .number = token, !Self.endsInFactorial(result) {
        // Numbers side by side are a mixed number or nothing that can be read.
        guard let mixed = attempt({ $0.mixed(result) }) else { return nil }
        result = mixed
      } else if startsAtom(token) {
        guard let operand = nested({ $0.power() }) else { return nil }
        result =
          token == .command("frac")
          ? Self.besideFraction(result, operand) : Self.times(result, operand)
      } else {
        break
      }
    }
    return result
  }

  /// Whether `(mod 7)` follows.
  private var isModulus: Bool {
    next == .sign("(")
      && [.command("mod"), .command("bmod"), .word("mod")].contains(token(after: 1))
  }

  private static func endsInFactorial(_ expression: Expression) -> Bool {
    switch expression {
    case .factorial: true
    case .product(let items): items.last.map(endsInFactorial) ?? false
    default: false
    }
  }

  private static func times(_ left: Expression, _ right: Expression) -> Expression {
    if case .product(let items) = left { return .product(items + [right]) }
    return .product([left, right])
  }

  /// `1\frac{4}{5}` is a mixed number where the fraction is below one; else a product.
  private static func besideFraction(_ left: Expression, _ right: Expression) -> Expression {
    if case .negative(let inner) = left, case .sum = besideFraction(inner, right) {
      return .negative(.sum([inner, right]))
    }
    guard case .number(let whole) = left, whole.denominator == 1,
      case .quotient(.number(let above), .number(let below)) = right,
      above.denominator == 1, below.denominator == 1, above.numerator < below.numerator
    else { return times(left, right) }
    return .sum([left, right])
  }

  /// `1 4/5`: whole number, blank, fraction below one.
  private mutating func mixed(_ whole: Expression) -> Expression? {
    guard case .number(let above)? = next, above.fraction == nil, token(after: 1) == .sign("/"),
      case .number(let below)? = token(after: 2), below.fraction == nil,
      let numerator = above.expression, let denominator = below.expression
    else { return nil }
    position += 3
    let mixed = Self.besideFraction(whole, .quotient(numerator, denominator))
    switch mixed {
    case .sum, .negative(.sum): return mixed
    default: return nil
    }
  }

  /// Whether a token may begin a factor that is multiplied without a sign.
  func startsAtom(_ token: LatexToken) -> Bool {
    switch token {
    case .number, .letter: return true
    case .word(let word):
      return MathWords.functions[word] != nil || ["sqrt", "pi", "cdot", "times"].contains(word)
        || CountWords.number(word) != nil
    case .sign(let sign):
      return ["(", "[", "{"].contains(sign) || (sign == "|" && absoluteDepth == 0 && !barParts)
    case .command(let name):
      return ["frac", "sqrt", "pi", "binom", "lfloor", "lceil", "angle", "triangle", "sum", "prod"]
        .contains(name)
    case .begin(let kind): return kind == "vmatrix"
    case .rowEnd, .end: return false
    }
  }

  mutating func factor() -> Expression? {
    if takeSign("-") { return nested { $0.factor() }.map(Expression.negative) }
    if takeSign("+") { return nested { $0.factor() } }
    for (sign, unit) in [
      ("$", MeasureUnit.dollar), ("\u{20ac}", MeasureUnit(["euro": 1])),
      ("\u{a3}", MeasureUnit(["sterling": 1])),
    ] where takeSign(sign) {
      return nested { $0.factor() }.map { .measured($0, unit) }
    }
    return power()
  }

  mutating func power() -> Expression? {
    guard var base = atom() else { return nil }
    while let token = next {
      switch token {
      case .sign("^"):
        position += 1
        guard let exponent = nested({ $0.argument(splitsDigits: false) }) else { return nil }
        base = .power(base, exponent)
      case .sign("!"):
        position += 1
        // `n!!` is another function.
        guard next != .sign("!") else { return nil }
        base = .factorial(base)
      case .sign("%"):
        position += 1
        base = .measured(base, .percent)
      case .sign("$"):
        position += 1
        base = .measured(base, .dollar)
      case .sign("\u{b0}"):
        position += 1
        base = .measured(base, takeTemperature() ?? .degree)
      case .sign("\u{2218}"): return nil
      default: return base
      }
    }
    return base
  }

  private mutating func takeTemperature() -> MeasureUnit? {
    switch next {
    case .letter("C"), .word("C"):
      position += 1
      return MeasureUnit(["celsius": 1])
    case .letter("F"), .word("F"):
      position += 1
      return MeasureUnit(["fahrenheit": 1])
    case .letter("K"), .word("K"):
      position += 1
      return MeasureUnit(["kelvin": 1])
    default: return nil
    }
  }

  // MARK: units

  /// A value with the words behind it: what it is scaled by, its unit, or what it counts.
  private mutating func measured(_ value: Expression) -> Expression? {
    if case .word(let word)? = next, let scale = CountWords.scale(word) {
      position += 1
      if case .measured(let inner, let unit) = value {
        return .measured(.product([inner, .number(scale)]), unit)
      }
      return .product([value, .number(scale)])
    }
    guard let unit = unit(isAlone: Self.isNumber(value)) else { return nil }
    if case .measured(let inner, let first) = value {
      // `$5 per hour`, or `6 feet 2 inches`, which is not read.
      return first.multiplied(by: unit).map { .measured(inner, $0) }
    }
    return .measured(value, unit)
  }

  private static func isNumber(_ value: Expression) -> Bool {
    switch value {
    case .number, .decimal, .digits: true
    case .negative(let inner): isNumber(inner)
    default: false
    }
  }

  mutating func unit(isAlone: Bool) -> MeasureUnit? {
    var result: MeasureUnit?
    var isBelow = false
    while true {
      if result != nil {
        if takeSign("/") || takeWord("per") || takeWord("a") || takeWord("an") || takeWord("each") {
          isBelow = true
        } else if takeSign("*") || takeSign("-") {
          isBelow = false
        } else if case .word? = next, next != .word("or"), next != .word("and") {
          isBelow = false
        } else {
          break
        }
      } else if takeWord("per") {
        isBelow = true
        result = MeasureUnit.none
      }
      guard let term = unitTerm(isAlone: isAlone && result == nil, isFollowing: result != nil),
        let signed = isBelow ? term.power(-1) : term,
        let joined = result.map({ $0.multiplied(by: signed) }) ?? signed
      else { return nil }
      result = joined
    }
    return result
  }

  private mutating func takeWord(_ word: String) -> Bool {
    guard case .word(let found)? = next, found.lowercased() == word else { return false }
    position += 1
    return true
  }

  private mutating func unitTerm(isAlone: Bool, isFollowing: Bool) -> MeasureUnit? {
    var exponent = 1
    while case .word(let word)? = next, CountWords.adjectives.contains(word.lowercased()) {
      position += 1
    }
    if takeWord("square") || takeWord("sq") {
      exponent = 2
    } else if takeWord("cubic") || takeWord("cu") {
      exponent = 3
    }
    _ = takeSign(".")
    let isGroup = takeSign("{")
    var unit: MeasureUnit
    switch next {
    case .word(let word):
      if word == "in" {
        unit = MeasureUnit.named("inch") ?? .none
      } else if word.count == 1, word.utf8.count == 1 {
        guard let found = MeasureUnit.symbol(word) else { return nil }
        unit = found
      } else if let found = MeasureUnit.named(word) {
        unit = found
      } else if let noun = CountWords.noun(word) {
        unit = .counted(noun)
      } else {
        return exponent > 1 ? MeasureUnit.none : nil
      }
      position += 1
    case .letter(let letter) where isFollowing || (isAlone && isCompoundUnit):
      guard let found = MeasureUnit.symbol(letter) else { return nil }
      unit = found
      position += 1
    default: return exponent > 1 ? MeasureUnit.none : nil
    }
    if isGroup, !takeSign("}") { return nil }
    if takeSign(".") {}
    if takeSign("^") {
      guard let power = nested({ $0.argument(splitsDigits: false) })?.rational?.integer, power != 0,
        abs(power) < 10
      else { return nil }
      exponent *= power
    }
    guard let raised = unit.power(exponent) else { return nil }
    unit = raised
    return unit
  }

  /// Whether letters after a number are a unit such as `m/s`, and no product of variables.
  private var isCompoundUnit: Bool {
    guard case .letter(let first)? = next, MeasureUnit.symbol(first) != nil,
      token(after: 1) == .sign("/")
    else { return false }
    switch token(after: 2) {
    case .letter(let second): return ["s", "h"].contains(second)
    case .word(let second): return MeasureUnit.named(second) != nil
    default: return false
    }
  }

  // MARK: groups

  /// What a command takes: a group, or a single token, which for `\frac12` is a single digit.
  mutating func argument(splitsDigits: Bool) -> Expression? {
    if takeSign("{") { return group() }
    if case .number(let numeral)? = next, splitsDigits, numeral.fraction == nil,
      numeral.whole.utf8.count > 1, let first = numeral.whole.first
    {
      tokens[position] = .number(Numeral(whole: String(numeral.whole.dropFirst())))
      return Numeral(whole: String(first)).expression
    }
    if takeSign("-") { return nested { $0.argument(splitsDigits: false) }.map(Expression.negative) }
    if takeSign("+") { return nested { $0.argument(splitsDigits: false) } }
    return atom()
  }

  /// The rest of a group whose brace was read, also `{a \over b}` and `{n \choose k}`.
  mutating func group() -> Expression? {
    let outer = (barParts, absoluteDepth)
    (barParts, absoluteDepth) = (false, 0)
    defer { (barParts, absoluteDepth) = outer }
    guard let content = nested({ $0.sum() }) else { return nil }
    if take(.command("over")) {
      guard let below = nested({ $0.sum() }), takeSign("}") else { return nil }
      return .quotient(content, below)
    }
    if take(.command("choose")) || take(.word("choose")) {
      guard let below = nested({ $0.sum() }), takeSign("}") else { return nil }
      return .function(.binom, [content, below])
    }
    return takeSign("}") ? content : nil
  }

  /// What stands between brackets, and after it the closing one.
  mutating func inside(until close: LatexToken, or other: LatexToken? = nil) -> Expression? {
    let outer = (barParts, absoluteDepth)
    (barParts, absoluteDepth) = (false, 0)
    defer { (barParts, absoluteDepth) = outer }
    guard let content = nested({ $0.sum() }) else { return nil }
    if take(.command("choose")) {
      guard let below = nested({ $0.sum() }), take(close) else { return nil }
      return .function(.binom, [content, below])
    }
    return take(close) || other.map({ take($0) }) == true ? content : nil
  }
}
