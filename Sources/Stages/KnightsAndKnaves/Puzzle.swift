/// A puzzle: person `p` says `statements[p]`. Knights say what holds, knaves what does not.
public struct Puzzle: Hashable, Sendable {
  /// What each person says.
  public let statements: [Statement]

  /// How many people there are.
  public var people: Int { statements.count }

  /// Makes a puzzle.
  /// - Precondition: the statements mention only people who say something.
  public init(_ statements: [Statement]) {
    precondition(statements.allSatisfy { $0.mentions.allSatisfy(statements.indices.contains) })
    self.statements = statements
  }

  /// The roles (`true` for a knight), where exactly one assignment fits everything said.
  public var uniqueSolution: [Bool]? {
    var found: Int?
    let valid: UInt64 = people < 6 ? (1 << (1 << people)) - 1 : ~0
    for block in AssignmentBlock.all(people: people) {
      let fitting = fitting(in: block) & valid
      if fitting == 0 { continue }
      if found != nil || fitting.nonzeroBitCount > 1 { return nil }
      found = 64 * block.index + fitting.trailingZeroBitCount
    }
    return found.map { number in (0..<people).map { number >> $0 & 1 == 1 } }
  }

  /// Whether the roles fit everything that is said.
  package func isSolved(by roles: [Bool]) -> Bool {
    zip(statements, roles).allSatisfy { $0.holds(among: roles) == $1 }
  }

  /// Whether what one person says can have a value, given the roles known so far.
  package func canStatement(of speaker: Int, be value: Bool, given roles: [Bool?]) -> Bool {
    AssignmentBlock.all(people: people).contains { block in
      let truth = statements[speaker].truth(in: block)
      return block.agreeing(with: roles) & (value ? truth : ~truth) != 0
    }
  }

  /// Whether a speaker's role and words can agree, given the roles known so far.
  package func canAgree(_ speaker: Int, given roles: [Bool?]) -> Bool {
    AssignmentBlock.all(people: people).contains { block in
      block.agreeing(with: roles) & agreement(of: speaker, in: block) != 0
    }
  }

  private func fitting(in block: AssignmentBlock) -> UInt64 {
    statements.indices.reduce(~0) { $0 & agreement(of: $1, in: block) }
  }

  /// The assignments in which a person's words have the value that the person's role demands.
  private func agreement(of speaker: Int, in block: AssignmentBlock) -> UInt64 {
    ~(block.knights(speaker) ^ statements[speaker].truth(in: block))
  }
}
