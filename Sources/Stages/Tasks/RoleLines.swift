/// Reads who is a knight as the authors' `load_kk` does: of each line the second word is a name and
/// the last word a role, in lower case.
///
/// "(1) Zoey is not a knight" therefore says `knight`, and "knight." is not "knight".
enum RoleLines {
  static func outcome(of answer: String, solution: String) -> Outcome {
    let claimed = roles(in: answer.stripped)
    let truth = roles(in: solution)
    guard claimed.keys.allSatisfy({ truth[$0] != nil }) else { return .noAnswer }
    let areRoles = claimed.values.allSatisfy { $0.contains("knight") || $0.contains("knave") }
    guard areRoles else { return .noAnswer }
    return claimed == truth ? .correct : .wrong
  }

  private static func roles(in text: String) -> [String: String] {
    var roles: [String: String] = [:]
    for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
      let stripped = line.text.stripped
      let words = stripped.utf8.split(
        separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
      guard words.count >= 2, let last = words.last else { continue }
      roles[String(Substring(words[1])).lowercased()] = String(Substring(last)).lowercased()
    }
    return roles
  }
}

extension Substring.UTF8View {
  fileprivate var text: String { String(Substring(self)) }
}
