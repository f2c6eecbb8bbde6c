/// Finds the answer in a whole output for `math@2`, in time that grows with its length.
package enum AnswerFinder {
  /// The last box; else, in the last `<answer>` or in everything, what follows the last "answer is"
  /// or "answer:", the last formula between dollar signs, or the last number.
  package static func find(_ output: String) -> String? {
    if let box = boxed(output) { return box }
    let tagged = ResponseFormat.lastAnswer(in: output)
    if let tagged, let found = unboxed(in: tagged) { return found }
    return unboxed(in: output)
  }

  /// What stands in the last boxes that hold something: several that only commas and words such as
  /// "and" part are one list.
  package static func boxed(_ text: String) -> String? {
    let boxes = Boxes(Array(text.utf8))
    return boxes.last
  }

  // MARK: without a box

  private static func unboxed(in text: String) -> String? {
    announced(in: text) ?? FinalAnswer.formula(in: text) ?? bare(text) ?? number(in: text)
  }

  /// The whole of a short text that is nothing but a formula with letters or commands in it.
  private static func bare(_ text: String) -> String? {
    let line = text.stripped
    guard (1...200).contains(line.utf8.count), !line.utf8.contains(10), !FinalAnswer.hasWords(line),
      line.utf8.contains(where: { (97...122).contains($0 | 0x20) }), MathAnswers.canParse(line)
    else { return nil }
    return line
  }

  private static let marks = [
    "answer is", "answer:", "answer**:", "answer:**", "answer\u{ff1a}", "\u{7b54}\u{6848}\u{662f}",
    "\u{7b54}\u{6848}\u{4e3a}", "\u{7b54}\u{6848}\u{ff1a}", "\u{7b54}\u{6848}:", "\u{7b54}\u{ff1a}",
  ]

  private static func announced(in text: String) -> String? {
    let bytes = Array(text.utf8)
    let lower = bytes.map { (65...90).contains($0) ? $0 + 32 : $0 }
    let starts = marks.compactMap { mark in
      lower.indices(of: mark).last.map { $0 + mark.utf8.count }
    }
    guard let start = starts.max() else { return nil }
    let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
    let rest = bytes[start..<end].text
    // "The volume of $ABCD$ is 120": what is said of the formula is the answer.
    if let tail = FinalAnswer.afterFormula(in: rest),
      let said = Array(tail.utf8).firstIndex(of: " is "),
      let found = number(in: Array(tail.utf8)[said...].text)
    {
      return found
    }
    return FinalAnswer.formula(in: rest) ?? whole(rest) ?? number(in: rest)
  }

  /// All that is announced, where it is an answer as it stands.
  private static func whole(_ rest: String) -> String? {
    let lead: Set<Character> = [":", "\u{ff1a}", "*", " "]
    let end: Set<Character> = ["*", ".", "\u{3002}", "!", " "]
    let plain = String(
      rest.stripped.drop(while: lead.contains).reversed().drop(while: end.contains)
        .reversed())
    guard (1...200).contains(plain.utf8.count), MathAnswers.canParse(plain) else { return nil }
    return plain
  }

  /// The last number with its sign, thousands, decimals, and the number that divides it; nil where
  /// it only counts, as in "step 2".
  private static func number(in text: String) -> String? {
    let bytes = Array(text.utf8)
    guard let end = bytes.lastIndex(where: { (48...57).contains($0) }) else { return nil }
    var start = end
    while start > 0, FinalAnswer.isNumberPart(bytes, start - 1) { start -= 1 }
    while start < end, [UInt8(ascii: ","), UInt8(ascii: "/")].contains(bytes[start]) { start += 1 }
    if isCounter(bytes[..<start]) || isPart(bytes, start...end) { return nil }
    let isSigned = start > 0 && bytes[start - 1] == UInt8(ascii: "-")
    let isMinus = isSigned && !(start > 1 && (48...57).contains(bytes[start - 2]))
    let isPercent = end + 1 < bytes.count && bytes[end + 1] == UInt8(ascii: "%")
    return bytes[(isMinus ? start - 1 : start)...(isPercent ? end + 1 : end)].text
  }

  /// Whether a number is a part of something else: an exponent, a time, `\frac{1}{2}`, `2nd`, `x1`.
  private static func isPart(_ bytes: [UInt8], _ number: ClosedRange<Int>) -> Bool {
    if number.lowerBound > 0 {
      let before = bytes[number.lowerBound - 1]
      if "^_:{\\".utf8.contains(before) || (97...122).contains(before | 0x20) { return true }
    }
    let after = bytes[(number.upperBound + 1)...].prefix(2)
    return after.first == UInt8(ascii: "}") || ["st", "nd", "rd", "th"].contains(after.text)
  }

  private static let counters: Set<String> = [
    "step", "steps", "case", "cases", "part", "problem", "equation", "eq", "figure", "page",
    "chapter", "section", "line", "option", "question", "lemma", "theorem", "example", "method",
  ]

  private static func isCounter(_ before: ArraySlice<UInt8>) -> Bool {
    let word = before.reversed().drop { [0x20, 0x28, 0x23].contains($0) }
      .prefix { (97...122).contains($0 | 0x20) }
    return counters.contains(Array(word.reversed())[...].text.lowercased())
  }
}

/// The boxes of a text, found in one pass.
private struct Boxes {
  private let bytes: [UInt8]
  /// Where each box begins with its backslash, what stands in it, and where it ends.
  private var found: [(start: Int, content: Range<Int>, end: Int)] = []

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    var open: [(start: Int, inside: Int)?] = []
    var position = 0
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\\"):
        if let inside = opening(at: position) {
          if bytes.indices.contains(inside), bytes[inside] == UInt8(ascii: "{") {
            open.append((position, inside + 1))
            position = inside
          } else if let end = bare(from: inside) {
            found.append((position, end.content, end.content.upperBound))
            position = inside - 1
          }
        } else if position + 1 < bytes.count,
          [UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "\\")].contains(bytes[position + 1])
        {
          position += 1
        }
      case UInt8(ascii: "{"): open.append(nil)
      case UInt8(ascii: "}"):
        if let box = open.popLast(), let (start, inside) = box {
          found.append((start, inside..<position, position + 1))
        }
      default: break
      }
      position += 1
    }
  }

  /// The place behind `\boxed` or `\fbox` and blanks.
  private func opening(at start: Int) -> Int? {
    for command in [#"\boxed"#, #"\fbox"#] where bytes[start...].starts(with: command.utf8) {
      var position = start + command.utf8.count
      if position < bytes.count, (97...122).contains(bytes[position] | 0x20) { return nil }
      while position < bytes.count, [0x20, 0x0A, 0x09].contains(bytes[position]) { position += 1 }
      return position
    }
    return nil
  }

  /// `\boxed 2`, which has no braces and ends at white space or a dollar sign.
  private func bare(from start: Int) -> (content: Range<Int>, Void)? {
    guard start < bytes.count, bytes[start - 1] == 0x20 else { return nil }
    let ends = Array(" $\n\t".utf8)
    let end =
      bytes[start..<min(bytes.count, start + 200)].firstIndex { ends.contains($0) }
      ?? min(bytes.count, start + 200)
    return end > start ? (start..<end, ()) : nil
  }

  /// How many boxes make one list at most.
  private static let joinLimit = 60

  var last: String? {
    // A box in a box is its content; the outer one holds it.
    let full = found.filter {
      bytes[$0.content].contains { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
    }
    let ordered = full.sorted { $0.end < $1.end }
    guard var first = ordered.last else { return nil }
    var joined = [first]
    for box in ordered.dropLast().reversed() where box.start < first.start {
      if joined.count == Self.joinLimit { break }
      let next = name(before: first.start)?.start ?? first.start
      guard box.end <= next, next - box.end < 80, Self.joins(bytes[box.end..<next].text) else {
        break
      }
      joined.append(box)
      first = box
    }
    // "$x = \boxed{1}$ or $x = \boxed{2}$" keeps its names.
    let parts = joined.reversed().map { box in
      let content = bytes[box.content].text
      return joined.count == 1
        ? content : (name(before: box.start).map { "\($0.text) = " } ?? "") + content
    }
    return parts.joined(separator: ", ")
  }

  /// A letter and an equals sign right before a place.
  private func name(before end: Int) -> (text: String, start: Int)? {
    func skipSpace(_ place: Int) -> Int {
      var place = place
      while place > 0, bytes[place - 1] == 0x20 { place -= 1 }
      return place
    }
    let sign = skipSpace(end)
    guard sign > 0, bytes[sign - 1] == UInt8(ascii: "=") else { return nil }
    let after = skipSpace(sign - 1)
    func isLetter(_ place: Int) -> Bool {
      bytes.indices.contains(place) && (97...122).contains(bytes[place] | 0x20)
    }
    guard isLetter(after - 1), !isLetter(after - 2),
      after < 2 || bytes[after - 2] != UInt8(ascii: "\\")
    else { return nil }
    return (bytes[(after - 1)..<after].text, after - 1)
  }

  /// Whether the text between two boxes only joins them: commas, "and", "or", or the next name.
  private static func joins(_ text: String) -> Bool {
    var rest = text.replacing("\\text", with: " ").replacing("\\quad", with: " ")
      .replacing("\\qquad", with: " ").lowercased()
    rest = String(rest.map { "$(){}[],;\\.&*".contains($0) || $0.isWhitespace ? " " : $0 })
    let words = rest.split(separator: " ")
    let isJoined = words.allSatisfy { ["and", "or", "\u{548c}", "\u{6216}"].contains($0) }
    return isJoined && !text.contains("\n\n") && text.contains { ",;$".contains($0) || $0.isLetter }
  }
}
