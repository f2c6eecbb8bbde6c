/// Draws puzzles with exactly one solution, in the order of the published generator's draws.
///
/// Source: Xie et al., On Memorization of Large Language Models in Logical Reasoning (2024), §2.
public struct PuzzleSampler: Sendable {
  private static let attempts = 1000
  private let people: Int
  private let depth: Int
  private let width: Int
  private let distinct: Bool
  private var random: NumpyRandom
  private var seen: Set<Puzzle> = []

  /// Prepares a stream of puzzles.
  /// - Parameters:
  ///   - people: how many people a puzzle has, at least 2.
  ///   - depth: how many levels of statements within statements there may be, at least 2: turning everybody round fits plain
  ///     claims as well as before.
  ///   - width: how many statements `and` and `or` may join, at least 2.
  ///   - distinct: whether no puzzle may come twice.
  public init(people: Int, seed: Int, depth: Int = 2, width: Int = 2, distinct: Bool = true) {
    precondition(people >= 2 && depth >= 2 && (2...2 * people - 1).contains(width))
    self.people = people
    self.depth = depth
    self.width = width
    self.distinct = distinct
    random = NumpyRandom(seed: seed)
  }

  /// The next puzzle.
  /// - Throws: `KnightsAndKnavesError.exhausted` when a thousand draws give no new one.
  public mutating func next() throws -> Puzzle {
    for _ in 0..<Self.attempts {
      let puzzle = Puzzle((0..<people).map { statement(of: $0, depth: depth) })
      if distinct && seen.contains(puzzle) { continue }
      guard puzzle.uniqueSolution != nil else { continue }
      seen.insert(puzzle)
      return puzzle
    }
    throw KnightsAndKnavesError.exhausted(people: people, found: seen.count)
  }

  /// The published generator rolls the die before it looks at the depth; so must this.
  private mutating func statement(of speaker: Int, depth: Int) -> Statement {
    let die = random.integer(in: 0..<6)
    if depth == 1 || die == 0 { return claim(by: speaker) }
    switch die {
    case 1: return .not(statement(of: speaker, depth: depth - 1))
    case 2: return .and(parts(random.integer(in: 2..<width + 1), of: speaker, depth: depth))
    case 3: return .or(parts(random.integer(in: 2..<width + 1), of: speaker, depth: depth))
    default:
      let pair = parts(2, of: speaker, depth: depth)
      return die == 4 ? .implies(pair[0], pair[1]) : .iff(pair[0], pair[1])
    }
  }

  /// Nobody can say "I am a knave", so that is drawn again.
  private mutating func claim(by speaker: Int) -> Statement {
    while true {
      let isLying = random.integer(in: 0..<2) == 1
      let person = random.integer(in: 0..<people)
      if isLying && person == speaker { continue }
      return isLying ? .lying(person) : .tellingTruth(person)
    }
  }

  /// Different statements, one level down.
  private mutating func parts(_ count: Int, of speaker: Int, depth: Int) -> [Statement] {
    var parts: [Statement] = []
    while parts.count < count {
      let part = statement(of: speaker, depth: depth - 1)
      if !parts.contains(part) { parts.append(part) }
    }
    return parts
  }
}

/// What can go wrong with puzzles.
public enum KnightsAndKnavesError: Error, CustomStringConvertible {
  /// There are no more different puzzles of a size, or they are too rare.
  case exhausted(people: Int, found: Int)
  /// A statement's text is not in the published form.
  case unreadableStatements(String)
  /// A row lacks a field, or the field has another form.
  case incompleteRow(id: String, field: String)
  /// A puzzle that must have one solution has none or several.
  case notUnique(id: String)

  /// A sentence for people.
  public var description: String {
    switch self {
    case .exhausted(let people, let found):
      "after \(found) puzzles of \(people) people no new one came in 1000 draws; "
        + "ask for fewer, more people or a greater depth"
    case .unreadableStatements(let text):
      "'\(text)' is not a puzzle's statements; expected a form like "
        + "(('lying', 1), ('not', ('telling-truth', 0)))"
    case .incompleteRow(let id, let field):
      "the problem \(id) has no usable field '\(field)'; "
        + "only Knights and Knaves problems can be solved symbolically"
    case .notUnique(let id): "the puzzle \(id) does not have exactly one solution"
    }
  }
}
