/// A puzzle: person `p` says `statements[p]`. Knights say what holds, knaves what does not.
public struct Puzzle: Hashable, Sendable {
  /// What each person says.
  public let statements: [Statement]

  /// How many people there are.
  public var people: Int { statements.count }

  /// Makes a puzzle.
  /// - Precondition: there are at most 30 people, and the statements mention only them.
  public init(_ statements: [Statement]) {
    precondition(statements.count <= PuzzleCode.mostPeople)
    precondition(statements.allSatisfy { $0.mentions.allSatisfy(statements.indices.contains) })
    self.statements = statements
  }

  /// A puzzle as it was drawn.
  package init(_ puzzle: SolvedPuzzle) { statements = puzzle.code.statements }

  /// The roles (`true` for a knight), where exactly one assignment fits everything said.
  public var uniqueSolution: [Bool]? {
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
