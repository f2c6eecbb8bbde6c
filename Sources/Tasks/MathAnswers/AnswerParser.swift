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

  private static func closes(_ token: LatexToken) -> Bool {
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
    guard let sign = tokens[position...].firstIndex(of: .sign("=")), sign > position,
      let words = Self.words(tokens[position..<sign])
    else { return nil }
    position = sign + 1
    guard case .some(let value) = operand(), next.map({ Self.ends($0, barParts) }) ?? true else {
      return nil
    }
    return .relation([.words(words), value], [.equal])
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
    var minute = 0
    var isTime = false
    if takeSign(":") {
      guard case .number(let numeral)? = next, numeral.whole.utf8.count == 2,
        let found = takeWhole(upTo: 59), next != .sign(":")
      else { return nil }
      minute = found
      isTime = numeral.whole.hasPrefix("0")
    }
    var half: String?
    if case .word(let word)? = next, ["am", "pm"].contains(word.lowercased()) {
      half = word.lowercased()
      position += 1
    }
    guard isTime || half != nil, next.map(Self.isSeparator) ?? true else { return nil }
    return .clock(ClockTime(hour: hour, minute: minute, half: half))
  }

  private mutating func takeWhole(upTo limit: Int) -> Int? {
    guard case .number(let numeral)? = next, numeral.fraction == nil, numeral.whole.utf8.count <= 2,
      let value = Int(numeral.whole), value <= limit
    else { return nil }
    position += 1
    return value
  }

  /// `1011_2`, `(1011)_2`, `2A_{16}`, `1011_{\text{two}}`.
  fileprivate mutating func based() -> Answer? {
    let isBracketed = takeSign("(")
    let isGroup = !isBracketed && takeSign("{")
    var digits = ""
    while let token = next {
      if case .number(let numeral) = token, numeral.fraction == nil {
        digits += numeral.whole
      } else if case .letter(let letter) = token, ("A"..."F").contains(letter) {
        digits += letter
      } else {
        break
      }
      position += 1
    }
    guard digits.contains(where: \.isNumber), !isBracketed || takeSign(")"),
      !isGroup || takeSign("}"), takeSign("_"), let base = takeBase(), (2...36).contains(base),
      base > 10 || digits.allSatisfy(\.isNumber)
    else { return nil }
    let plain = String(digits.drop { $0 == "0" })
    return .based(digits: plain.isEmpty ? "0" : plain, base: base)
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

/// Sets, brackets and matrices.
extension AnswerParser {
  /// One side of a relation: a value, or sets joined by `\cup`, `\cap` and `\setminus`.
  mutating func operand() -> Answer? {
    guard var result = nested({ $0.set() }) else { return nil }
    while let token = next {
      if take(.command("cup")) {
        guard let other = nested({ $0.set() }) else { return nil }
        if case .union(let items) = result {
          result = .union(items + [other])
        } else {
          result = .union([result, other])
        }
      } else if take(.command("cap")) {
        guard let other = nested({ $0.set() }) else { return nil }
        result = .intersection([result, other])
      } else if take(.command("setminus"))
        || (token == .sign("-") && result.isNumberSet && takeSign("-"))
      {
        guard let other = nested({ $0.set() }) else { return nil }
        result = .difference(result, other)
      } else {
        break
      }
    }
    return result
  }

  private mutating func set() -> Answer? {
    guard let found = bareSet() else { return nil }
    switch found {
    case .tuple, .matrix:
      // `(3, 4) \text{ cm}`
      guard let unit = attempt({ $0.unit(isAlone: false) }) else { return found }
      return found.measured(in: unit)
    default: return found
    }
  }

  private mutating func bareSet() -> Answer? {
    switch next {
    case .command("emptyset"):
      position += 1
      return .emptySet
    case .command(let name) where name.hasPrefix("mathbb:"):
      position += 1
      return .numbers(String(name.dropFirst(7)))
    case .sign("\\{"): return braces()
    case .sign("("), .sign("["): if let tuple = attempt({ $0.bracketed() }) { return tuple }
    case .begin: if let matrix = attempt({ $0.matrix() }) { return matrix }
    default: break
    }
    if let special = attempt({ $0.infinity() }) ?? attempt({ $0.based() }) { return special }
    guard let value = nested({ $0.sum() }) else { return nil }
    return next == .sign(":") && !barParts ? ratio(value) : .value(value)
  }

  private mutating func infinity() -> Answer? {
    let isNegative = takeSign("-")
    if !isNegative { _ = takeSign("+") }
    guard
      take(.command("infty")) || take(.word("infinity")) || take(.word("infty"))
        || take(.word("inf")) || take(.word("oo")),
      next.map({
        Self.isSeparator($0)
          || [
            .sign(")"), .sign("]"), .sign("}"), .sign("<"), .sign(">"), .sign("="), .command("cup"),
            .command("le"), .command("ge"),
          ].contains($0)
      }) ?? true
    else { return nil }
    return .infinity(isNegative: isNegative)
  }

  private mutating func ratio(_ first: Expression) -> Answer? {
    var terms = [first]
    while takeSign(":") {
      guard let term = nested({ $0.sum() }) else { return nil }
      terms.append(term)
    }
    return .ratio(terms)
  }

  /// `\{1, 2\}`, `\{x \mid x > 2\}`, or the brace before a system.
  private mutating func braces() -> Answer? {
    position += 1
    if case .begin(let kind)? = next, Self.rowKinds.contains(kind) || kind == "array" {
      guard let rows = rows() else { return nil }
      _ = takeSign("\\}")
      return rows
    }
    if takeSign("\\}") { return .emptySet }
    let outer = (barParts, absoluteDepth)
    (barParts, absoluteDepth) = (true, 0)
    defer { (barParts, absoluteDepth) = outer }
    guard let content = nested({ $0.list() }) else { return nil }
    if takeSign("|") || takeSign(":") {
      barParts = false
      guard let condition = nested({ $0.list() }), takeSign("\\}") else { return nil }
      return Self.builder(content, condition)
    }
    guard takeSign("\\}") else { return nil }
    if case .list(let items, _) = content { return .list(items, isJoint: false) }
    return .list([content], isJoint: false)
  }

  private static func builder(_ content: Answer, _ condition: Answer) -> Answer? {
    var conditions = [condition]
    if case .list(let items, true) = condition { conditions = items }
    if case .relation(let operands, [.member]) = content {
      guard case .value(.symbol(let name)) = operands[0] else { return nil }
      return .builder(variable: name, conditions + [content])
    }
    guard case .value(.symbol(let name)) = content else { return nil }
    return .builder(variable: name, conditions)
  }

  /// A tuple or an interval; nil for brackets around a single value, which belong to arithmetic.
  private mutating func bracketed() -> Answer? {
    guard case .sign(let open)? = next else { return nil }
    position += 1
    let outer = (barParts, absoluteDepth)
    (barParts, absoluteDepth) = (false, 0)
    defer { (barParts, absoluteDepth) = outer }
    guard let content = nested({ $0.list() }), case .sign(let close)? = next,
      [")", "]"].contains(close)
    else { return nil }
    position += 1
    switch content {
    case .list(let items, isJoint: false): return .tuple(open: open, items, close: close)
    case .matrix, .union: return content
    default: return nil
    }
  }

  // MARK: matrices and rows

  static let rowKinds: Set<String> = [
    "cases", "dcases", "rcases", "aligned", "align", "align*", "gathered", "split", "alignedat",
    "eqnarray", "eqnarray*", "gather", "gather*",
  ]

  /// The tokens inside an environment, which is passed over.
  private mutating func environment() -> (kind: String, inside: [LatexToken])? {
    guard case .begin(let kind)? = next else { return nil }
    var depth = 0
    for index in position..<tokens.count {
      if case .begin = tokens[index] { depth += 1 }
      if case .end = tokens[index] { depth -= 1 }
      if depth == 0 {
        guard tokens[index] == .end(kind) else { return nil }
        var inside = Array(tokens[(position + 1)..<index])
        if kind == "array" || kind == "alignedat" { Self.dropGroup(&inside) }
        position = index + 1
        return (kind, inside)
      }
    }
    return nil
  }

  /// Takes away the layout of an array's columns, such as `{cc}`.
  private static func dropGroup(_ tokens: inout [LatexToken]) {
    guard tokens.first == .sign("{"), let close = tokens.firstIndex(of: .sign("}")) else { return }
    tokens.removeFirst(close + 1)
  }

  /// Relations on rows of their own: a system.
  private mutating func rows() -> Answer? {
    attempt { parser in
      guard let (kind, inside) = parser.environment(),
        Self.rowKinds.contains(kind) || kind == "array"
      else { return nil }
      let rows = inside.filter { $0 != .sign("&") }.split(separator: .rowEnd)
      var items: [Answer] = []
      for row in rows {
        guard
          let item = parser.nested({ outer -> Answer? in
            var inner = AnswerParser(tokens: Array(row))
            inner.depth = outer.depth
            guard let answer = inner.list(), inner.next == nil else { return nil }
            return answer
          })
        else { return nil }
        if kind == "array", case .value = item { return nil }
        items.append(item)
      }
      return items.count == 1 ? items[0] : items.isEmpty ? nil : .list(items, isJoint: true)
    }
  }

  private mutating func matrix() -> Answer? {
    guard let (kind, inside) = environment(), kind.hasSuffix("matrix") || kind == "array",
      kind != "vmatrix", let cells = cells(inside)
    else { return nil }
    if case .sign(let sign)? = next, ["+", "*", "/", "^", "!"].contains(sign) { return nil }
    return .matrix(cells)
  }

  private mutating func cells(_ inside: [LatexToken]) -> [[Expression]]? {
    var rows: [[Expression]] = []
    for row in inside.split(separator: .rowEnd) {
      var cells: [Expression] = []
      for cell in row.split(separator: .sign("&"), omittingEmptySubsequences: false) {
        let found = nested { outer -> Expression? in
          var inner = AnswerParser(tokens: Array(cell))
          inner.depth = outer.depth
          guard let value = inner.sum(), inner.next == nil else { return nil }
          return value
        }
        guard let found else { return nil }
        cells.append(found)
      }
      rows.append(cells)
    }
    return rows.isEmpty || Set(rows.map(\.count)).count > 1 ? nil : rows
  }

  /// `\begin{vmatrix}…\end{vmatrix}`.
  mutating func determinant() -> Expression? {
    guard let (kind, inside) = environment(), kind == "vmatrix", let cells = cells(inside),
      cells.count == cells[0].count, cells.count <= 4
    else { return nil }
    return Self.determinant(cells)
  }

  private static func determinant(_ rows: [[Expression]]) -> Expression {
    guard rows.count > 1 else { return rows[0][0] }
    return .sum(
      rows[0].indices.map { column in
        let minor = rows.dropFirst().map { row in
          row.indices.filter { $0 != column }.map { row[$0] }
        }
        let term = Expression.product([rows[0][column], determinant(minor)])
        return column % 2 == 0 ? term : .negative(term)
      })
  }
}

extension Answer {
  /// The same with a unit for each of its values.
  fileprivate func measured(in unit: MeasureUnit) -> Answer {
    switch self {
    case .value(let expression): .value(.measured(expression, unit))
    case .tuple(let open, let items, let close):
      .tuple(open: open, items.map { $0.measured(in: unit) }, close: close)
    case .matrix(let rows): .matrix(rows.map { $0.map { .measured($0, unit) } })
    default: self
    }
  }

  fileprivate var isNumberSet: Bool { if case .numbers = self { true } else { false } }
}
