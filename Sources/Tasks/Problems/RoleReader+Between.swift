/// What stands between the clauses of an answer, and the steps over words and marks.
extension RoleReader {
  private static let openings: [[String]] = [
    ["the", "final", "answer", "is"], ["the", "answer", "is"], ["final", "answer"], ["answer"],
    ["the", "solution", "is"], ["final", "solution"], ["solution"], ["in", "conclusion"],
    ["conclusion"], ["we", "conclude", "that"], ["it", "follows", "that"], ["we", "have"],
    ["the", "identities", "are"], ["the", "roles", "are"], ["their", "roles", "are"],
    ["identities"], ["roles"], ["the", "final", "assignment", "is"], ["the", "assignment", "is"],
    ["assignment"], ["therefore"], ["thus"], ["hence"], ["so"], ["finally"], ["consequently"],
    ["then"],
  ]

  /// Harmless openings of a text or a line.
  mutating func skipOpenings() {
    var start = -1
    while start < position {
      start = position
      skipBullet()
      _ = skipLines()
      if Self.openings.contains(where: { skip($0) }) {
        while skip(mark: ":") || skip(mark: ",") || skip(mark: "-") || skip(mark: ".") {}
        _ = skip("that")
      }
    }
  }

  /// Past what ends a clause and what may open the next.
  mutating func skipBetweenClauses() throws {
    let start = position
    loop: while let token = tokens[safe: position] {
      switch token {
      case .mark("."), .mark(","), .mark(";"), .mark("|"), .mark("&"), .mark("!"), .mark(")"),
        .lineEnd:
        break
      case .word("and"), .word("while"), .word("whereas"), .word("but"), .word("also"),
        .word("actually"):
        break
      default: break loop
      }
      position += 1
    }
    guard position < tokens.count else {
      // "A is a knight, but" breaks off.
      if case .word? = tokens.last { throw UnreadableError() }
      return
    }
    guard position > start || isNumbering(at: position) else { throw UnreadableError() }
    skipOpenings()
  }

  /// "(1)", "1.", "-" before a clause.
  mutating func skipBullet() {
    while true {
      if isNumbering(at: position) {
        if case .mark("(")? = tokens[safe: position] { position += 1 }
        position += 1
        while skip(mark: ")") || skip(mark: ".") || skip(mark: ":") || skip(mark: "|")
          || skip(mark: "-")
        {}
      } else if !(skip(mark: "-") || skip(mark: "|") || skip(mark: ">")) {
        return
      }
    }
  }

  private func isNumbering(at place: Int) -> Bool {
    if case .number? = tokens[safe: place] {
      return [.mark("."), .mark(")"), .mark(":"), .mark("|"), .mark("-")].contains(
        tokens[safe: place + 1] ?? .lineEnd)
    }
    if case .mark("(")? = tokens[safe: place], case .number? = tokens[safe: place + 1] {
      return tokens[safe: place + 2] == .mark(")")
    }
    return false
  }

  /// A line of words such as "Name | Role", and one of dashes.
  mutating func skipTableHead() -> Bool {
    let line = tokens[position...].prefix { token in
      switch token {
      case .mark("|"), .mark("-"), .mark(":"), .mark(","): true
      case .word(let word): Self.headWords.contains(word)
      default: false
      }
    }
    let hasBar = line.contains(.mark("|")) || line.contains(.mark(","))
    guard hasBar, tokens[safe: position + line.count] == .lineEnd else { return false }
    position += line.count
    return true
  }

  private static let headWords: Set<String> = [
    "name", "names", "role", "roles", "person", "character", "inhabitant", "islander", "identity",
    "type", "people",
  ]

  /// "name:" before a name.
  mutating func skipLabel() {
    let start = position
    if case .word(let word)? = tokens[safe: position], Self.headWords.contains(word) {
      position += 1
      if !skip(mark: ":") { position = start }
    }
  }

  /// The "'s" of "A's role".
  mutating func skipPossessive() {
    if skip(mark: "'") { _ = skip("s") }
  }

  mutating func skipLink() -> Bool {
    let start = position
    _ = skip("are") || skip("is")
    while skip(mark: ":") || skip(mark: "=") || skip(mark: "|") || skip(mark: "-")
      || skip(mark: ">")
    {}
    return position > start
  }

  mutating func skipJoint() -> Bool {
    let start = position
    while skip(mark: ",") || skip(mark: "&") || skip("and") || skip("as") {}
    return position > start
  }

  func isName(_ place: Int) -> Bool {
    if case .name? = tokens[safe: place] { true } else { false }
  }

  mutating func skipLines() -> Int {
    let start = position
    while case .lineEnd? = tokens[safe: position] { position += 1 }
    return position - start
  }

  var isAtClauseEnd: Bool {
    switch tokens[safe: position] {
    case nil, .lineEnd?, .mark(".")?, .mark(";")?: true
    default: false
    }
  }

  mutating func skip(_ words: String...) -> Bool { skip(words) }

  mutating func skip(_ words: [String]) -> Bool {
    for (offset, word) in words.enumerated() where tokens[safe: position + offset] != .word(word) {
      return false
    }
    position += words.count
    return true
  }

  mutating func skip(mark: Character) -> Bool {
    guard tokens[safe: position] == .mark(mark) else { return false }
    position += 1
    return true
  }
}
