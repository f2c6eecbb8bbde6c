import Runner

/// A puzzle as a row of problems, in the published field names.
package struct PuzzleRow: Sendable {
  /// `kk/<people>/<index>` for the published seed, else `kk/seed<seed>/<people>/<index>`; the name
  /// of a perturbation stands before the people, as in `kk/leaf/3/17`.
  package let id: String
  /// The puzzle.
  package let puzzle: Puzzle
  /// The people's names.
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

  /// The row's fields.
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
