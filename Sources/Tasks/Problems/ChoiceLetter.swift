/// Reads the letter of a chosen option as `mmlu_pro@paper` and `mmlu_pro@strict@1` do.
enum ChoiceLetter {
  /// The three steps of the authors' loaders, after MMLU-Pro's own script: the first `\boxed`
  /// letter; else a letter that opens an `<answer>` alone or as `X. text`; else the last capital
  /// A to J that stands alone anywhere.
  static func paper(in text: String) -> String? {
    let bytes = Array(text.utf8)
    return boxed(in: bytes) ?? tagged(in: bytes) ?? lastAlone(in: text)
  }

  /// The part of a completion in which an answer is given: the last `<answer>`, else what follows
  /// the thinking; nil without either.
  static func answerText(in completion: String) -> String? {
    ResponseFormat.lastAnswer(in: completion) ?? ResponseFormat.afterThinking(in: completion)
  }

  /// The letter in the last box, or the letter that is the whole text or opens it as `X. text`.
  static func strict(in text: String) -> String? {
    let answer = BoxedAnswer.last(in: text) ?? text
    let plain = TextAnswer.unwrapped(answer).stripped
    let bare = plain.drop { $0 == "(" }
    guard let letter = bare.first, isChoice(letter) else { return nil }
    let rest = bare.dropFirst()
    return rest.isEmpty || ".):".contains(rest.first ?? " ") ? String(letter) : nil
  }

  private static func isChoice(_ letter: Character) -> Bool {
    letter.utf8.count == 1 && letter >= "A" && letter <= "J"
  }

  private static func isChoice(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "A")...UInt8(ascii: "J")).contains(byte)
  }

  /// `\\boxed\{(?:\\text\{)?\s*([A-J])\s*(?:\})?\}`
  private static func boxed(in bytes: [UInt8]) -> String? {
    for start in bytes.indices(of: #"\boxed{"#) {
      var position = start + 7
      if bytes[position...].starts(with: #"\text{"#.utf8) { position += 6 }
      position = skipSpace(bytes, position)
      guard position < bytes.count, isChoice(bytes[position]) else { continue }
      let after = skipSpace(bytes, position + 1)
      if after < bytes.count, bytes[after] == UInt8(ascii: "}") { return [bytes[position]].text }
    }
    return nil
  }

  /// `<answer>\s*([A-J])(\.\s*(.*?))?\s*</answer>`, in which `.` stops at the end of a line.
  private static func tagged(in bytes: [UInt8]) -> String? {
    for start in bytes.indices(of: "<answer>") {
      let position = skipSpace(bytes, start + 8)
      guard position < bytes.count, isChoice(bytes[position]),
        let close = bytes.firstIndex(of: "</answer>", from: position + 1)
      else { continue }
      let rest = bytes[(position + 1)..<close].text
      let isText = rest.hasPrefix(".") && !rest.dropFirst().stripped.utf8.contains(10)
      if rest.isBlank || isText { return [bytes[position]].text }
    }
    return nil
  }

  /// The last match of `\b[A-J]\b`.
  private static func lastAlone(in text: String) -> String? {
    let scalars = Array(text.unicodeScalars)
    let found = scalars.indices.last { index in
      guard scalars[index] >= "A", scalars[index] <= "J" else { return false }
      let isAfterWord = index > 0 && scalars[index - 1].isWordPart
      return !isAfterWord && !(index + 1 < scalars.count && scalars[index + 1].isWordPart)
    }
    return found.map { String(scalars[$0]) }
  }

  /// Past white space as Python's `\s` knows it, also beyond ASCII.
  private static func skipSpace(_ bytes: [UInt8], _ start: Int) -> Int {
    var position = start
    while position < bytes.count {
      var length = 1
      while position + length < bytes.count, bytes[position + length] & 0xC0 == 0x80 { length += 1 }
      let text = bytes[position..<(position + length)].text
      guard let scalar = text.unicodeScalars.first, scalar.isPythonSpace else { return position }
      position += length
    }
    return position
  }
}
