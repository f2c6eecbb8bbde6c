/// Reads an answer into a tree, from the loosest binding to the tightest:
/// list, relation, union, sum, product, power, and what stands alone (`MathParser+Atoms.swift`).
struct MathParser {
  /// How deep brackets may nest.
  static let depthLimit = 40

  var tokens: [MathToken]
  var position = 0
  var depth = 0
  var absoluteDepth = 0

  /// The tree of an answer; nil where it is no mathematics that this parser knows.
  static func parse(_ text: String) -> MathNode? {
    guard text.utf8.count <= LatexCleaner.lengthLimit, let tokens = MathLexer.tokens(of: text),
      !tokens.isEmpty
    else { return nil }
    var parser = MathParser(tokens: tokens)
    guard let node = parser.list(), parser.position == parser.tokens.count else { return nil }
    return node
  }

  private init(tokens: [MathToken]) { self.tokens = tokens }

  var next: MathToken? { position < tokens.count ? tokens[position] : nil }

  mutating func take(_ token: MathToken) -> Bool {
    guard next == token else { return false }
    position += 1
    return true
  }

  /// Runs a reader one level deeper; nil beyond the limit.
  mutating func nested(_ read: (inout MathParser) -> MathNode?) -> MathNode? {
    guard depth < Self.depthLimit else { return nil }
    depth += 1
    defer { depth -= 1 }
    return read(&self)
  }

  // MARK: lists, relations, unions

  mutating func list() -> MathNode? {
    guard let first = relation() else { return nil }
    var items = [first]
    while takeSeparator() {
      if next == nil { break }
      guard let item = relation() else { return nil }
      items.append(item)
    }
    return items.count == 1 ? first : .collection(items)
  }

  private mutating func takeSeparator() -> Bool {
    var isFound = false
    while let token = next, Self.isSeparator(token) {
      position += 1
      isFound = true
    }
    return isFound
  }

  /// Whether a token stands between the values of a list.
  static func isSeparator(_ token: MathToken) -> Bool {
    switch token {
    case .sign(","), .sign(";"), .name("or"), .name("and"): true
    case .text(let words): ["or", "and", ", and", ", or"].contains(words.stripped)
    default: false
    }
  }

  private mutating func relation() -> MathNode? {
    guard let first = union() else { return nil }
    var operands = [first]
    var operators: [String] = []
    while let found = takeRelation() {
      guard let operand = union() else { return nil }
      operators.append(found)
      operands.append(operand)
    }
    return operators.isEmpty ? first : .relation(operands, operators)
  }

  private mutating func takeRelation() -> String? {
    let found: String
    switch next {
    case .sign("="): found = "="
    case .sign("<"), .command("lt"): found = "<"
    case .sign(">"), .command("gt"): found = ">"
    case .command("le"): found = "<="
    case .command("ge"): found = ">="
    case .command("ne"): found = "!="
    case .command("in"), .name("in"): found = "in"
    case .command("approx"), .sign("\u{2248}"): found = "~"
    default: return nil
    }
    position += 1
    return found
  }

  private mutating func union() -> MathNode? {
    guard let first = sum() else { return nil }
    var items = [first]
    while take(.command("cup")) {
      guard let item = sum() else { return nil }
      items.append(item)
    }
    return items.count == 1 ? first : .union(items)
  }

  // MARK: arithmetic

  mutating func sum() -> MathNode? {
    var result: MathNode
    if take(.command("pm")) {
      guard let operand = product() else { return nil }
      result = .plusMinus(.number(Rational(0), isDecimal: false), operand, isUpper: true)
    } else {
      guard let operand = product() else { return nil }
      result = operand
    }
    while let token = next {
      guard [.sign("+"), .sign("-"), .command("pm"), .command("mp")].contains(token) else { break }
      position += 1
      guard let operand = product() else { return nil }
      switch token {
      case .sign("+"): result = .sum(result, operand)
      case .sign("-"): result = .sum(result, .negative(operand))
      default: result = .plusMinus(result, operand, isUpper: token == .command("pm"))
      }
    }
    return result
  }

  private mutating func product() -> MathNode? {
    guard var result = nested({ $0.factor() }) else { return nil }
    var isBeside = false
    while let token = next {
      if Self.multiplication.contains(token) || Self.division.contains(token) {
        position += 1
        if skipUnit() { continue }
        guard let operand = nested({ $0.factor() }) else { return nil }
        if Self.multiplication.contains(token) {
          result = .product(result, operand)
        } else {
          result = (isBeside ? mixed(result, over: operand) : nil) ?? .quotient(result, operand)
        }
        isBeside = false
      } else if !skipUnit() {
        guard startsAtom(token) else { break }
        guard let operand = nested({ $0.power() }) else { return nil }
        result = joined(result, operand, isFraction: token == .command("frac"))
        isBeside = true
      }
    }
    return result
  }

  private static let multiplication: Set<MathToken> = [
    .sign("*"), .command("cdot"), .command("times"), .name("cdot"), .name("times"),
  ]
  private static let division: Set<MathToken> = [.sign("/"), .command("div")]

  mutating func factor() -> MathNode? {
    if take(.sign("-")) { return nested { $0.factor() }.map(MathNode.negative) }
    if take(.sign("+")) { return nested { $0.factor() } }
    return power()
  }

  mutating func power() -> MathNode? {
    guard var base = atom() else { return nil }
    while let token = next {
      if token == .sign("^") {
        position += 1
        guard let exponent = nested({ $0.argument(splitsDigits: false) }) else { return nil }
        base = .power(base, exponent)
      } else if token == .sign("%") {
        position += 1
        base = .percent(base)
      } else if token == .sign("!") {
        position += 1
        base = .factorial(base)
      } else {
        break
      }
    }
    return base
  }

  /// `1\frac{4}{5}` is a mixed number; anything else beside each other is a product.
  private func joined(_ left: MathNode, _ right: MathNode, isFraction: Bool) -> MathNode {
    if case .negative(let inner) = left, isFraction, isWhole(inner) {
      return .negative(joined(inner, right, isFraction: true))
    }
    guard isFraction, isWhole(left), case .quotient(let above, let below) = right, isWhole(above),
      isWhole(below)
    else { return .product(left, right) }
    return .sum(left, right)
  }

  /// `1 4/5`: whole number, blank, fraction.
  private func mixed(_ left: MathNode, over below: MathNode) -> MathNode? {
    guard case .product(let whole, let above) = left, isWhole(above), isWhole(below) else {
      return nil
    }
    let fraction = MathNode.quotient(above, below)
    if isWhole(whole) { return .sum(whole, fraction) }
    guard case .negative(let positive) = whole, isWhole(positive) else { return nil }
    return .negative(.sum(positive, fraction))
  }

  private func isWhole(_ node: MathNode) -> Bool {
    guard case .number(let value, isDecimal: false) = node else { return false }
    return value.denominator == 1
  }
}

/// Brackets of all kinds, and matrices.
extension MathParser {
  /// What stands between two brackets, and which bracket closed it.
  struct Bracketed {
    let items: [MathNode]
    let closing: MathToken
    var single: MathNode? { items.count == 1 ? items[0] : nil }
  }

  mutating func bracket(closing: [MathToken]) -> Bracketed? {
    let outer = absoluteDepth
    absoluteDepth = 0
    defer { absoluteDepth = outer }
    guard let content = nested({ $0.list() }), let end = next, closing.contains(end) else {
      return nil
    }
    position += 1
    if case .collection(let items) = content { return Bracketed(items: items, closing: end) }
    return Bracketed(items: [content], closing: end)
  }

  mutating func bracketed(_ sign: Unicode.Scalar) -> MathNode? {
    switch sign {
    case "(", "[":
      let ends: [MathToken] = [.sign(")"), .sign("]")]
      guard let inside = bracket(closing: ends) else { return nil }
      if let single = inside.single { return single }
      return .tuple(String(sign), inside.items, inside.closing == .sign(")") ? ")" : "]")
    case "{": return group()
    case "|":
      absoluteDepth += 1
      defer { absoluteDepth -= 1 }
      guard let inside = nested({ $0.sum() }), take(.sign("|")) else { return nil }
      return .function("abs", [inside])
    default: return nil
    }
  }

  /// `\begin{pmatrix} a & b \\ c & d \end{pmatrix}`, and the other kinds of brackets around it.
  mutating func matrix() -> MathNode? {
    guard let kind = environmentName(), kind.hasSuffix("matrix") || kind == "array" else {
      return nil
    }
    if kind == "array" { skipColumns() }
    var rows: [[MathNode]] = [[]]
    while !take(.command("end")) {
      if take(.rowEnd) {
        rows.append([])
      } else if !take(.sign("&")) {
        guard let entry = nested({ $0.sum() }) else { return nil }
        rows[rows.count - 1].append(entry)
      }
    }
    guard environmentName() == kind else { return nil }
    if rows.last?.isEmpty == true { rows.removeLast() }
    return rows.isEmpty ? nil : .matrix(rows)
  }

  private mutating func environmentName() -> String? {
    guard case .text(let name)? = next else { return nil }
    position += 1
    return name
  }

  /// The layout of an array's columns, such as `{cc}`.
  private mutating func skipColumns() {
    guard take(.sign("{")) else { return }
    while next != nil, next != .sign("}") { position += 1 }
    _ = take(.sign("}"))
  }
}
