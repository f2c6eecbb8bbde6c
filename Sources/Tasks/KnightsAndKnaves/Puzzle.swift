/// A puzzle: person `p` says `statements[p]`. Knights say what holds, knaves what does not.
package struct Puzzle: Hashable, Sendable {
  package let statements: [Statement]

  package var people: Int { statements.count }

  /// Makes a puzzle.
  /// - Precondition: there are at most 30 people, and the statements mention only them.
  package init(_ statements: [Statement]) {
    precondition(statements.count <= PuzzleCode.mostPeople)
    precondition(statements.allSatisfy { $0.mentions.allSatisfy(statements.indices.contains) })
    self.statements = statements
  }

  /// A puzzle as it was drawn.
  package init(_ puzzle: SolvedPuzzle) { statements = puzzle.code.statements }

  /// The roles (`true` for a knight), where exactly one assignment fits everything said.
  package var uniqueSolution: [Bool]? {
    PuzzleCode(statements).onlySolution(people: people).map { number in
      (0..<people).map { number >> $0 & 1 == 1 }
    }
  }

  /// Whether the roles fit everything that is said.
  package func isSolved(by roles: [Bool]) -> Bool {
    zip(statements, roles).allSatisfy { $0.holds(among: roles) == $1 }
  }

  /// Whether what one person says can have a value, given the roles known so far.
  package func canStatement(of speaker: Int, be value: Bool, given roles: [Bool?]) -> Bool {
    let local = LocalAssignments(of: statements[speaker], by: speaker)
    return local.blocks.contains { block in
      let truth = local.statement.truth(in: block)
      return block.agreeing(with: local.roles(roles)) & (value ? truth : ~truth) != 0
    }
  }

  /// Whether a speaker's role and words can agree, given the roles known so far.
  package func canAgree(_ speaker: Int, given roles: [Bool?]) -> Bool {
    let local = LocalAssignments(of: statements[speaker], by: speaker)
    return local.blocks.contains { block in
      let agreement = ~(block.knights(0) ^ local.statement.truth(in: block))
      return block.agreeing(with: local.roles(roles)) & agreement != 0
    }
  }
}

/// The assignments of those people alone whom one statement concerns, however many others there
/// are. The speaker is number 0.
private struct LocalAssignments {
  let statement: Statement
  private let people: [Int]

  init(of statement: Statement, by speaker: Int) {
    var people = [speaker]
    for person in statement.mentions where !people.contains(person) { people.append(person) }
    self.people = people
    self.statement = statement.renumbered { people.firstIndex(of: $0) ?? 0 }
  }

  var blocks: [AssignmentBlock] { AssignmentBlock.all(people: people.count) }

  func roles(_ roles: [Bool?]) -> [Bool?] { people.map { roles[$0] } }
}

extension Statement {
  /// The statement about other people.
  fileprivate func renumbered(_ number: (Int) -> Int) -> Statement {
    switch self {
    case .tellingTruth(let person): .tellingTruth(number(person))
    case .lying(let person): .lying(number(person))
    case .not(let part): .not(part.renumbered(number))
    case .and(let parts): .and(parts.map { $0.renumbered(number) })
    case .or(let parts): .or(parts.map { $0.renumbered(number) })
    case .implies(let first, let second):
      .implies(first.renumbered(number), second.renumbered(number))
    case .iff(let first, let second): .iff(first.renumbered(number), second.renumbered(number))
    }
  }
}

/// What somebody on the island claims about who tells the truth. People are numbered from 0.
package indirect enum Statement: Hashable, Sendable {
  case tellingTruth(Int)
  case lying(Int)
  case not(Statement)
  case and([Statement])
  case or([Statement])
  /// If the first statement holds, so does the second.
  case implies(Statement, Statement)
  /// Both statements hold, or neither does.
  case iff(Statement, Statement)

  /// The statements that this one joins, in order.
  package var parts: [Statement] {
    switch self {
    case .tellingTruth, .lying: []
    case .not(let part): [part]
    case .and(let parts), .or(let parts): parts
    case .implies(let first, let second), .iff(let first, let second): [first, second]
    }
  }

  /// The people mentioned, in order, with repetitions.
  package var mentions: [Int] {
    switch self {
    case .tellingTruth(let person), .lying(let person): [person]
    default: parts.flatMap(\.mentions)
    }
  }

  /// Whether the statement holds when everybody's role is known (`true` for a knight).
  package func holds(among roles: [Bool]) -> Bool {
    switch self {
    case .tellingTruth(let person): roles[person]
    case .lying(let person): !roles[person]
    case .not(let part): !part.holds(among: roles)
    case .and(let parts): parts.allSatisfy { $0.holds(among: roles) }
    case .or(let parts): parts.contains { $0.holds(among: roles) }
    case .implies(let first, let second): !first.holds(among: roles) || second.holds(among: roles)
    case .iff(let first, let second): first.holds(among: roles) == second.holds(among: roles)
    }
  }

  /// Whether the statement holds in each of 64 assignments; see `AssignmentBlock`.
  func truth(in block: AssignmentBlock) -> UInt64 {
    switch self {
    case .tellingTruth(let person): block.knights(person)
    case .lying(let person): ~block.knights(person)
    case .not(let part): ~part.truth(in: block)
    case .and(let parts): parts.reduce(~0) { $0 & $1.truth(in: block) }
    case .or(let parts): parts.reduce(0) { $0 | $1.truth(in: block) }
    case .implies(let first, let second): ~first.truth(in: block) | second.truth(in: block)
    case .iff(let first, let second): ~(first.truth(in: block) ^ second.truth(in: block))
    }
  }
}

extension Statement {
  /// The statement in the published English, such as `If Zoey is a knight then Emma is a knave`.
  ///
  /// The published English has no words for statements within statements; here inner ones stand
  /// in brackets, so that every statement reads one way only.
  package func english(_ names: [String], _ roles: RoleWords = .published) -> String {
    switch self {
    case .tellingTruth(let person): "\(names[person]) is \(roles.aKnight)"
    case .lying(let person): "\(names[person]) is \(roles.aKnave)"
    case .not(.tellingTruth(let person)): "\(names[person]) is not \(roles.aKnight)"
    case .not(.lying(let person)): "\(names[person]) is not \(roles.aKnave)"
    case .not(let part): "it is not true that \(part.inner(names, roles))"
    case .and(let parts): parts.map { $0.inner(names, roles) }.joined(separator: " and ")
    case .or(let parts): parts.map { $0.inner(names, roles) }.joined(separator: " or ")
    case .implies(let first, let second):
      "If \(first.inner(names, roles)) then \(second.inner(names, roles))"
    case .iff(let first, let second):
      "\(first.inner(names, roles)) if and only if \(second.inner(names, roles))"
    }
  }

  private func inner(_ names: [String], _ roles: RoleWords) -> String {
    let text = english(names, roles)
    switch self {
    case .tellingTruth, .lying, .not(.tellingTruth), .not(.lying): return text
    case .implies: return "(i" + text.dropFirst() + ")"
    default: return "(\(text))"
    }
  }
}

/// What can go wrong with puzzles.
package enum KnightsAndKnavesError: Error, CustomStringConvertible {
  /// There are no more different puzzles of a size, or they are too rare.
  case exhausted(people: Int, found: Int)
  /// A statement's text is not in the published form.
  case unreadableStatements(String)
  /// A row lacks a field, or the field has another form.
  case incompleteRow(id: String, field: String)
  /// A puzzle that must have one solution has none or several.
  case notUnique(id: String)
  /// A puzzle has more people than there are names to give them.
  case tooFewNames(id: String, people: Int, names: Int)
  /// A single trace cannot be exchanged for another's.
  case nothingToShuffle

  package var description: String {
    switch self {
    case .exhausted(let people, let found):
      "after \(found) puzzles of \(people) people no new one came in 1000 draws; "
        + "ask for fewer, more people or a greater depth"
    case .unreadableStatements(let text):
      "'\(text)' is not a puzzle's statements; expected a form like "
        + "(('lying', 1), ('not', ('telling-truth', 0))) with at most \(PuzzleCode.mostPeople) people"
    case .incompleteRow(let id, let field):
      "the problem \(id) has no usable field '\(field)'; "
        + "only Knights and Knaves problems can be solved symbolically"
    case .notUnique(let id): "the puzzle \(id) does not have exactly one solution"
    case .tooFewNames(let id, let people, let names):
      "'\(id)' has \(people) people, but there are only \(names) names; give more names"
    case .nothingToShuffle: "errors: shuffled needs at least two problems"
    }
  }
}
