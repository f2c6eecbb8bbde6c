import Base

/// A puzzle as a row of problems, in the published field names.
package struct PuzzleRow: Sendable {
  /// `kk/<people>/<index>` for the published seed, else `kk/seed<seed>/<people>/<index>`; the name
  /// of a perturbation stands before the people, as in `kk/leaf/3/17`.
  package let id: String
  package let puzzle: Puzzle
  package let names: [String]
  /// The only roles that fit, `true` for a knight.
  package let solution: [Bool]

  private static let publishedSeed = 1234
  private let index: Int
  private let quiz: String
  private let roles: RoleWords

  /// The columns that come first in tables.
  package static let order = [
    "id", "people", "quiz", "names", "knight_knave", "solution", "solution_text",
    "solution_text_format", "cot_head", "cot_repeat_steps", "cot_foot", "statements", "index",
  ]

  /// Tells a puzzle.
  /// - Parameters:
  ///   - pool: the names to draw from; the published ones where there are none.
  ///   - perturbation: how the puzzle differs from the one drawn; part of the id.
  /// - Throws: `KnightsAndKnavesError.notUnique`.
  package init(
    _ puzzle: Puzzle, index: Int, seed: Int, pool: [String] = [],
    telling: PuzzleTelling = PuzzleTelling(), perturbation: PuzzlePerturbation = .none
  ) throws {
    var origin = seed == Self.publishedSeed ? "kk" : "kk/seed\(seed)"
    if perturbation != .none { origin += "/" + perturbation.rawValue }
    id = "\(origin)/\(puzzle.people)/\(index)"
    guard let solution = puzzle.uniqueSolution else {
      throw KnightsAndKnavesError.notUnique(id: id)
    }
    let text = PuzzleText(puzzle, seed: seed + index, pool: pool, telling: telling)
    self.puzzle = puzzle
    self.solution = solution
    self.index = index
    names = text.names
    roles = text.roles
    quiz = text.quiz
  }

  package var fields: [String: JSONValue] {
    let chain = ReferenceChain(puzzle, names: names, roles: roles)
    return [
      "id": .string(id), "people": .integer(puzzle.people), "index": .integer(index),
      "quiz": .string(quiz), "names": .array(names.map(JSONValue.string)),
      "knight_knave": roles.json, "solution": .array(solution.map(JSONValue.boolean)),
      "solution_text": .string(PuzzleText.solution(solution, names, roles)),
      "solution_text_format": .string(PuzzleText.answer(solution, names, roles)),
      "cot_head": .string(ReferenceChain.head),
      "cot_repeat_steps": .array(chain.steps.map(JSONValue.string)),
      "cot_foot": .string(chain.foot), "statements": .string(puzzle.literal),
    ]
  }
}

/// Tells puzzles again with other names, so that a model meets each of few puzzles in many guises.
package struct PuzzleRenaming {
  let names: [String]
  let seed: Int

  package init(names: [String], seed: Int) {
    self.names = names
    self.seed = seed
  }

  /// The rows followed by copies of each with names of their own, `copies` of every puzzle in all.
  /// - Throws: `KnightsAndKnavesError` for a row that is no puzzle, or where there are fewer names
  ///   than people.
  package func told(_ rows: [[String: JSONValue]], copies: Int) throws -> [[String: JSONValue]] {
    guard copies > 1 else { return rows }
    return try rows.flatMap { row in
      try (0..<copies).map { try $0 == 0 ? row : renamed(row, copy: $0) }
    }
  }

  private func renamed(_ row: [String: JSONValue], copy: Int) throws -> [String: JSONValue] {
    let puzzle = try ReadPuzzle(row)
    guard names.count >= puzzle.names.count else {
      throw KnightsAndKnavesError.tooFewNames(
        id: puzzle.id, people: puzzle.names.count, names: names.count)
    }
    let id = "\(puzzle.id)~\(copy)"
    var random = NumpyRandom(seed: seed, stream: "names " + id)
    let drawn = random.indices(puzzle.names.count, below: names.count).map { names[$0] }
    let replacements = Dictionary(uniqueKeysWithValues: zip(puzzle.names, drawn))
    var copy = row
    copy["id"] = .string(id)
    copy["names"] = .array(drawn.map { .string($0) })
    copy["quiz"] = row["quiz"]?.string.map { .string(Self.replace(replacements, in: $0)) }
    return copy
  }

  /// Replaces whole words, all at once, so that names may be exchanged.
  static func replace(_ replacements: [String: String], in text: String) -> String {
    var result = ""
    var word = ""
    for character in text {
      if character.isLetter {
        word.append(character)
      } else {
        result += (replacements[word] ?? word) + String(character)
        word = ""
      }
    }
    return result + (replacements[word] ?? word)
  }
}

/// The puzzle of a row of problems, ours or published.
package struct ReadPuzzle: Sendable {
  package let id: String
  package let puzzle: Puzzle
  package let names: [String]
  /// What the two kinds of people are called.
  package let roles: RoleWords

  /// Reads the fields `id` (or else `index`), `names`, `statements` and, where there is one,
  /// `knight_knave`.
  /// - Throws: `KnightsAndKnavesError`.
  package init(_ row: [String: JSONValue]) throws {
    let id = Problems.id(of: row) ?? row["index"]?.integer.map(String.init) ?? "without an id"
    self.id = id
    guard let literal = row["statements"]?.string else {
      throw KnightsAndKnavesError.incompleteRow(id: id, field: "statements")
    }
    roles = row["knight_knave"].flatMap { RoleWords($0) } ?? .published
    puzzle = try Puzzle(literal: literal)
    names = (row["names"]?.array ?? []).compactMap(\.string)
    guard names.count == puzzle.people else {
      throw KnightsAndKnavesError.incompleteRow(id: id, field: "names")
    }
  }
}

/// The published chain of thought: people are assumed to be knights or knaves one after another,
/// each with a look at whether some single statement can no longer fit.
package struct ReferenceChain: Sendable {
  /// The opening, the same for every puzzle.
  package static let head =
    "Let's think step by step, by considering whether each person is lying and if that leads to "
    + "contradiction."
  /// The steps, a sentence or two each.
  package let steps: [String]
  package let foot: String

  /// Walks through a puzzle and writes down the steps.
  package init(_ puzzle: Puzzle, names: [String], roles: RoleWords = .published) {
    var walk = Walk(people: puzzle.people)
    var steps: [String] = []
    while walk.position < puzzle.people {
      if walk.untried(walk.person).isEmpty {
        guard let exhausted = walk.goBack() else { break }
        steps.append(Self.reconsideration(exhausted.map { names[$0] }, names[walk.person]))
      }
      steps.append(Self.trial(&walk, puzzle, names, roles))
    }
    self.steps = steps
    foot =
      walk.position == puzzle.people
      ? "This leads to a feasible solution." : "All the configurations lead to contradictions."
  }

  private static func trial(
    _ walk: inout Walk, _ puzzle: Puzzle, _ names: [String], _ roles: RoleWords
  ) -> String {
    let person = walk.person
    let isKnight = walk.tryNext()
    guard let conflict = walk.conflict(in: puzzle) else {
      walk.goOn(mentioned: puzzle.statements[person].mentions)
      let claim = puzzle.statements[person].english(names, roles)
      return "Assume \(names[person]) is \(roles.a(isKnight)). "
        + "No contradiction is found in their \(isKnight ? "" : "false ")claim that \(claim)."
    }
    let kind = walk.roles[conflict] == true ? "" : "false "
    let owner = conflict == person ? "their own" : names[conflict]
    return "\(names[person]) cannot be \(roles.a(isKnight)), because this would "
      + "contradict the \(kind)claim of \(owner) that \(puzzle.statements[conflict].english(names, roles))."
  }

  private static func reconsideration(_ exhausted: [String], _ next: String) -> String {
    let list =
      exhausted.count <= 2
      ? exhausted.joined(separator: " and ")
      : exhausted.dropLast().joined(separator: ", ") + ", and " + exhausted[exhausted.count - 1]
    return "We have exhausted all possibilities for \(list), "
      + "so let us go back and reconsider \(next)."
  }
}

/// Where the published search stands: roles so far, and in which order people come.
private struct Walk {
  private(set) var roles: [Bool?]
  private(set) var position = 0
  private var order: [Int]
  private var options: [[Bool]]

  init(people: Int) {
    roles = Array(repeating: nil, count: people)
    order = Array(0..<people)
    options = Array(repeating: [true, false], count: people)
  }

  var person: Int { order[position] }

  func untried(_ person: Int) -> [Bool] { options[person] }

  /// Gives the person at hand the next role: first knight, then knave.
  mutating func tryNext() -> Bool {
    let role = options[person].removeFirst()
    roles[person] = role
    return role
  }

  /// The first person whose statement can no longer fit the person's role.
  func conflict(in puzzle: Puzzle) -> Int? {
    roles.indices.first { speaker in
      guard let role = roles[speaker] else { return false }
      return !puzzle.canStatement(of: speaker, be: role, given: roles)
    }
  }

  /// Moves on; whom the last speaker mentioned comes next.
  mutating func goOn(mentioned: [Int]) {
    position += 1
    for person in mentioned.reversed() {
      guard let place = order[position...].firstIndex(of: person) else { continue }
      order.remove(at: place)
      order.insert(person, at: position)
    }
  }

  /// Goes back to the last person with a role untried.
  /// - Returns: who was given up on the way, or nil when nobody is left.
  mutating func goBack() -> [Int]? {
    var exhausted: [Int] = []
    while options[person].isEmpty {
      exhausted.append(person)
      options[person] = [true, false]
      roles[person] = nil
      if position == 0 { return nil }
      position -= 1
    }
    return exhausted
  }
}
