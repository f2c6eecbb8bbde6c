/// A puzzle as bytes, in which puzzles are drawn, compared and solved by the million.
///
/// The statements stand one after another, each with what joins its parts before the parts. A claim
/// about one person is one byte, twice the person's number, plus one for "is a knave".
struct PuzzleCode: Hashable, Sendable {
  /// The bytes of all statements.
  var bytes: [UInt8] = []

  /// More people than this are not tried: every person doubles the assignments.
  static let mostPeople = 30

  static let and: UInt8 = 64
  static let or: UInt8 = 65
  static let not: UInt8 = 66
  static let implies: UInt8 = 67
  static let iff: UInt8 = 68

  /// Hashed all at once: byte by byte takes several times as long.
  func hash(into hasher: inout Hasher) {
    bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
  }

  /// That a person is a knight, or with a `lie` of 1, a knave.
  static func claim(_ person: Int, lie: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: 2 * person + lie)
  }

  static func isClaim(_ byte: UInt8) -> Bool { byte < and }

  /// How many parts the statement that begins at a place joins, and where the first one begins.
  func parts(at place: Int) -> (count: Int, first: Int) {
    switch bytes[place] {
    case Self.and, Self.or: (Int(bytes[place + 1]), place + 2)
    case Self.not: (1, place + 1)
    case Self.implies, Self.iff: (2, place + 1)
    default: (0, place + 1)
    }
  }

  func end(ofStatementAt place: Int) -> Int {
    if Self.isClaim(bytes[place]) { return place + 1 }
    let (count, first) = parts(at: place)
    return (0..<count).reduce(first) { next, _ in end(ofStatementAt: next) }
  }

  /// Where what one person says stands.
  func range(of speaker: Int) -> Range<Int> {
    let start = (0..<speaker).reduce(0) { place, _ in end(ofStatementAt: place) }
    return start..<end(ofStatementAt: start)
  }

  /// Whether the last statement, which begins at `place`, equals one that stands between `start`
  /// and itself.
  func repeats(from start: Int, at place: Int) -> Bool {
    let length = bytes.count - place
    var earlier = start
    while earlier < place {
      let next = end(ofStatementAt: earlier)
      if next - earlier == length,
        (0..<length).allSatisfy({ bytes[earlier + $0] == bytes[place + $0] })
      {
        return true
      }
      earlier = next
    }
    return false
  }
}

extension PuzzleCode {
  /// The number of the only assignment that fits everything said, with person `p` a knight when bit
  /// `p` is set; nil where none or several fit.
  func onlySolution(people: Int) -> Int? {
    let valid = AssignmentBlock.valid(people: people)
    var found: Int?
    for index in 0..<1 << max(0, people - 6) {
      let fitting = fitting(in: AssignmentBlock(index: index), people) & valid
      if fitting == 0 { continue }
      if found != nil || fitting & (fitting - 1) != 0 { return nil }
      found = 64 * index + fitting.trailingZeroBitCount
    }
    return found
  }

  /// Those of 64 assignments in which everybody's words have the value that the role demands.
  private func fitting(in block: AssignmentBlock, _ people: Int) -> UInt64 {
    var fitting: UInt64 = ~0
    var place = 0
    for speaker in 0..<people {
      fitting &= ~(block.knights(speaker) ^ truth(at: &place, in: block))
      if fitting == 0 { return 0 }
    }
    return fitting
  }

  /// Whether the statement at a place holds in each of 64 assignments; moves the place behind it.
  private func truth(at place: inout Int, in block: AssignmentBlock) -> UInt64 {
    let byte = bytes[place]
    place += 1
    switch byte {
    case Self.and, Self.or:
      let count = bytes[place]
      place += 1
      var joined: UInt64 = byte == Self.and ? ~0 : 0
      for _ in 0..<count {
        let part = truth(at: &place, in: block)
        joined = byte == Self.and ? joined & part : joined | part
      }
      return joined
    case Self.not: return ~truth(at: &place, in: block)
    case Self.implies:
      let first = truth(at: &place, in: block)
      return ~first | truth(at: &place, in: block)
    case Self.iff:
      let first = truth(at: &place, in: block)
      return ~(first ^ truth(at: &place, in: block))
    default:
      let knights = block.knights(Int(byte >> 1))
      return byte & 1 == 1 ? ~knights : knights
    }
  }
}

extension PuzzleCode {
  /// The code of statements.
  /// - Precondition: nobody's number is 32 or more, and `and` and `or` join at most 255 parts.
  init(_ statements: [Statement]) {
    for statement in statements { append(statement) }
  }

  private mutating func append(_ statement: Statement) {
    switch statement {
    case .tellingTruth(let person): bytes.append(Self.claim(person, lie: 0))
    case .lying(let person): bytes.append(Self.claim(person, lie: 1))
    case .not: bytes.append(Self.not)
    case .and(let parts): bytes += [Self.and, UInt8(parts.count)]
    case .or(let parts): bytes += [Self.or, UInt8(parts.count)]
    case .implies: bytes.append(Self.implies)
    case .iff: bytes.append(Self.iff)
    }
    for part in statement.parts { append(part) }
  }

  /// The statements, one for each person.
  var statements: [Statement] {
    var statements: [Statement] = []
    var place = 0
    while place < bytes.count { statements.append(statement(at: &place)) }
    return statements
  }

  private func statement(at place: inout Int) -> Statement {
    let byte = bytes[place]
    let (count, first) = parts(at: place)
    place = first
    let parts = (0..<count).map { _ in statement(at: &place) }
    switch byte {
    case Self.and: return .and(parts)
    case Self.or: return .or(parts)
    case Self.not: return .not(parts[0])
    case Self.implies: return .implies(parts[0], parts[1])
    case Self.iff: return .iff(parts[0], parts[1])
    default: return byte & 1 == 1 ? .lying(Int(byte >> 1)) : .tellingTruth(Int(byte >> 1))
    }
  }
}

/// The published field `statements`: a puzzle as a Python tuple literal, such as
/// `(('lying', 1), ('not', ('telling-truth', 0)))`.
extension Puzzle {
  /// The literal, as Python's `str` writes it.
  package var literal: String {
    "(" + statements.map(\.literal).joined(separator: ", ") + (people == 1 ? ",)" : ")")
  }

  /// Reads a literal.
  /// - Throws: `KnightsAndKnavesError.unreadableStatements`.
  package init(literal: String) throws {
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
