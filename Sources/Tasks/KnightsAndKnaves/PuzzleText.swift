import Base

/// A puzzle told in the published words.
package struct PuzzleText: Sendable {
  /// The people, in the order of the puzzle.
  package let names: [String]
  /// What the two kinds of people are called.
  package let roles: RoleWords
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

/// How a puzzle is told: the published words, or the published perturbations of them, which leave
/// the puzzle as it is.
package struct PuzzleTelling: Sendable {
  /// Whether the two kinds of people have other names, such as `a sage` and `a fool`.
  package var randomPair = false
  /// Whether knaves tell the truth and knights lie.
  package var flipRole = false
  package var uncommonName = false
  /// Whether what people say comes in another order than their names.
  package var reorderStatement = false

  package init() {}
}

/// What a telling draws before it puts a puzzle into words, in the published order.
struct PuzzleWording {
  let names: [String]
  let roles: RoleWords
  /// How each person's words are introduced, as indices of the published phrases.
  let phrases: [Int]
  /// In which order people are quoted.
  let order: [Int]

  /// Draws a wording. The published puzzle `i` of seed `s` is told with seed `s + i`.
  /// - Parameter pool: the names to draw from, at least as many as there are people; the published
  ///   ones where there are none.
  init(people: Int, seed: Int, pool: [String], telling: PuzzleTelling, phraseCount: Int) {
    var random = NumpyRandom(seed: seed)
    let published = telling.uncommonName ? PuzzleNames.uncommon : PuzzleNames.common
    names = random.elements(people, of: pool.isEmpty ? published : pool)
    var roles = RoleWords.published
    if telling.randomPair { roles = random.element(of: RoleWords.otherPairs) }
    self.roles = telling.flipRole ? roles.exchanged : roles
    phrases = (0..<people).map { _ in random.integer(in: 0..<phraseCount) }
    order = telling.reorderStatement ? Self.otherOrder(people, seed: seed) : Array(0..<people)
  }

  /// Any order but the natural one.
  private static func otherOrder(_ people: Int, seed: Int) -> [Int] {
    var random = NumpyRandom(seed: seed + 1)
    let natural = Array(0..<people)
    var order = natural
    repeat { random.shuffle(&order) } while order == natural
    return order
  }
}

package enum PuzzleNames {
  /// The published list, in the published order, on which the draws depend.
  package static let common = [
    "Emma", "Liam", "Olivia", "Noah", "Ava", "Ethan", "Sophia", "Mason", "Isabella", "William",
    "Mia", "James", "Charlotte", "Benjamin", "Amelia", "Lucas", "Harper", "Henry", "Evelyn",
    "Alexander", "Abigail", "Michael", "Emily", "Daniel", "Elizabeth", "Jacob", "Sofia", "Logan",
    "Avery", "Jackson", "Ella", "Sebastian", "Scarlett", "Jack", "Grace", "Aiden", "Chloe", "Owen",
    "Victoria", "Samuel", "Riley", "Matthew", "Aria", "Joseph", "Lily", "Luke", "Aurora", "David",
    "Zoey", "Oliver", "Penelope",
  ]

  /// The published list of uncommon names, in the published order.
  package static let uncommon = [
    "Zephyr", "Elowen", "Caspian", "Isolde", "Osiris", "Vesper", "Thaddeus", "Ondine", "Lysander",
    "Xanthe", "Oberon", "Calliope", "Leander", "Eulalia", "Florian", "Forsythe", "Nephele",
    "Peregrine", "Ianthe", "Lazarus", "Elodie", "Cillian", "Ottoline", "Evander", "Saffron",
    "Caius", "Zora", "Cyprian", "Amaryllis", "Theron", "Perdita", "Ignatius", "Zephyrine",
    "Balthazar", "Melisande", "Zinnia", "Sylvester", "Cosima", "Leocadio", "Percival", "Oceane",
    "Evanthe", "Zenobia", "Eurydice", "Quillan", "Aeronwen", "Thorsten", "Xiomara", "Zephyrus",
    "Ysolde",
  ]
}

/// What those who tell the truth and those who lie are called.
package struct RoleWords: Hashable, Sendable {
  /// One who tells the truth, such as `a knight`.
  package let aKnight: String
  /// One who lies, such as `a knave`.
  package let aKnave: String

  /// Names the two kinds, each with its article.
  package init(_ aKnight: String, _ aKnave: String) {
    self.aKnight = aKnight
    self.aKnave = aKnave
  }

  /// `a knight` and `a knave`.
  package static let published = RoleWords("a knight", "a knave")

  /// The published other pairs, in the published order, on which the draws depend.
  static let otherPairs = [
    RoleWords("a pioneer", "a laggard"), RoleWords("a saint", "a sinner"),
    RoleWords("a hero", "a villain"), RoleWords("an angel", "a devil"),
    RoleWords("an altruist", "an egoist"), RoleWords("a sage", "a fool"),
  ]

  /// Without its article: `knight`.
  package var knight: String { Self.bare(aKnight) }
  /// Without its article: `knave`.
  package var knave: String { Self.bare(aKnave) }
  /// The names of the two kinds exchanged.
  var exchanged: RoleWords { RoleWords(aKnave, aKnight) }

  /// A role with its article.
  func a(_ isKnight: Bool) -> String { isKnight ? aKnight : aKnave }
  /// A role without its article.
  func bare(_ isKnight: Bool) -> String { isKnight ? knight : knave }

  /// The published field `knight_knave`.
  var json: JSONValue {
    [
      "knight": .string(knight), "knave": .string(knave), "a_knight": .string(aKnight),
      "a_knave": .string(aKnave), "Knight": .string(Self.capitalised(knight)),
      "Knave": .string(Self.capitalised(knave)),
    ]
  }

  /// Reads the published field `knight_knave`; nil where it has another form.
  init?(_ json: JSONValue) {
    guard let aKnight = json["a_knight"]?.string, let aKnave = json["a_knave"]?.string else {
      return nil
    }
    self.init(aKnight, aKnave)
  }

  /// `Knights`, to begin a sentence with.
  var capitalisedKnights: String { Self.capitalised(knight) + "s" }

  private static func bare(_ words: String) -> String {
    words.split(separator: " ").last.map(String.init) ?? words
  }

  private static func capitalised(_ word: String) -> String {
    word.prefix(1).uppercased() + word.dropFirst()
  }
}
