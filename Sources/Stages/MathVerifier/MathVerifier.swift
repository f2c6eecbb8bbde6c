/// Compares mathematical answers by what they mean. Documented in `docs/verifiers.md`.
public enum MathVerifier {
  /// The name with its version, raised whenever a verdict changes.
  public static let name = "math@1"

  /// Whether an answer means the same as the reference; both may be LaTeX or plain text.
  ///
  /// Never fails and takes bounded time: what cannot be parsed, or is too long or too deep, is
  /// compared as text.
  public static func isEquivalent(_ answer: String, to reference: String) -> Bool {
    guard max(answer.utf8.count, reference.utf8.count) <= LatexCleaner.lengthLimit else {
      return answer == reference
    }
    let (given, wanted) = (LatexCleaner.clean(answer), LatexCleaner.clean(reference))
    guard !given.isEmpty, !wanted.isEmpty else { return false }
    if TextAnswer.isText(wanted) || TextAnswer.isText(given) {
      return TextAnswer.agree(given, wanted)
    }
    let (joinedGiven, joinedWanted) = (
      LatexCleaner.joinThousands(given), LatexCleaner.joinThousands(wanted)
    )
    guard let joined = parsedAgree(joinedGiven, joinedWanted) else {
      return TextAnswer.agree(given, wanted)
    }
    // A reference such as `30,951` is one number, never a list of two.
    if joined || joinedWanted != wanted || joinedGiven == given { return joined }
    return parsedAgree(given, wanted) ?? false
  }

  /// Whether an answer is understood as mathematics or as words, for tests of the coverage.
  package static func canParse(_ answer: String) -> Bool {
    let clean = LatexCleaner.clean(answer)
    return TextAnswer.isText(clean) || MathParser.parse(UnitWords.removed(from: clean)) != nil
  }

  /// Whether two answers mean the same; nil where one is no mathematics.
  private static func parsedAgree(_ answer: String, _ reference: String) -> Bool? {
    guard let given = MathParser.parse(UnitWords.removed(from: answer)),
      let wanted = MathParser.parse(UnitWords.removed(from: reference))
    else { return nil }
    return MathComparison.agree(given, wanted)
  }
}
