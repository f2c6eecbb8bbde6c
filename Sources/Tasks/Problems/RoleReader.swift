import Base

/// Reads who is a knight, or refuses to: `knights_and_knaves@strict@2`. Every word must be known and
/// every clause must be one of a few forms; `docs/verifiers.md` lists them.
struct RoleReader {
  /// The answer has a word or a form that is not known.
  struct UnreadableError: Error {}

  let tokens: [RoleToken]
  let people: Int
  var position = 0
  private var claims: [Int: Set<Bool>] = [:]

  /// What an answer says of the people of a row.
  static func outcome(of answer: String, gold: RoleGold, row: [String: JSONValue]) -> Outcome {
    let text = RoleText(names: gold.names, row: row)
    guard let tokens = text.tokens(of: answer) else { return .noAnswer }
    var reader = RoleReader(tokens: tokens, people: gold.names.count)
    guard (try? reader.read()) != nil, !reader.claims.isEmpty else { return .noAnswer }
    let isRight = gold.roles.enumerated().allSatisfy { reader.claims[$0] == [$1] }
    return isRight ? .correct : .wrong
  }

  private init(tokens: [RoleToken], people: Int) {
    self.tokens = tokens
    self.people = people
  }

  private mutating func read() throws {
    skipOpenings()
    while position < tokens.count {
      try readClause()
      try skipBetweenClauses()
    }
  }

  // MARK: Clauses

  private mutating func readClause() throws {
    if skipTableHead() { return }
    if try readHeading() { return }
    _ = skip("role", "of") || skip("the", "role", "of")
    skipLabel()
    let subject = try readSubject()
    try readPredicate(of: subject)
  }

  /// Whom a clause speaks of.
  private struct Subject {
    var people: [Int]
    /// "Neither A nor B", "none".
    var isDenied = false
    /// "All", of which "not" would say two things.
    var isGroup = false
    /// Who is named after "except", and is of the other role.
    var exceptions: [Int] = []
  }

  /// "Knights: A, B", "The knaves are C and D", or a role as a heading above names.
  private mutating func readHeading() throws -> Bool {
    let start = position
    _ = skip("the")
    guard case .role(let isKnight)? = tokens[safe: position] else {
      position = start
      return false
    }
    position += 1
    let hadLink = skipLink()
    let line = skipLines()
    guard hadLink || line > 0 else { throw UnreadableError() }
    if skip("none") || skip("nobody") || skip("no", "one") { return true }
    if hadLink, isAtClauseEnd || isAtHeading { return true }
    guard let named = readNames(overLines: line > 0) else { throw UnreadableError() }
    for person in named { claim(person, isKnight) }
    return true
  }

  /// Whether a heading with another role begins here, past a comma or a line's end.
  private var isAtHeading: Bool {
    var place = position
    while let token = tokens[safe: place], [.mark(","), .word("and"), .word("the")].contains(token)
    {
      place += 1
    }
    guard case .role? = tokens[safe: place] else { return false }
    return [.mark(":"), .mark("="), .word("are"), .word("is"), .mark("-"), .mark("|")]
      .contains(tokens[safe: place + 1] ?? .lineEnd)
  }

  /// Names joined by commas, "and" or, below a heading of its own line, by line ends. A line that
  /// says more than names ends the list before it.
  private mutating func readNames(overLines: Bool, isInSubject: Bool = false) -> [Int]? {
    var named: [Int] = []
    var separator = position
    while true {
      let start = separator
      skipBullet()
      guard case .name(let person)? = tokens[safe: position] else {
        position = start
        break
      }
      if !named.isEmpty, !isInSubject, startsClause(at: position) {
        position = start
        break
      }
      named.append(person)
      position += 1
      separator = position
      if isAtHeading || !skipSeparator(overLines: overLines) { break }
    }
    return named.isEmpty ? nil : named
  }

  /// Whether a name begins a clause of its own: a link or a role follows.
  private func startsClause(at place: Int) -> Bool {
    switch tokens[safe: place + 1] {
    case .word(let word)?: !["and", "while", "whereas"].contains(word)
    case .mark("|")?: ![nil, .lineEnd].contains(tokens[safe: place + 2])
    case .mark(let mark)?: ":=('".contains(mark)
    case .role?: true
    default: false
    }
  }

  private mutating func skipSeparator(overLines: Bool) -> Bool {
    let start = position
    var isApart = false
    while let token = tokens[safe: position] {
      switch token {
      case .mark(","), .mark("&"), .word("and"): isApart = true
      case .lineEnd where overLines: isApart = true
      default:
        if isApart, case .mark("-") = token { return true }
        if isApart, case .number = token { return true }
        if isApart, case .mark("(") = token { return true }
        if isApart, case .name = token { return true }
        position = start
        return false
      }
      position += 1
    }
    position = start
    return false
  }

  private mutating func readSubject() throws -> Subject {
    if let group = try readGroup() { return group }
    if skip("neither") { return Subject(people: try readNor(), isDenied: true) }
    _ = skip("both")
    var people: [Int] = []
    while true {
      guard case .name(let person)? = tokens[safe: position] else { throw UnreadableError() }
      people.append(person)
      position += 1
      let start = position
      guard skipJoint() else { break }
      guard case .name? = tokens[safe: position] else {
        // "A, a knight": the comma belongs to the predicate.
        position = start
        break
      }
    }
    return Subject(people: people)
  }

  private mutating func readNor() throws -> [Int] {
    var people: [Int] = []
    while case .name(let person)? = tokens[safe: position] {
      people.append(person)
      position += 1
      let start = position
      _ = skip(mark: ",")
      guard skip("nor") else {
        position = start
        break
      }
    }
    guard people.count > 1 else { throw UnreadableError() }
    return people
  }

  /// Everybody, nobody, or all who have no role yet.
  private mutating func readGroup() throws -> Subject? {
    if tokens[safe: position] == .word("both") {
      // Else it opens "both A and B".
      guard !isName(position + 1) else { return nil }
      guard people == 2 else { throw UnreadableError() }
    }
    let unclaimed = (0..<people).filter { claims[$0] == nil }
    for (words, isRest) in Self.groups where skip(words) {
      if isRest {
        guard !unclaimed.isEmpty else { throw UnreadableError() }
        if let count = skipCount(), count != unclaimed.count { throw UnreadableError() }
        skipPeople()
        return Subject(people: unclaimed, isGroup: true)
      }
      let isDenied = ["none", "nobody", "no"].contains(words[0])
      let count = skipCount()
      if let count, count != people { throw UnreadableError() }
      skipPeople()
      var group = Subject(people: Array(0..<people), isDenied: isDenied, isGroup: true)
      group.exceptions = try readExceptions(isInSubject: true)
      return group
    }
    return nil
  }

  /// Longer ones first; with whether the group is those without a role yet.
  private static let groups: [(words: [String], isRest: Bool)] = [
    (["all", "the", "others"], true), (["all", "of", "the", "others"], true),
    (["all", "others"], true), (["all", "the", "other"], true), (["all", "other"], true),
    (["all", "the", "rest"], true), (["all", "of", "the", "rest"], true),
    (["all", "the", "remaining"], true), (["all", "remaining"], true),
    (["everyone", "else"], true), (["everybody", "else"], true),
    (["the", "others"], true), (["others"], true), (["the", "other"], true),
    (["the", "rest"], true), (["rest"], true), (["the", "remaining"], true), (["remaining"], true),
    (["everyone"], false), (["everybody"], false), (["all"], false), (["both"], false),
    (["each"], false),
    (["every", "one"], false), (["every"], false), (["none"], false), (["nobody"], false),
    (["no", "one"], false),
  ]

  private static let peopleWords: Set<String> = [
    "people", "persons", "person", "characters", "character", "inhabitants", "inhabitant",
    "islanders", "islander", "ones", "one",
  ]

  /// "of them", "of the people", "people".
  private mutating func skipPeople() {
    if skip("of", "them") { return }
    let start = position
    let hasOf = skip("of")
    if hasOf { _ = skip("the") }
    if case .word(let word)? = tokens[safe: position], Self.peopleWords.contains(word) {
      position += 1
    } else {
      position = start
    }
  }

  private mutating func skipCount() -> Int? {
    let numbers = ["two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7]
    guard case .word(let word)? = tokens[safe: position], let count = numbers[word] else {
      return nil
    }
    position += 1
    return count
  }

  /// The people whom "except" leaves out; they are the others in role, too.
  private mutating func readExceptions(isInSubject: Bool = false) throws -> [Int] {
    let start = position
    _ = skip(mark: ",")
    guard
      skip("except", "for") || skip("except") || skip("but") || skip("apart", "from")
        || skip("besides")
    else {
      position = start
      return []
    }
    guard let named = readNames(overLines: false, isInSubject: isInSubject) else {
      throw UnreadableError()
    }
    return named
  }

  // MARK: Predicates

  private mutating func readPredicate(of subject: Subject) throws {
    skipPossessive()
    let (isDenied, hasLink) = try readLinks()
    guard case .role(let role)? = tokens[safe: position] else { throw UnreadableError() }
    guard hasLink || subject.people.count == 1 || !subject.isGroup else { throw UnreadableError() }
    if isDenied, subject.isDenied || subject.isGroup { throw UnreadableError() }
    position += 1
    _ = skip(mark: ")")
    let isKnight = role != (isDenied || subject.isDenied)
    let exceptions = subject.isGroup ? try subject.exceptions + readExceptions() : []
    for person in subject.people { claim(person, isKnight != exceptions.contains(person)) }
    if !subject.isGroup { try readFurtherRoles(of: subject) }
  }

  /// "…, not a knave", "… and not a knave", "… but a knave".
  private mutating func readFurtherRoles(of subject: Subject) throws {
    while true {
      let start = position
      _ = skip(mark: ",") || skip(mark: "(")
      let isJoint = skip("and") || skip("but", "rather") || skip("but") || skip("rather", "than")
      let isRatherThan = isJoint && tokens[position - 1] == .word("than")
      let isDenied = skip("not") || isRatherThan
      let hasArticle = skip("a") || skip("an") || skip("the")
      guard position > start, case .role(let role)? = tokens[safe: position],
        isDenied || !isAtHeading
      else {
        position = start
        return
      }
      // "A, B: knight, knave" says who is what by places.
      let isContrast = tokens[start..<position].contains(.word("but"))
      let isByPlace =
        !isDenied && !isContrast && (subject.people.count > 1 || !isJoint && !hasArticle)
      guard !isByPlace else { throw UnreadableError() }
      position += 1
      _ = skip(mark: ")")
      for person in subject.people { claim(person, role != isDenied) }
    }
  }

  /// What stands between names and their role: "is", ":", "→", a line's end, "not".
  private mutating func readLinks() throws -> (isDenied: Bool, hasLink: Bool) {
    let start = position
    var (isDenied, isPossible) = (false, false)
    var lines = 0
    while let token = tokens[safe: position] {
      switch token {
      case .word("anything"):
        guard skip("anything", "but"), !isDenied else { throw UnreadableError() }
        isDenied = true
        continue
      case .word(let word) where Self.denials.contains(word):
        guard !isDenied else { throw UnreadableError() }
        isDenied = true
      case .word("can"): isPossible = true
      case .word(let word) where Self.links.contains(word): break
      case .mark(let mark) where ":=-|(,&>".contains(mark): break
      case .lineEnd:
        lines += 1
        guard lines < 3 else { throw UnreadableError() }
      default:
        // "Can be a knight" says nothing; "can not be" does.
        guard isDenied || !isPossible else { throw UnreadableError() }
        return (isDenied, position > start)
      }
      position += 1
    }
    throw UnreadableError()
  }

  private static let denials: Set<String> = [
    "not", "never", "cannot", "no", "isn't", "aren't", "can't",
  ]
  private static let links: Set<String> = [
    "is", "are", "be", "must", "has", "have", "as", "a", "an", "the", "role", "identity",
    "type", "of", "both", "all", "also", "indeed", "definitely", "clearly", "certainly", "thus",
    "therefore", "then", "s", "each",
  ]

  private mutating func claim(_ person: Int, _ isKnight: Bool) {
    claims[person, default: []].insert(isKnight)
  }
}
