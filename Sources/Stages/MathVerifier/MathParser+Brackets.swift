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
