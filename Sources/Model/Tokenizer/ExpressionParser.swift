/// Reads regular expressions as far as pre-tokenizers use them.
struct ExpressionParser {
  private let scalars: [Unicode.Scalar]
  private var position = 0
  private var ignoresCase = false
  private var depth = 0

  init(_ pattern: String) { scalars = Array(pattern.unicodeScalars) }

  mutating func parse() throws(ExpressionError) -> Term {
    let term = try alternatives()
    guard position == scalars.count else { throw error("a ')' without '('") }
    return term
  }

  private func error(_ feature: String) -> ExpressionError { ExpressionError(feature: feature) }

  private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

  private mutating func take(_ text: String) -> Bool {
    let wanted = Array(text.unicodeScalars)
    guard scalars[position...].starts(with: wanted) else { return false }
    position += wanted.count
    return true
  }

  private mutating func takeOne() throws(ExpressionError) -> Unicode.Scalar {
    guard let scalar = next else { throw error("an expression that breaks off") }
    position += 1
    return scalar
  }

  private mutating func alternatives() throws(ExpressionError) -> Term {
    depth += 1
    guard depth <= 50 else { throw error("groups in groups") }
    var terms = [try sequence()]
    while take("|") { terms.append(try sequence()) }
    depth -= 1
    return terms.count == 1 ? terms[0] : .alternatives(terms)
  }

  private mutating func sequence() throws(ExpressionError) -> Term {
    var terms: [Term] = []
    while let scalar = next, scalar != "|", scalar != ")" {
      terms.append(try repeated(try atom()))
    }
    if ignoresCase, let pair = Self.foldedPair(in: terms) {
      throw error("'\(pair)' where case is ignored")
    }
    return .sequence(terms)
  }

  /// Two letters that a single character may stand for where case is ignored, such as U+FB01.
  private static func foldedPair(in terms: [Term]) -> String? {
    let letters = terms.map { term -> Character? in
      guard case .one(let set) = term else { return nil }
      return set.ranges.first.flatMap { Unicode.Scalar($0.lowerBound | 0x20) }.map(Character.init)
    }
    return zip(letters, letters.dropFirst()).compactMap { first, second in
      first.flatMap { first in second.map { "\(first)\($0)" } }
    }.first { ["ss", "st", "ff", "fi", "fl"].contains($0) }
  }

  private mutating func atom() throws(ExpressionError) -> Term {
    switch try takeOne() {
    case "(": return try group()
    case "[": return .one(try bracket())
    case ".": return .one(.anyInLine)
    case "^": return .lineStart
    case "$": return .lineEnd
    case "\\": return .one(try cased(try escape()))
    case let odd where "*+?{".unicodeScalars.contains(odd):
      throw error("'\(odd)' with nothing before it")
    case let scalar: return .one(try cased(CharacterClass(scalar)))
    }
  }

  private func cased(_ set: CharacterClass) throws(ExpressionError) -> CharacterClass {
    guard ignoresCase else { return set }
    guard set.isPlainASCII else { throw error("what is not ASCII where case is ignored") }
    return set.ignoringCase
  }

  private mutating func group() throws(ExpressionError) -> Term {
    let before = ignoresCase
    defer { ignoresCase = before }
    var isNegative: Bool?
    if take("?i:") {
      ignoresCase = true
    } else if take("?=") {
      isNegative = false
    } else if take("?!") {
      isNegative = true
    } else if !take("?:"), next == "?" {
      throw error(
        "a group '(?\(position + 1 < scalars.count ? String(scalars[position + 1]) : "")'")
    }
    let term = try alternatives()
    guard take(")") else { throw error("a '(' without ')'") }
    return isNegative.map { .ahead(term, isNegative: $0) } ?? term
  }

  private mutating func repeated(_ term: Term) throws(ExpressionError) -> Term {
    guard let count = try count() else { return term }
    var greed = Term.Greed.greedy
    if take("?") {
      greed = .lazy
    } else if take("+") {
      greed = .possessive
    }
    if let more = next, "*+?".unicodeScalars.contains(more) {
      throw error("two repetitions in a row")
    }
    switch term {
    case .one(let set): return .run(set, count, greed)
    case .sequence, .alternatives:
      guard greed != .possessive, let most = count.most, most <= 16 else {
        throw error("a group that is repeated without bound or possessively")
      }
      return .few(term, count, isLazy: greed == .lazy)
    default: throw error("a repetition of what takes no character")
    }
  }

  /// What `?`, `*`, `+` or `{…}` says. `{2,3}+` would be another thing than `++`.
  private mutating func count() throws(ExpressionError) -> Term.Count? {
    if take("?") { return Term.Count(least: 0, most: 1) }
    if take("*") { return Term.Count(least: 0, most: nil) }
    if take("+") { return Term.Count(least: 1, most: nil) }
    guard take("{") else { return nil }
    let least = try number()
    var most = least
    if take(",") { most = try number() }
    guard take("}"), least != nil || most != nil, next != "+", (least ?? 0) <= most ?? .max else {
      throw error("a repetition '{…}' of another form")
    }
    return Term.Count(least: least ?? 0, most: most)
  }

  private mutating func number() throws(ExpressionError) -> Int? {
    var value: Int?
    while let scalar = next, ("0"..."9").contains(scalar) {
      value = (value ?? 0) * 10 + Int(scalar.value - 0x30)
      guard value ?? 0 <= 1000 else { throw error("a repetition beyond 1000") }
      position += 1
    }
    return value
  }

  /// What follows a backslash.
  private mutating func escape() throws(ExpressionError) -> CharacterClass {
    let scalar = try takeOne()
    switch scalar {
    case "s": return CharacterClass { $0.insertSpace() }
    case "S": return CharacterClass { $0.insertSpace(isNegated: true) }
    case "d", "D":
      let digits = CharacterTable.categories(named: "Nd") ?? 0
      return CharacterClass { $0.insert(categories: digits, isNegated: scalar == "D") }
    case "p", "P":
      let (categories, isNegated) = try property()
      return CharacterClass {
        $0.insert(categories: categories, isNegated: isNegated != (scalar == "P"))
      }
    default: return CharacterClass(try character(escaped: scalar))
    }
  }

  /// The name in `\p{L}` or `\p{^L}`.
  private mutating func property() throws(ExpressionError) -> (UInt32, Bool) {
    guard take("{") else { throw error("'\\p' without braces") }
    let isNegated = take("^")
    var name = ""
    while let scalar = next, scalar != "}" {
      name.unicodeScalars.append(scalar)
      position += 1
    }
    guard take("}"), let categories = CharacterTable.categories(named: name) else {
      throw error("'\\p{\(name)}'")
    }
    return (categories, isNegated)
  }

  private mutating func character(
    escaped scalar: Unicode.Scalar
  ) throws(ExpressionError) -> Unicode.Scalar {
    switch scalar {
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "f": return "\u{C}"
    case "v": return "\u{B}"
    case "u": return try hexadecimal(digits: 4)
    case "x" where take("{"):
      let value = try hexadecimal(digits: nil)
      guard take("}") else { throw error("'\\x{' without '}'") }
      return value
    case _ where scalar.isASCII && !scalar.properties.isAlphabetic && !("0"..."9").contains(scalar):
      return scalar
    default: throw error("'\\\(scalar)'")
    }
  }

  private mutating func hexadecimal(digits: Int?) throws(ExpressionError) -> Unicode.Scalar {
    var text = ""
    while text.utf8.count < digits ?? 6, let scalar = next, Character(scalar).isHexDigit {
      text.unicodeScalars.append(scalar)
      position += 1
    }
    guard text.utf8.count == digits ?? text.utf8.count,
      let value = UInt32(text, radix: 16).flatMap(Unicode.Scalar.init)
    else { throw error("a character by a number that none has") }
    return value
  }

  /// `[…]`, behind its first bracket.
  private mutating func bracket() throws(ExpressionError) -> CharacterClass {
    let isNegated = take("^")
    var set = CharacterClass { _ in }
    guard next != "]" else { throw error("an empty '[]'") }
    while !take("]") {
      guard next != "[", !scalars[position...].starts(with: "&&".unicodeScalars) else {
        throw error("a class in a class")
      }
      try addItem(to: &set)
    }
    if ignoresCase {
      guard set.isPlainASCII else { throw error("what is not ASCII where case is ignored") }
      set = set.ignoringCase
    }
    let plain = set
    return CharacterClass {
      $0 = plain
      if isNegated { $0.negate() }
    }
  }

  private mutating func addItem(to set: inout CharacterClass) throws(ExpressionError) {
    let first = try takeOne()
    var low = first
    if first == "\\" {
      let escaped = try takeOne()
      switch escaped {
      case "s", "S": return set.insertSpace(isNegated: escaped == "S")
      case "d", "D":
        let digits = CharacterTable.categories(named: "Nd") ?? 0
        return set.insert(categories: digits, isNegated: escaped == "D")
      case "p", "P":
        let (categories, isNegated) = try property()
        return set.insert(categories: categories, isNegated: isNegated != (escaped == "P"))
      default: low = try character(escaped: escaped)
      }
    }
    var high = low
    if next == "-", position + 1 < scalars.count, scalars[position + 1] != "]" {
      position += 1
      high = try takeOne()
      if high == "\\" { high = try character(escaped: try takeOne()) }
      guard low <= high, high != "[" else { throw error("a range that ends before it begins") }
    }
    set.insert(low.value...high.value)
  }
}
