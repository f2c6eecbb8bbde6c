import Runner

/// How a puzzle is told: the published words, or the published perturbations of them, which leave
/// the puzzle as it is.
public struct PuzzleTelling: ParameterSet {
  /// Whether the two kinds of people have other names, such as `a sage` and `a fool`.
  public var randomPair = false
  /// Whether knaves tell the truth and knights lie.
  public var flipRole = false
  /// Whether people have uncommon names.
  public var uncommonName = false
  /// Whether what people say comes in another order than their names.
  public var reorderStatement = false

  /// The published words.
  public init() {}

  /// What a recipe may set.
  public static var fields: [Field<PuzzleTelling>] {
    [
      Field(
        "random_pair", \.randomPair, later: true,
        "other words for the two kinds, such as sage and fool"),
      Field("flip_role", \.flipRole, later: true, "knaves tell the truth, knights lie"),
      Field("uncommon_name", \.uncommonName, later: true, "uncommon names"),
      Field(
        "reorder_statement", \.reorderStatement, later: true,
        "statements in another order than the names"),
    ]
  }
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
