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
  static func hasWords(_ text: String) -> Bool {
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

  static func afterFormula(in text: String) -> String? {
    let parts = parts(of: text)
    return parts.count >= 3 && parts.count % 2 == 1 ? parts.last.map(String.init) : nil
  }

  /// What stands between the last two dollar signs of an even number of them.
  static func formula(in text: String) -> String? {
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

  static func isNumberPart(_ bytes: [UInt8], _ index: Int) -> Bool {
    if (48...57).contains(bytes[index]) { return true }
    guard [UInt8(ascii: "."), UInt8(ascii: ","), UInt8(ascii: "/")].contains(bytes[index]) else {
      return false
    }
    return (48...57).contains(bytes[index + 1])
      && (bytes[index] == UInt8(ascii: ".") || (index > 0 && (48...57).contains(bytes[index - 1])))
  }
}

/// Finds `\boxed{…}` and `\fbox{…}`.
package enum BoxedAnswer {
  /// What stands in the last complete box; also after `\boxed 2`, which has no braces and ends at
  /// white space or a dollar sign.
  package static func last(in text: String) -> String? {
    let bytes = Array(text.utf8)
    let starts =
      (bytes.indices(of: #"\boxed"#).map { $0 + 6 } + bytes.indices(of: #"\fbox"#).map { $0 + 5 })
      .sorted()
    for start in starts.reversed() {
      if let content = content(of: bytes, from: start) { return content }
    }
    return nil
  }

  /// The last box with its command, as the authors' code finds it: after the last `\\boxed `
  /// without braces everything up to a dollar sign; else the group after the last `\\boxed`, or
  /// `\\fbox` where there is none. A box that is not closed hides those before it.
  static func paper(in text: String) -> String? {
    let bytes = Array(text.utf8)
    if let bare = bytes.indices(of: #"\boxed "#).last {
      let end = bytes[bare...].firstIndex(of: UInt8(ascii: "$")) ?? bytes.count
      return bytes[bare..<end].text
    }
    let start = bytes.indices(of: #"\boxed"#).last ?? bytes.indices(of: #"\fbox"#).last
    guard let start, let brace = bytes[start...].firstIndex(of: UInt8(ascii: "{")),
      !bytes[start..<brace].contains(UInt8(ascii: "}")), let inside = group(of: bytes, from: brace)
    else { return nil }
    return bytes[start..<(brace + inside.utf8.count + 2)].text
  }

  private static func content(of bytes: [UInt8], from start: Int) -> String? {
    var position = start
    while position < bytes.count, bytes[position] == UInt8(ascii: " ") { position += 1 }
    guard position < bytes.count else { return nil }
    if bytes[position] == UInt8(ascii: "{") { return group(of: bytes, from: position) }
    guard position > start else { return nil }
    let ends = Array(" $\n\t".utf8)
    let end = bytes[position...].firstIndex { ends.contains($0) } ?? bytes.count
    return end > position ? bytes[position..<end].text : nil
  }

  private static func group(of bytes: [UInt8], from brace: Int) -> String? {
    var depth = 0
    for index in brace..<bytes.count {
      if bytes[index] == UInt8(ascii: "{") { depth += 1 }
      if bytes[index] == UInt8(ascii: "}") { depth -= 1 }
      if depth == 0 { return bytes[(brace + 1)..<index].text }
    }
    return nil
  }
}

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

/// Units written as plain words after a number, such as `12 square inches`.
enum UnitWords {
  private static let known: Set<String> = [
    "degree", "degrees", "deg", "radian", "radians", "cm", "mm", "km", "meter", "meters", "metre",
    "metres", "inch", "inches", "foot", "feet", "ft", "yard", "yards", "mile", "miles", "mph",
    "unit", "units", "square", "cubic", "sq", "cent", "cents", "dollar", "dollars", "second",
    "seconds", "sec", "minute", "minutes", "min", "hour", "hours", "day", "days", "week", "weeks",
    "month", "months", "year", "years", "gram", "grams", "kg", "pound", "pounds", "liter",
    "liters", "percent", "percentage", "pct", "point", "points", "people", "way", "ways", "per",
  ]

  /// The text without known units at its end and their powers.
  static func removed(from text: String) -> String {
    var rest = text
    while let unit = lastWord(of: rest), known.contains(unit.word.lowercased()) {
      rest = String(rest.dropLast(unit.length)).stripped
    }
    return rest.isEmpty ? text : rest
  }

  /// The last word, and how many characters it and its power take: `cm^2` is `cm` of length 4.
  private static func lastWord(of text: String) -> (word: String, length: Int)? {
    let power = text.reversed().prefix { $0.isNumber || $0 == "^" }
    let length = power.last == "^" ? power.count : 0
    let word = text.dropLast(length).reversed().prefix { $0.isLetter }
    return word.isEmpty ? nil : (String(word.reversed()), length + word.count)
  }
}
