import Runner

/// A puzzle as a row of problems, in the published field names.
package struct PuzzleRow: Sendable {
  /// `kk/<people>/<index>` for the published seed, else `kk/seed<seed>/<people>/<index>`.
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

  /// The columns that come first in tables.
  package static let order = [
    "id", "people", "quiz", "names", "knight_knave", "solution", "solution_text",
    "solution_text_format", "cot_head", "cot_repeat_steps", "cot_foot", "statements", "index",
  ]

  /// Tells a puzzle.
  /// - Throws: `KnightsAndKnavesError.notUnique`.
  package init(_ puzzle: Puzzle, index: Int, seed: Int, pool: [String] = PuzzleNames.common) throws
  {
    let origin = seed == Self.publishedSeed ? "kk" : "kk/seed\(seed)"
    id = "\(origin)/\(puzzle.people)/\(index)"
    guard let solution = puzzle.uniqueSolution else {
      throw KnightsAndKnavesError.notUnique(id: id)
    }
    let text = PuzzleText(puzzle, seed: seed + index, pool: pool)
    self.puzzle = puzzle
    self.solution = solution
    self.index = index
    names = text.names
    quiz = text.quiz
  }

  /// The row's fields.
  package var fields: [String: JSONValue] {
    let chain = ReferenceChain(puzzle, names: names)
    return [
      "id": .string(id), "people": .integer(puzzle.people), "index": .integer(index),
      "quiz": .string(quiz), "names": .array(names.map(JSONValue.string)),
      "knight_knave": [
        "knight": "knight", "knave": "knave", "a_knight": "a knight", "a_knave": "a knave",
        "Knight": "Knight", "Knave": "Knave",
      ],
      "solution": .array(solution.map(JSONValue.boolean)),
      "solution_text": .string(PuzzleText.solution(solution, names)),
      "solution_text_format": .string(PuzzleText.answer(solution, names)),
      "cot_head": .string(ReferenceChain.head),
      "cot_repeat_steps": .array(chain.steps.map(JSONValue.string)),
      "cot_foot": .string(chain.foot), "statements": .string(puzzle.literal),
    ]
  }
}
