/// Reads who is a knight as the authors' `load_kk` does: of each line the second word is a name and
/// the last word a role, in lower case.
///
/// "(1) Zoey is not a knight" therefore says `knight`, and "knight." is not "knight".
enum RoleLines {
  static func outcome(of answer: String, solution: String) -> Outcome {
    let claimed = roles(in: answer.stripped)
    let truth = roles(in: solution)
    guard claimed.keys.allSatisfy({ truth[$0] != nil }) else { return .noAnswer }
    let areRoles = claimed.values.allSatisfy {
      $0.firstIndex(of: "knight") != nil || $0.firstIndex(of: "knave") != nil
    }
    guard areRoles else { return .noAnswer }
    return claimed == truth ? .correct : .wrong
  }

  /// Names and roles as bytes: Python does not take differently composed characters for equal.
  private static func roles(in text: String) -> [[UInt8]: [UInt8]] {
    var roles: [[UInt8]: [UInt8]] = [:]
    for line in Array(text.utf8).split(separator: UInt8(ascii: "\n")) {
      let words = Array(line.text.stripped.utf8).split(
        separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
      guard words.count >= 2, let last = words.last else { continue }
      roles[lower(words[1])] = lower(last)
    }
    return roles
  }

  private static func lower(_ word: ArraySlice<UInt8>) -> [UInt8] {
    Array(word.text.lowercased().utf8)
  }
}
