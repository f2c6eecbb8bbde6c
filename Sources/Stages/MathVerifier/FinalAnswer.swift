/// Finds the answer in a whole output, with or without a box.
package enum FinalAnswer {
  /// The last box; else, in the last `<answer>` or in everything, what follows the last "answer is"
  /// or "answer:", the last formula between dollar signs, or the last number.
  package static func find(in output: String) -> String? {
    if let box = BoxedAnswer.last(in: output) { return box }
    let tagged = ResponseFormat.lastAnswer(in: output)
    if let tagged, let found = unboxed(in: tagged) { return found }
    return unboxed(in: output)
  }

  private static func unboxed(in text: String) -> String? {
    announced(in: text) ?? formula(in: text) ?? bare(text) ?? number(in: text)
  }

  /// The whole of a short text that is nothing but a formula with letters or commands in it, and
  /// without any words.
  private static func bare(_ text: String) -> String? {
    let line = text.stripped
    guard (1...200).contains(line.utf8.count), !line.utf8.contains(10), !hasWords(line),
      line.utf8.contains(where: { (97...122).contains($0 | 0x20) }),
      MathVerifier.canParse(line)
    else { return nil }
    return line
  }

  /// Whether there are letters beside each other that are no command.
  private static func hasWords(_ text: String) -> Bool {
    var letters = 0
    var isCommand = false
    for byte in text.utf8 {
      let isLetter = (97...122).contains(byte | 0x20) || byte >= 0x80
      letters = isLetter ? letters + 1 : 0
      if !isLetter { isCommand = byte == UInt8(ascii: "\\") }
      if letters > 1, !isCommand { return true }
    }
    return false
  }

  private static func announced(in text: String) -> String? {
    let bytes = Array(text.utf8)
    let lower = bytes.map { (65...90).contains($0) ? $0 + 32 : $0 }
    let marks = ["answer is", "answer:"].flatMap { mark in
      lower.indices(of: mark).map { $0 + mark.utf8.count }
    }
    guard let start = marks.max() else { return nil }
    let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
    let rest = bytes[start..<end].text
    // "The volume of $ABCD$ is 120": what is said of the formula is the answer.
    if let tail = afterFormula(in: rest), let said = Array(tail.utf8).firstIndex(of: " is "),
      let found = number(in: Array(tail.utf8)[said...].text)
    {
      return found
    }
    return formula(in: rest) ?? number(in: rest)
  }

  /// The parts between and around dollar signs, for which all other delimiters stand too.
  private static func parts(of text: String) -> [Substring] {
    var plain = text.replacing("$$", with: "$")
    if plain.utf8.contains(UInt8(ascii: "\\")) {
      for delimiter in ["\\(", "\\)", "\\[", "\\]"] {
        plain = plain.replacing(delimiter, with: "$")
      }
    }
    return plain.split(separator: "$", omittingEmptySubsequences: false)
  }

  private static func afterFormula(in text: String) -> String? {
    let parts = parts(of: text)
    return parts.count >= 3 && parts.count % 2 == 1 ? parts.last.map(String.init) : nil
  }

  /// What stands between the last two dollar signs of an even number of them.
  private static func formula(in text: String) -> String? {
    let parts = parts(of: text)
    guard parts.count >= 3, parts.count % 2 == 1 else { return nil }
    let found = parts[parts.count - 2].stripped
    return found.isEmpty ? nil : found
  }

  /// The last number with its sign, thousands, decimals, and the number that divides it.
  private static func number(in text: String) -> String? {
    let bytes = Array(text.utf8)
    guard let end = bytes.lastIndex(where: { (48...57).contains($0) }) else { return nil }
    var start = end
    while start > 0, isNumberPart(bytes, start - 1) { start -= 1 }
    while start < end, [UInt8(ascii: ","), UInt8(ascii: "/")].contains(bytes[start]) { start += 1 }
    let isSigned = start > 0 && bytes[start - 1] == UInt8(ascii: "-")
    let isMinus = isSigned && !(start > 1 && (48...57).contains(bytes[start - 2]))
    let isPercent = end + 1 < bytes.count && bytes[end + 1] == UInt8(ascii: "%")
    return bytes[(isMinus ? start - 1 : start)...(isPercent ? end + 1 : end)].text
  }

  private static func isNumberPart(_ bytes: [UInt8], _ index: Int) -> Bool {
    if (48...57).contains(bytes[index]) { return true }
    guard [UInt8(ascii: "."), UInt8(ascii: ","), UInt8(ascii: "/")].contains(bytes[index]) else {
      return false
    }
    return (48...57).contains(bytes[index + 1])
      && (bytes[index] == UInt8(ascii: ".") || (index > 0 && (48...57).contains(bytes[index - 1])))
  }
}
