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
        + "(('lying', 1), ('not', ('telling-truth', 0))) with at most \(PuzzleCode.mostPeople) people"
    case .incompleteRow(let id, let field):
      "the problem \(id) has no usable field '\(field)'; "
        + "only Knights and Knaves problems can be solved symbolically"
    case .notUnique(let id): "the puzzle \(id) does not have exactly one solution"
    }
  }
}
