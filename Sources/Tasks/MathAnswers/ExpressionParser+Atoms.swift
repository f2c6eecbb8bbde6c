/// What stands alone: numbers, variables, fractions, roots, functions.
extension AnswerParser {
  mutating func atom() -> Expression? {
    guard let token = next else { return nil }
    if case .begin("vmatrix") = token { return determinant() }
    position += 1
    switch token {
    case .number(let numeral): return numeral.expression
    case .letter(let name): return variable(name)
    case .word(let word): return word == "in" ? nil : named(word)
    case .command(let name): return command(name)
    case .sign("{"): return group()
    case .sign("("): return inside(until: .sign(")"))
    case .sign("["): return inside(until: .sign("]"))
    case .sign("|"):
      absoluteDepth += 1
      defer { absoluteDepth -= 1 }
      guard let content = nested({ $0.sum() }), takeSign("|") else { return nil }
      return .function(.abs, [content])
    case .sign, .rowEnd, .begin, .end: return nil
    }
  }

  private mutating func variable(_ letter: String) -> Expression? {
    var name = letter
    while takeSign("'") { name += "'" }
    if takeSign("_") {
      guard let index = subscriptText() else { return nil }
      return .symbol(name + "_" + index + primes())
    }
    switch name {
    case "e": return .euler
    case "i": return .imaginary
    default: return .symbol(name + place())
    }
  }

  /// The number in `I(0)`: a letter before a number in brackets is a function there, and no product
  /// with zero.
  private mutating func place() -> String {
    let sign = token(after: 1) == .sign("-") ? 1 : 0
    guard next == .sign("("), case .number(let numeral)? = token(after: 1 + sign),
      token(after: 2 + sign) == .sign(")")
    else { return "" }
    position += 3 + sign
    let fraction = numeral.fraction.map { "." + $0 } ?? ""
    return "(" + (sign == 1 ? "-" : "") + numeral.whole + fraction + ")"
  }

  private mutating func primes() -> String {
    var found = ""
    while takeSign("'") { found += "'" }
    return found
  }

  private mutating func subscriptText() -> String? {
    func text(_ token: LatexToken) -> String? {
      switch token {
      case .number(let numeral): numeral.whole + (numeral.fraction.map { "." + $0 } ?? "")
      case .letter(let name), .word(let name), .command(let name), .sign(let name): name
      case .rowEnd, .begin, .end: nil
      }
    }
    guard takeSign("{") else {
      guard let token = next, let found = text(token), token != .sign("}") else { return nil }
      position += 1
      return found
    }
    var found = ""
    var open = 1
    while let token = next {
      position += 1
      if token == .sign("{") { open += 1 }
      if token == .sign("}") { open -= 1 }
      if open == 0 { return found }
      guard let part = text(token) else { return nil }
      found += part
    }
    return nil
  }

  private mutating func named(_ word: String) -> Expression? {
    switch word {
    case "pi": return .pi
    case "sqrt": return root()
    case "frac": return fraction()
    default: break
    }
    if let function = MathWords.functions[word] { return self.function(function) }
    if let number = CountWords.number(word) { return numberWords(number) }
    // A unit's letters where no number stands before them are variables.
    if word.count <= 3, word.allSatisfy({ $0.isASCII && $0.isLetter }),
      MeasureUnit.named(word) != nil
    {
      return .product(word.map { .symbol(String($0)) })
    }
    return nil
  }

  /// `two hundred five` and the like are read word by word.
  private mutating func numberWords(_ first: Int) -> Expression? {
    var total = first
    while case .word(let word)? = next {
      if let number = CountWords.number(word), total >= 20, total % 10 == 0, number < 10 {
        total += number
      } else if word.lowercased() == "hundred" {
        total *= 100
      } else if word.lowercased() == "and", total >= 100, case .word(let after)? = token(after: 1),
        let number = CountWords.number(after), number < 100
      {
        position += 1
        total += number
      } else {
        break
      }
      position += 1
    }
    return .whole(total)
  }

  private mutating func command(_ name: String) -> Expression? {
    switch name {
    case "pi": return .pi
    case "frac": return fraction()
    case "sqrt": return root()
    case "binom":
      return pair().map { .function(.binom, [$0.0, $0.1]) }
    case "lfloor": return inside(until: .command("rfloor")).map { .function(.floor, [$0]) }
    case "lceil": return inside(until: .command("rceil")).map { .function(.ceil, [$0]) }
    case "angle", "triangle": return figure(name)
    case "sum", "prod": return series(isProduct: name == "prod")
    default: return nil
    }
  }

  /// `\angle ABC`, `\triangle ABC`: a name.
  private mutating func figure(_ kind: String) -> Expression? {
    var name = ""
    let isGroup = takeSign("{")
    while case .letter(let letter)? = next {
      name += letter
      position += 1
    }
    if case .number(let numeral)? = next, name.isEmpty, numeral.fraction == nil {
      name = numeral.whole
      position += 1
    }
    guard !name.isEmpty, !isGroup || takeSign("}") else { return nil }
    return .symbol(kind + ":" + name)
  }

  private mutating func fraction() -> Expression? { pair().map { .quotient($0.0, $0.1) } }

  private mutating func pair() -> (Expression, Expression)? {
    guard let first = nested({ $0.argument(splitsDigits: true) }) else { return nil }
    // `\nicefrac{1}/{2}` is not read.
    guard let second = nested({ $0.argument(splitsDigits: true) }) else { return nil }
    return (first, second)
  }

  private mutating func root() -> Expression? {
    var index = Expression.whole(2)
    if takeSign("[") {
      guard let found = inside(until: .sign("]")) else { return nil }
      index = found
    }
    guard let radicand = nested({ $0.argument(splitsDigits: false) }) else { return nil }
    if let whole = index.rational?.integer, (2...1000).contains(whole) {
      return .root(radicand, index: whole)
    }
    return .power(radicand, .quotient(.one, index))
  }

  /// `\sum_{k=1}^{n} …`: the body reaches to the next sign of a sum.
  private mutating func series(isProduct: Bool) -> Expression? {
    var from: (name: String, value: Expression)?
    var to: Expression?
    for _ in 0..<2 {
      if takeSign("_") {
        guard takeSign("{"), case .letter(let name)? = next else { return nil }
        position += 1
        guard takeSign("="), let value = group() else { return nil }
        from = (name, value)
      } else if takeSign("^") {
        guard let value = nested({ $0.argument(splitsDigits: false) }) else { return nil }
        to = value
      }
    }
    guard let from, let to, let body = nested({ $0.product() }) else { return nil }
    let index = from.name == "i" ? body.replacingImaginary(with: "i") : body
    return .series(isProduct: isProduct, variable: from.name, from: from.value, to: to, index)
  }

  // MARK: functions

  /// `\sin^2 x`, `\sin^{-1} x`, `\log_2 8`, `\gcd(12, 18)`, with or without brackets.
  private mutating func function(_ name: MathFunction) -> Expression? {
    var base: Expression?
    var exponent: Expression?
    for _ in 0..<2 {
      if takeSign("_") {
        guard name == .log, let found = nested({ $0.argument(splitsDigits: true) }) else {
          return nil
        }
        base = found
      } else if takeSign("^") {
        guard let found = nested({ $0.argument(splitsDigits: true) }) else { return nil }
        exponent = found
      }
    }
    if [.gcd, .lcm, .max, .min, .mod].contains(name) {
      guard exponent == nil, let items = arguments(), items.count >= 2 else { return nil }
      return .function(name, items)
    }
    guard var argument = nested({ $0.functionArgument() }) else { return nil }
    if MathFunction.trigonometric.contains(name) {
      guard let plain = argument.inRadians else { return nil }
      argument = plain
    }
    if exponent == .negative(.one) {
      guard let inverse = MathFunction(rawValue: "arc\(name.rawValue)") else { return nil }
      return .function(inverse, [argument])
    }
    let value = Expression.function(name, [argument] + (base.map { [$0] } ?? []))
    return exponent.map { .power(value, $0) } ?? value
  }

  /// Values in brackets with commas between them.
  private mutating func arguments() -> [Expression]? {
    guard takeSign("(") || takeSign("\\{") || takeSign("[") else { return nil }
    var items: [Expression] = []
    repeat {
      guard let item = nested({ $0.sum() }) else { return nil }
      items.append(item)
    } while takeSign(",") || takeSign(";")
    return takeSign(")") || takeSign("\\}") || takeSign("]") ? items : nil
  }

  /// The factors up to the next sign: `\sin 2x` is the sine of `2x`.
  private mutating func functionArgument() -> Expression? {
    if [.sign("("), .sign("{"), .sign("["), .sign("|")].contains(next) { return power() }
    guard var result = factor() else { return nil }
    while let token = next {
      if case .word(let word) = token, MathWords.functions[word] != nil { break }
      if token == .sign("(") || token == .sign("[") { break }
      if case .number = token { return nil }
      if takeSign("/") {
        guard let below = nested({ $0.factor() }) else { return nil }
        result = .quotient(result, below)
      } else if case .word(let word) = token, MeasureUnit.named(word) == .degree {
        position += 1
        result = .measured(result, .degree)
      } else if startsAtom(token) {
        guard let operand = nested({ $0.power() }) else { return nil }
        result = .product([result, operand])
      } else {
        break
      }
    }
    return result
  }
}

extension Expression {
  /// The same with angles in radians; nil where another unit occurs.
  var inRadians: Expression? {
    if case .measured(let inner, let unit) = self {
      if unit == .degree { return .product([inner, .quotient(.pi, .whole(180))]) }
      return unit == MeasureUnit.named("radian") ? inner : nil
    }
    let plain = map { $0.inRadians ?? $0 }
    return plain.contains { if case .measured = $0 { true } else { false } } ? nil : plain
  }

  /// `i` as the index of a sum.
  fileprivate func replacingImaginary(with name: String) -> Expression {
    if case .imaginary = self { return .symbol(name) }
    return map { $0.replacingImaginary(with: name) }
  }
}
