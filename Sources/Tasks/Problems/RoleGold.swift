import Base

/// The right answer of a puzzle, read from its row.
struct RoleGold {
  let names: [String]
  /// In the order of the names, `true` for a knight.
  let roles: [Bool]

  /// What `solution_text_format` must look like.
  static let expected =
    "a line '(1) NAME is a ROLE' for each person of 'names', with the role that 'solution' gives"

  /// Reads a `solution_text_format` in the published form; nil where it has another, names somebody
  /// twice, or contradicts the row's `names` and `solution`.
  init?(_ text: String, row: [String: JSONValue]) {
    let words = RoleText.roleWords(of: row)
    let endings = [true, false].flatMap { isKnight in
      ["a", "an"].map { (" is \($0) " + (isKnight ? words.knight : words.knave), isKnight) }
    }
    var names: [String] = []
    var roles: [Bool] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: true) {
      let head = "(\(names.count + 1)) "
      let ending = endings.first { line.hasSuffix($0.0) }
      guard line.hasPrefix(head), let (text, role) = ending else { return nil }
      let name = line.dropFirst(head.count).dropLast(text.count)
      guard !name.isBlank else { return nil }
      names.append(String(name))
      roles.append(role)
    }
    guard !names.isEmpty, Set(names.map { $0.lowercased() }).count == names.count else {
      return nil
    }
    if let listed = row["names"] {
      guard listed.array?.map(\.string) == names else { return nil }
    }
    if let listed = row["solution"]?.array, !listed.isEmpty {
      guard listed.map(\.boolean) == roles else { return nil }
    }
    (self.names, self.roles) = (names, roles)
  }
}
