/// Draws puzzles with exactly one solution, in the order of the published generator's draws.
///
/// Source: Xie et al., On Memorization of Large Language Models in Logical Reasoning (2024), §2.
package struct PuzzleSampler: Sendable {
  private static let attempts = 1000
  private let people: Int
  private let depth: Int
  private let width: Int
  private let distinct: Bool
  private var random: NumpyRandom
  private var seen: Set<PuzzleCode> = []
  /// The puzzle at hand; kept, so that its memory is used again.
  private var code = PuzzleCode()

  /// Prepares a stream of puzzles.
  /// - Parameters:
  ///   - people: how many people a puzzle has, from 2 to 30.
  ///   - depth: how many levels of statements within statements there may be, at least 2: turning
  ///     everybody round fits plain claims as well as before.
  ///   - width: how many statements `and` and `or` may join, at least 2.
  ///   - distinct: whether no puzzle may come twice.
  package init(people: Int, seed: Int, depth: Int = 2, width: Int = 2, distinct: Bool = true) {
    precondition((2...PuzzleCode.mostPeople).contains(people) && depth >= 2)
    precondition((2...min(255, 2 * people - 1)).contains(width))
    self.people = people
    self.depth = depth
    self.width = width
    self.distinct = distinct
    random = NumpyRandom(seed: seed)
  }

  /// The next puzzle.
  /// - Throws: `KnightsAndKnavesError.exhausted` when a thousand draws give no new one.
  package mutating func next() throws -> Puzzle { try Puzzle(nextSolved()) }

  /// The next puzzle with its solution, in the form in which it was drawn.
  /// - Throws: `KnightsAndKnavesError.exhausted` when a thousand draws give no new one.
  package mutating func nextSolved() throws -> SolvedPuzzle {
    for _ in 0..<Self.attempts {
      guard let solution = drawPuzzle() else { continue }
      if distinct && !seen.insert(code).inserted { continue }
      return SolvedPuzzle(code: code, people: people, solution: solution)
    }
    throw KnightsAndKnavesError.exhausted(people: people, found: seen.count)
  }

  /// Draws one puzzle, whether it has one solution or not.
  /// - Returns: the only solution's number, if there is one.
  private mutating func drawPuzzle() -> Int? {
    code.bytes.removeAll(keepingCapacity: true)
    let block = AssignmentBlock(index: 0)
    var fitting = AssignmentBlock.valid(people: people)
    for speaker in 0..<people {
      let truth = drawStatement(of: speaker, depth: depth)
      fitting &= ~(block.knights(speaker) ^ truth)
    }
    if people > 6 { return code.onlySolution(people: people) }
    return fitting.nonzeroBitCount == 1 ? fitting.trailingZeroBitCount : nil
  }

  /// The puzzle with one change that changes its solution; nil where a thousand draws give none.
  package mutating func perturbed(
    _ puzzle: SolvedPuzzle, by perturbation: PuzzlePerturbation
  ) -> SolvedPuzzle? {
    for _ in 0..<Self.attempts {
      let speaker = random.integer(in: 0..<people)
      var range = puzzle.code.range(of: speaker)
      if perturbation == .leaf { range = drawClaim(within: range, of: puzzle.code) }
      code.bytes = Array(puzzle.code.bytes[..<range.lowerBound])
      drawStatement(of: speaker, depth: perturbation == .leaf ? 1 : depth)
      code.bytes += puzzle.code.bytes[range.upperBound...]
      guard code != puzzle.code, let solution = code.onlySolution(people: people),
        solution != puzzle.solution
      else { continue }
      return SolvedPuzzle(code: code, people: people, solution: solution)
    }
    return nil
  }

  /// Goes from a statement to a part of it until a claim is reached.
  private mutating func drawClaim(within range: Range<Int>, of code: PuzzleCode) -> Range<Int> {
    var place = range.lowerBound
    while !PuzzleCode.isClaim(code.bytes[place]) {
      let (count, first) = code.parts(at: place)
      let part = random.integer(in: 0..<count)
      place = (0..<part).reduce(first) { next, _ in code.end(ofStatementAt: next) }
    }
    return place..<place + 1
  }

  /// The published generator rolls the die before it looks at the depth; so must this.
  /// - Returns: in which of the first 64 assignments the statement holds.
  @discardableResult
  private mutating func drawStatement(of speaker: Int, depth: Int) -> UInt64 {
    let die = random.integer(in: 0..<6)
    if depth == 1 || die == 0 { return drawClaim(by: speaker) }
    switch die {
    case 1:
      code.bytes.append(PuzzleCode.not)
      return ~drawStatement(of: speaker, depth: depth - 1)
    case 2:
      let count = drawWidth(of: PuzzleCode.and)
      return drawParts(count, of: speaker, depth: depth) { $0 & $1 }
    case 3:
      let count = drawWidth(of: PuzzleCode.or)
      return drawParts(count, of: speaker, depth: depth) { $0 | $1 }
    case 4:
      code.bytes.append(PuzzleCode.implies)
      return drawParts(2, of: speaker, depth: depth) { ~$0 | $1 }
    default:
      code.bytes.append(PuzzleCode.iff)
      return drawParts(2, of: speaker, depth: depth) { ~($0 ^ $1) }
    }
  }

  /// Nobody can say "I am a knave", so that is drawn again.
  private mutating func drawClaim(by speaker: Int) -> UInt64 {
    while true {
      let lie = random.integer(in: 0..<2)
      let person = random.integer(in: 0..<people)
      if person == speaker && lie == 1 { continue }
      code.bytes.append(PuzzleCode.claim(person, lie: lie))
      // All ones for a lie: a branch would be foreseen wrongly half of the time.
      return AssignmentBlock(index: 0).knights(person) ^ UInt64(bitPattern: -Int64(lie))
    }
  }

  private mutating func drawWidth(of operation: UInt8) -> Int {
    let count = random.integer(in: 2..<width + 1)
    code.bytes.append(operation)
    code.bytes.append(UInt8(count))
    return count
  }

  /// Different statements, one level down.
  /// - Returns: where they hold, joined one after another.
  private mutating func drawParts(
    _ count: Int, of speaker: Int, depth: Int, joined: (UInt64, UInt64) -> UInt64
  ) -> UInt64 {
    let start = code.bytes.count
    var truth = drawStatement(of: speaker, depth: depth - 1)
    var drawn = 1
    while drawn < count {
      let place = code.bytes.count
      let part = drawStatement(of: speaker, depth: depth - 1)
      if code.repeats(from: start, at: place) {
        code.bytes.removeLast(code.bytes.count - place)
      } else {
        truth = joined(truth, part)
        drawn += 1
      }
    }
    return truth
  }
}

/// A puzzle as it was drawn, with the only roles that fit.
package struct SolvedPuzzle: Sendable {
  let code: PuzzleCode
  let people: Int
  /// Person `p` is a knight when bit `p` is set.
  let solution: Int

  /// The roles, `true` for a knight.
  package var roles: [Bool] { (0..<people).map { solution >> $0 & 1 == 1 } }
}

/// A change in one place of a puzzle, which changes its solution.
package enum PuzzlePerturbation: String, Sendable, CaseIterable {
  /// None: the puzzle as drawn.
  case none
  /// One person says something else.
  case statement
  /// One claim about a person, perhaps within a statement, is another one.
  case leaf
}
