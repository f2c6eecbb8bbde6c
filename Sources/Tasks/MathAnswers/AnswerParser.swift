/// Reads an answer's tokens, from the loosest binding to the tightest: lists, relations, sets,
/// values. What it does not know makes the whole answer unreadable.
struct AnswerParser {
  /// How deep brackets may nest.
  static let depthLimit = 50

  var tokens: [LatexToken]
  var position = 0
  var depth = 0
  /// Bars that are open.
  var absoluteDepth = 0
  /// Whether a bar parts a set's values from their condition.
  var barParts = false

  init(tokens: [LatexToken]) { self.tokens = tokens }

  /// What an answer says; nil where a part of it is not understood.
  static func parse(_ tokens: [LatexToken]) -> Answer? {
    guard !tokens.isEmpty, tokens.count <= LatexLexer.tokenLimit else { return nil }
    var parser = AnswerParser(tokens: tokens)
    parser.skipOpening()
    guard let answer = parser.list(), parser.next == nil else { return nil }
    return answer
  }

  var next: LatexToken? { position < tokens.count ? tokens[position] : nil }

  func token(after offset: Int) -> LatexToken? {
    tokens.indices.contains(position + offset) ? tokens[position + offset] : nil
  }

  mutating func take(_ token: LatexToken) -> Bool {
    guard next == token else { return false }
    position += 1
    return true
  }

  mutating func takeSign(_ sign: String) -> Bool { take(.sign(sign)) }

  /// Runs a reader one level deeper; nil beyond the limit.
  mutating func nested<Part>(_ read: (inout AnswerParser) -> Part?) -> Part? {
    guard depth < Self.depthLimit else { return nil }
    depth += 1
    defer { depth -= 1 }
    return read(&self)
  }

  /// Tries a reader, and goes back where it comes to nothing.
  mutating func attempt<Part>(_ read: (inout AnswerParser) -> Part?) -> Part? {
    let saved = self
    if let part = read(&self) { return part }
    self = saved
    return nil
  }

  private mutating func skipOpening() {
    for phrase in MathWords.openings {
      let words = (0..<phrase.count).map { token(after: $0) }
      let isPhrase = zip(words, phrase).allSatisfy { token, word in
        guard case .word(let text)? = token else { return false }
        return text.lowercased() == word
      }
      guard isPhrase, token(after: phrase.count) != nil,
        token(after: phrase.count) != .sign("=")
      else { continue }
      position += phrase.count
      while takeSign(":") || takeSign(",") {}
      return
    }
    while takeSign(":") {}
  }

  // MARK: lists

  mutating func list() -> Answer? {
    guard let first = item() else { return nil }
    var items = [first]
    var isJoint = false
    while let separator = takeSeparator() {
      isJoint = isJoint || separator == "and"
      guard let token = next, !Self.closes(token) else { break }
      guard let item = item() else { return nil }
      items.append(item)
    }
    return items.count == 1 ? first : .list(items, isJoint: isJoint)
  }

  static func closes(_ token: LatexToken) -> Bool {
    switch token {
    case .sign(let sign): [")", "]", "\\}", "}"].contains(sign)
    case .end: true
    default: false
    }
  }

  private mutating func takeSeparator() -> String? {
    var found: String?
    while let token = next {
      switch token {
      case .sign(","), .sign(";"), .rowEnd: found = found ?? ","
      case .word(let word) where ["or", "and"].contains(word.lowercased()):
        found = word.lowercased()
      default: return found
      }
      position += 1
    }
    return found
  }

  static func isSeparator(_ token: LatexToken) -> Bool {
    switch token {
    case .sign(","), .sign(";"), .rowEnd: true
    case .word(let word): ["or", "and"].contains(word.lowercased())
    default: false
    }
  }

  // MARK: relations

  mutating func item() -> Answer? {
    if let rows = rows() { return rows }
    return attempt { $0.clock() } ?? attempt { $0.wholeChain() } ?? attempt { $0.namedByWords() }
      ?? attempt { $0.phrase() }
  }

  /// A chain up to the end of the item: what follows it must not be dropped.
  private mutating func wholeChain() -> Answer? {
    guard let chain = chain(), next.map({ Self.ends($0, barParts) }) ?? true else { return nil }
    return chain
  }

  /// Whether an item may end before a token.
  private static func ends(_ token: LatexToken, _ barParts: Bool) -> Bool {
    isSeparator(token) || closes(token) || (barParts && [.sign("|"), .sign(":")].contains(token))
  }

  private mutating func chain() -> Answer? {
    guard let first = operand() else { return nil }
    var operands = [first]
    var signs: [Relation] = []
    while let sign = takeRelation() {
      guard let operand = operand() else { return nil }
      signs.append(sign)
      operands.append(operand)
    }
    let found = signs.isEmpty ? first : Answer.relation(operands, signs)
    if let modulus = takeModulus() { return .congruence(found, modulus: modulus) }
    return found
  }

  private mutating func takeRelation() -> Relation? {
    let found: Relation
    switch next {
    case .sign("="), .command("="): found = .equal
    case .sign("<"): found = .less
    case .sign(">"): found = .greater
    case .command("le"): found = .lessOrEqual
    case .command("ge"): found = .greaterOrEqual
    case .command("ne"): found = .notEqual
    case .command("in"), .word("in"): found = .member
    case .command("approx"), .word("approx"): found = .approximate
    case .sign("\\equiv"): found = .congruent
    default: return nil
    }
    position += 1
    return found
  }

  /// `\pmod{7}`, `(\bmod 7)`, `(mod 7)`.
  private mutating func takeModulus() -> Expression? {
    attempt { parser in
      if parser.take(.command("pmod")) { return parser.nested { $0.argument(splitsDigits: false) } }
      let isBracketed = parser.takeSign("(")
      guard
        parser.take(.command("mod")) || parser.take(.command("bmod")) || parser.take(.word("mod")),
        let modulus = parser.nested({ $0.sum() }), !isBracketed || parser.takeSign(")")
      else { return nil }
      return modulus
    }
  }

  // MARK: words

  /// `\text{Area} = 5`: words that name a value.
  private mutating func namedByWords() -> Answer? {
    let signs: [LatexToken] = [.sign("="), .command("approx")]
    guard let sign = tokens[position...].firstIndex(where: signs.contains), sign > position,
      let words = Self.words(tokens[position..<sign]),
      !words.contains(where: { CountWords.qualifiers.contains($0.lowercased()) })
    else { return nil }
    position = sign + 1
    guard case .some(let value) = operand(), next.map({ Self.ends($0, barParts) }) ?? true else {
      return nil
    }
    return .relation([.words(words), value], [tokens[sign] == signs[0] ? .equal : .approximate])
  }

  /// Words alone, which are compared as such.
  private mutating func phrase() -> Answer? {
    let end = tokens[position...].firstIndex { Self.ends($0, barParts) } ?? tokens.count
    guard end > position, let words = Self.words(tokens[position..<end]) else { return nil }
    position = end
    return .words(words)
  }

  private static func words(_ tokens: ArraySlice<LatexToken>) -> [String]? {
    var words: [String] = []
    for token in tokens {
      switch token {
      case .word(let word): words.append(word)
      case .letter(let letter) where letter.count == 1: words.append(letter)
      case .sign("'"), .sign("-"), .sign("{"), .sign("}"), .sign("."): continue
      default: return nil
      }
    }
    return words.isEmpty ? nil : words
  }

  // MARK: times and bases

  /// `3:45 p.m.`, `12:00`, `3 p.m.`
  private mutating func clock() -> Answer? {
    guard let hour = takeWhole(upTo: 24) else { return nil }
    var (minute, second) = (0, 0)
    var isTime = false
    if takeSign(":") {
      guard case .number(let numeral)? = next, numeral.whole.utf8.count == 2,
        let found = takeWhole(upTo: 59)
      else { return nil }
      minute = found
      isTime = numeral.whole.hasPrefix("0")
      if takeSign(":") {
        guard let found = takeWhole(upTo: 59) else { return nil }
        second = found
      }
    }
    var half: String?
    if case .word(let word)? = next, ["am", "pm"].contains(word.lowercased()) {
      half = word.lowercased()
      position += 1
    }
    guard isTime || half != nil, next.map(Self.isSeparator) ?? true else { return nil }
    return .clock(ClockTime(hour: hour, minute: minute, second: second, half: half))
  }

  private mutating func takeWhole(upTo limit: Int) -> Int? {
    guard case .number(let numeral)? = next, numeral.fraction == nil, numeral.whole.utf8.count <= 2,
      let value = Int(numeral.whole), value <= limit
    else { return nil }
    position += 1
    return value
  }

  /// `1011_2`, `(1011)_2`, `2A_{16}`, `1011_{\text{two}}`.
  mutating func based() -> Answer? {
    let isNegative = takeSign("-")
    let isBracketed = takeSign("(")
    let isGroup = !isBracketed && takeSign("{")
    var digits = ""
    while let token = next {
      if case .number(let numeral) = token, numeral.repeating == nil, !numeral.isCut {
        digits += numeral.whole + (numeral.fraction.map { "." + $0 } ?? "")
      } else if case .letter(let letter) = token, ("A"..."F").contains(letter) {
        digits += letter
      } else {
        break
      }
      position += 1
    }
    guard digits.contains(where: \.isNumber), !isBracketed || takeSign(")"),
      !isGroup || takeSign("}"), takeSign("_"), let base = takeBase(), (2...36).contains(base),
      base > 10 || digits.allSatisfy({ $0.isNumber || $0 == "." })
    else { return nil }
    let plain = String(digits.drop { $0 == "0" })
    return .based(digits: (isNegative ? "-" : "") + (plain.isEmpty ? "0" : plain), base: base)
  }

  private mutating func takeBase() -> Int? {
    if takeSign("{") || takeSign("(") {
      let base = takeBase()
      return takeSign("}") || takeSign(")") ? base : nil
    }
    switch next {
    case .number(let numeral):
      position += 1
      return Int(numeral.whole)
    case .word(let word):
      position += 1
      return CountWords.number(word)
    default: return nil
    }
  }
}
