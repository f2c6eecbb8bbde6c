/// The short style: one fixed wording that a very small model can learn.
///
/// All assignments are tried in a fixed order, knights first and the last person changing fastest.
/// Each try names everybody's role; then the statements are held against it one by one, with the
/// value behind each part, until one does not fit:
///
/// ```
/// Try Zoey knight, Oliver knight.
/// Zoey knight says not Oliver knight true: false, no.
/// ```
///
/// Every word follows from the line above it and from the puzzle. The length doubles with each
/// person, so that the style suits two to four people.
struct ShortTrace {
  private let puzzle: Puzzle
  private let names: [String]
  private let roles: RoleWords

  static func text(
    _ puzzle: Puzzle, names: [String], roles: RoleWords, solution: [Bool]
  ) -> String {
    let trace = ShortTrace(puzzle: puzzle, names: names, roles: roles)
    return trace.lines(until: solution).joined(separator: "\n")
  }

  private func lines(until solution: [Bool]) -> [String] {
    var lines: [String] = []
    for number in 0..<1 << puzzle.people {
      let roles = (0..<puzzle.people).map { number >> (puzzle.people - 1 - $0) & 1 == 0 }
      lines += attempt(roles)
      if roles == solution { break }
    }
    return lines
  }

  private func attempt(_ roles: [Bool]) -> [String] {
    let list = roles.indices.map { "\(names[$0]) \(self.roles.bare(roles[$0]))" }
    var lines = ["Try " + list.joined(separator: ", ") + "."]
    for (speaker, statement) in puzzle.statements.enumerated() {
      let value = statement.holds(among: roles)
      let fits = value == roles[speaker]
      lines.append(
        "\(list[speaker]) says \(annotated(statement, roles)): \(value), \(fits ? "yes" : "no").")
      if !fits { break }
    }
    return lines
  }

  /// A statement with its value behind every part, such as `Zoey knave false and Emma knave true`.
  private func annotated(_ statement: Statement, _ roles: [Bool]) -> String {
    switch statement {
    case .tellingTruth(let person):
      return
        "\(names[person]) \(self.roles.knight) \(roles[person])"
    case .lying(let person):
      return
        "\(names[person]) \(self.roles.knave) \(!roles[person])"
    case .not(let part): return "not \(inner(part, roles))"
    case .and(let parts): return parts.map { inner($0, roles) }.joined(separator: " and ")
    case .or(let parts): return parts.map { inner($0, roles) }.joined(separator: " or ")
    case .implies(let first, let second):
      return "if \(inner(first, roles)) then \(inner(second, roles))"
    case .iff(let first, let second): return "\(inner(first, roles)) iff \(inner(second, roles))"
    }
  }

  private func inner(_ part: Statement, _ roles: [Bool]) -> String {
    let text = annotated(part, roles)
    return part.parts.isEmpty ? text : "(\(text)) \(part.holds(among: roles))"
  }
}
