import Runner

/// Tells puzzles again with other names, so that a model meets each of few puzzles in many guises.
struct PuzzleRenaming {
  /// The names to draw from.
  let names: [String]
  /// The seed of the draws.
  let seed: Int

  /// The rows followed by copies of each with names of their own, `copies` of every puzzle in all.
  /// - Throws: `KnightsAndKnavesError` for a row that is no puzzle, `StageError.failed` where there
  ///   are fewer names than people.
  func told(_ rows: [[String: JSONValue]], copies: Int) throws -> [[String: JSONValue]] {
    guard copies > 1 else { return rows }
    return try rows.flatMap { row in
      try (0..<copies).map { try $0 == 0 ? row : renamed(row, copy: $0) }
    }
  }

  private func renamed(_ row: [String: JSONValue], copy: Int) throws -> [String: JSONValue] {
    let puzzle = try ReadPuzzle(row)
    guard names.count >= puzzle.names.count else {
      throw StageError.failed(
        "'\(puzzle.id)' has \(puzzle.names.count) people, but there are only \(names.count) "
          + "names; give more names")
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
