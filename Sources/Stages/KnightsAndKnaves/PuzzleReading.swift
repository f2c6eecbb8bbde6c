import Runner

/// The puzzle of a row of problems, ours or published.
package struct ReadPuzzle: Sendable {
  /// The row's id.
  package let id: String
  /// The puzzle.
  package let puzzle: Puzzle
  /// The people's names.
  package let names: [String]
  /// What the two kinds of people are called.
  package let roles: RoleWords

  /// Reads the fields `id` (or else `index`), `names`, `statements` and, where there is one,
  /// `knight_knave`.
  /// - Throws: `KnightsAndKnavesError`.
  package init(_ row: [String: JSONValue]) throws {
    let id = row["id"]?.string ?? row["index"]?.integer.map(String.init) ?? "without an id"
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
