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
  mutating func rows() -> Answer? {
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
