/// A puzzle told in the published words.
package struct PuzzleText: Sendable {
  /// The people, in the order of the puzzle.
  package let names: [String]
  /// The whole question.
  package let quiz: String

  /// Draws names and turns of phrase. The published puzzle `i` of seed `s` is told with seed
  /// `s + i`.
  /// - Parameter pool: the names to draw from, at least as many as there are people.
  package init(_ puzzle: Puzzle, seed: Int, pool: [String] = PuzzleNames.common) {
    var random = NumpyRandom(seed: seed)
    let names = random.elements(puzzle.people, of: pool)
    let said = zip(names, puzzle.statements).map { name, statement in
      random.element(of: Self.phrases)(name, statement.english(names))
    }
    let people = names.dropLast().joined(separator: ", ") + ", and " + names[names.count - 1]
    quiz =
      Self.opening + " You meet \(names.count) inhabitants: \(people). "
      + said.joined(separator: " ") + " " + Self.question
    self.names = names
  }

  /// `Zoey is a knave, and Oliver is a knight.`
  package static func solution(_ roles: [Bool], _ names: [String]) -> String {
    let sentences = zip(names, roles).map { role($1, of: $0) }
    return sentences.dropLast().joined(separator: ", ") + ", and "
      + sentences[sentences.count - 1] + "."
  }

  /// `(1) Zoey is a knave` and so on, a line for each person: the form of the paper's answers.
  package static func answer(_ roles: [Bool], _ names: [String]) -> String {
    zip(names, roles).enumerated().map { "(\($0 + 1)) \(role($1.1, of: $1.0))" }
      .joined(separator: "\n")
  }

  private static func role(_ isKnight: Bool, of name: String) -> String {
    name + (isKnight ? " is a knight" : " is a knave")
  }

  private static let opening =
    "A very special island is inhabited only by knights and knaves. "
    + "Knights always tell the truth, and knaves always lie."

  private static let question = "So who is a knight and who is a knave?"

  /// The published ways of quoting somebody, in the published order, on which the draws depend.
  private static let phrases: [@Sendable (_ name: String, _ words: String) -> String] = [
    { "\($0) said that \($1)." },
    { "\($0) told you that \($1)." },
    { "\($0) said, \"\($1).\"" },
    { "\($0) stated, \"\($1)\"." },
    { "According to \($0), \"\($1)\"." },
    { "In \($0)'s words: \"\($1)\"." },
    { "\($0) remarked, \"\($1)\"." },
    { "\"\($1),\" \($0) declared." },
    { "\($0) was heard saying, \"\($1)\"." },
    { "\($0) expressed that \($1)." },
    { "\"\($1)\" - \($0)." },
    { "As \($0) put it, \"\($1)\"." },
    { "\($0) asserted: \"\($1)\"." },
    { "\"\($1),\" \($0) mentioned." },
    { "\($0) commented, \"\($1)\"." },
    { "In a statement by \($0): \"\($1)\"." },
    { "\($0) noted, \"\($1)\"." },
    { "\"\($1),\" \($0) claimed." },
  ]
}
