/// A puzzle told in the published words.
package struct PuzzleText: Sendable {
  /// The people, in the order of the puzzle.
  package let names: [String]
  /// What the two kinds of people are called.
  package let roles: RoleWords
  /// The whole question.
  package let quiz: String

  /// Tells a puzzle. The published puzzle `i` of seed `s` is told with seed `s + i`.
  /// - Parameter pool: the names to draw from, at least as many as there are people; the published
  ///   ones where there are none.
  package init(
    _ puzzle: Puzzle, seed: Int, pool: [String] = [], telling: PuzzleTelling = PuzzleTelling()
  ) {
    let wording = PuzzleWording(
      people: puzzle.people, seed: seed, pool: pool, telling: telling,
      phraseCount: Self.phrases.count)
    let (names, roles) = (wording.names, wording.roles)
    let said = wording.order.map { speaker in
      Self.phrases[wording.phrases[speaker]](
        names[speaker], puzzle.statements[speaker].english(names, roles))
    }
    let people = names.dropLast().joined(separator: ", ") + ", and " + names[names.count - 1]
    quiz =
      Self.opening(roles) + " You meet \(names.count) inhabitants: \(people). "
      + said.joined(separator: " ") + " So who is \(roles.aKnight) and who is \(roles.aKnave)?"
    self.names = names
    self.roles = roles
  }

  /// `Zoey is a knave, and Oliver is a knight.`
  package static func solution(
    _ solution: [Bool], _ names: [String], _ roles: RoleWords = .published
  ) -> String {
    let sentences = zip(names, solution).map { "\($0) is \(roles.a($1))" }
    return sentences.dropLast().joined(separator: ", ") + ", and "
      + sentences[sentences.count - 1] + "."
  }

  /// `(1) Zoey is a knave` and so on, a line for each person: the form of the paper's answers.
  package static func answer(
    _ solution: [Bool], _ names: [String], _ roles: RoleWords = .published
  ) -> String {
    zip(names, solution).enumerated().map { "(\($0 + 1)) \($1.0) is \(roles.a($1.1))" }
      .joined(separator: "\n")
  }

  private static func opening(_ roles: RoleWords) -> String {
    "A very special island is inhabited only by \(roles.knight)s and \(roles.knave)s. "
      + "\(roles.capitalisedKnights) always tell the truth, and \(roles.knave)s always lie."
  }

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
