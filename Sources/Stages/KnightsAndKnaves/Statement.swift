/// What somebody on the island claims about who tells the truth. People are numbered from 0.
public indirect enum Statement: Hashable, Sendable {
  /// A person is a knight.
  case tellingTruth(Int)
  /// A person is a knave.
  case lying(Int)
  /// A statement does not hold.
  case not(Statement)
  /// All statements hold.
  case and([Statement])
  /// At least one statement holds.
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
