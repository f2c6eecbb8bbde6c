import Runner

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
