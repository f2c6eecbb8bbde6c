/// The published field `statements`: a puzzle as a Python tuple literal, such as
/// `(('lying', 1), ('not', ('telling-truth', 0)))`.
extension Puzzle {
  /// The literal, as Python's `str` writes it.
  public var literal: String {
    "(" + statements.map(\.literal).joined(separator: ", ") + (people == 1 ? ",)" : ")")
  }

  /// Reads a literal.
  /// - Throws: `KnightsAndKnavesError.unreadableStatements`.
  public init(literal: String) throws {
    var reader = LiteralReader(literal)
    guard let statements = reader.readList(reader: { $0.readStatement() }), reader.isAtEnd,
      statements.count <= PuzzleCode.mostPeople,
      statements.allSatisfy({ $0.mentions.allSatisfy(statements.indices.contains) })
    else { throw KnightsAndKnavesError.unreadableStatements(literal) }
    self.init(statements)
  }
}

extension Statement {
  fileprivate var literal: String {
    switch self {
    case .tellingTruth(let person): "('telling-truth', \(person))"
    case .lying(let person): "('lying', \(person))"
    case .not: tuple("not")
    case .and: tuple("and")
    case .or: tuple("or")
    case .implies: tuple("->")
    case .iff: tuple("<=>")
    }
  }

  private func tuple(_ name: String) -> String {
    "('\(name)', " + parts.map(\.literal).joined(separator: ", ") + ")"
  }
}

/// Reads nested tuples of quoted names and numbers.
private struct LiteralReader {
  private var rest: Substring

  init(_ text: String) { rest = text[...] }

  var isAtEnd: Bool { rest.isEmpty }

  /// `(a, b, …)`, where Python puts a comma behind an only element.
  mutating func readList<Element>(
    reader read: (inout LiteralReader) -> Element?
  ) -> [Element]? {
    skip("(") ? readElements(reader: read) : nil
  }

  /// What follows `(`, with the closing bracket.
  private mutating func readElements<Element>(
    reader read: (inout LiteralReader) -> Element?
  ) -> [Element]? {
    var elements: [Element] = []
    while !skip(")") {
      guard let element = read(&self) else { return nil }
      elements.append(element)
      if !skip(",") && rest.first != ")" { return nil }
      _ = skip(" ")
    }
    return elements
  }

  mutating func readStatement() -> Statement? {
    guard skip("("), let name = readName(), skip(", ") else { return nil }
    if name == "telling-truth" || name == "lying" {
      guard let person = readNumber(), skip(")") else { return nil }
      return name == "lying" ? .lying(person) : .tellingTruth(person)
    }
    guard let parts = readElements(reader: { $0.readStatement() }) else { return nil }
    return Self.compound(name, parts)
  }

  private static func compound(_ name: String, _ parts: [Statement]) -> Statement? {
    switch (name, parts.count) {
    case ("not", 1): .not(parts[0])
    case ("and", 1...255): .and(parts)
    case ("or", 1...255): .or(parts)
    case ("->", 2): .implies(parts[0], parts[1])
    case ("<=>", 2): .iff(parts[0], parts[1])
    default: nil
    }
  }

  private mutating func readName() -> String? {
    guard skip("'"), let end = rest.firstIndex(of: "'") else { return nil }
    defer { rest = rest[rest.index(after: end)...] }
    return String(rest[..<end])
  }

  private mutating func readNumber() -> Int? {
    let digits = rest.prefix { $0.isASCII && $0.isNumber }
    rest = rest[digits.endIndex...]
    return Int(digits)
  }

  private mutating func skip(_ prefix: String) -> Bool {
    guard rest.hasPrefix(prefix) else { return false }
    rest = rest.dropFirst(prefix.count)
    return true
  }
}
