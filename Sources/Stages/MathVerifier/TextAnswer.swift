/// Compares answers that are words or letters of options.
enum TextAnswer {
  private static let commands = MathLexer.textCommands.sorted()

  /// The text without `\text{…}` and the like around its parts.
  static func unwrapped(_ answer: String) -> String {
    var text = answer
    let isPlain = !answer.utf8.contains(UInt8(ascii: "\\"))
    for command in isPlain ? [] : Self.commands where text.contains("\\" + command) {
      text = text.replacing("\\" + command + "{", with: "{")
        .replacing("\\" + command + " {", with: "{")
    }
    return String(text.filter { $0 != "{" && $0 != "}" && $0 != "$" }).stripped
  }

  /// Whether two answers are the same words, whatever their case, spaces and outer brackets.
  static func agree(_ answer: String, _ reference: String) -> Bool {
    let left = canonical(answer)
    return !left.isEmpty && left == canonical(reference)
  }

  /// Whether an answer is one word or option rather than mathematics: `\text{even}`, `(C)`, `Navin`.
  static func isText(_ answer: String) -> Bool {
    let plain = canonical(answer)
    let isWordy = plain.count > 3 || answer.contains("\\text") || answer.contains("\\mbox")
    let hasCommand = unwrapped(answer).contains("\\")
    return !plain.isEmpty && isWordy && !hasCommand && plain.allSatisfy { $0.isLetter }
  }

  private static func canonical(_ answer: String) -> String {
    var text = unwrapped(answer).lowercased().filter { !$0.isWhitespace && $0 != "\\" }
    while text.hasSuffix(".") { text.removeLast() }
    if text.hasPrefix("("), text.hasSuffix(")"), text.count == 3 {
      text = String(text.dropFirst().dropLast())
    }
    return text
  }
}
