/// The format `… </think> <answer> … </answer>` of a completion whose prompt ends in `<think>`.
package enum ResponseFormat {
  /// The text inside `<answer>`, if the completion keeps the format that training asks for: each of
  /// the three tags exactly once, something thought before `</think>`, only white space between
  /// `</think>` and `<answer>` and after `</answer>`, and something inside.
  ///
  /// The rule of the authors' `dataset_loader.py`: `.+</think>\s*<answer>(.+)</answer>\s*$`.
  package static func strictAnswer(in completion: String) -> String? {
    let bytes = Array(completion.utf8)
    let thinks = bytes.indices(of: "</think>")
    let opens = bytes.indices(of: "<answer>")
    let closes = bytes.indices(of: "</answer>")
    guard thinks.count == 1, opens.count == 1, closes.count == 1 else { return nil }
    let between = thinks[0] + 8
    let inside = opens[0] + 8
    guard thinks[0] > 0, between <= opens[0], inside < closes[0],
      bytes[between..<opens[0]].text.isBlank, bytes[(closes[0] + 9)...].text.isBlank
    else { return nil }
    return bytes[inside..<closes[0]].text
  }

  /// The text inside the last `<answer>`, closed or not.
  static func lastAnswer(in completion: String) -> String? { answers(in: completion).last }

  /// The text inside each `<answer>`; one that is not closed reaches to the next.
  static func answers(in completion: String) -> [String] {
    let bytes = Array(completion.utf8)
    let opens = bytes.indices(of: "<answer>")
    return zip(opens, opens.dropFirst() + [bytes.count]).map { open, end in
      let inside = bytes[(open + 8)..<end]
      return inside[..<(inside.firstIndex(of: "</answer>") ?? end)].text
    }
  }

  /// The text after the last `</think>`.
  static func afterThinking(in completion: String) -> String? {
    let bytes = Array(completion.utf8)
    return bytes.indices(of: "</think>").last.map { bytes[($0 + 8)...].text }
  }
}

/// Searching text by its bytes. A tag must be found even where the next character would join it
/// into one grapheme, and a search must not depend on Unicode's equivalences.
extension Collection where Element == UInt8, Index == Int {
  /// Where `needle` first begins at or after `start`.
  func firstIndex(of needle: String, from start: Int? = nil) -> Int? {
    let pattern = Array(needle.utf8)
    guard let first = pattern.first else { return nil }
    var position = start ?? startIndex
    while position + pattern.count <= endIndex {
      if self[position] == first, self[position...].starts(with: pattern) { return position }
      position += 1
    }
    return nil
  }

  /// Where `needle` begins, in order and without overlap.
  func indices(of needle: String) -> [Int] {
    var found: [Int] = []
    var start = startIndex
    while let position = firstIndex(of: needle, from: start) {
      found.append(position)
      start = position + needle.utf8.count
    }
    return found
  }

  var text: String { String(decoding: self, as: UTF8.self) }
}

extension Unicode.Scalar {
  /// What Python's `str.strip` and `\s` take for white space.
  var isPythonSpace: Bool {
    properties.isWhitespace || (0x1c...0x1f).contains(value)
  }

  /// What Python's `\w` takes for a part of a word.
  var isWordPart: Bool {
    if self == "_" { return true }
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
      .decimalNumber, .letterNumber, .otherNumber:
      return true
    default: return false
    }
  }
}

extension StringProtocol {
  /// The text without white space at its ends, as Python's `str.strip` leaves it.
  var stripped: String {
    let scalars = unicodeScalars
    guard let first = scalars.firstIndex(where: { !$0.isPythonSpace }),
      let last = scalars.lastIndex(where: { !$0.isPythonSpace })
    else { return "" }
    return String(String.UnicodeScalarView(scalars[first...last]))
  }

  /// Whether nothing but white space is in it.
  var isBlank: Bool { unicodeScalars.allSatisfy(\.isPythonSpace) }
}

/// Code in triple back quotes, read as the authors' extraction reads it.
enum CodeBlock {
  /// The first or last block marked `python`, else the first or last block of any kind, without
  /// white space at its ends. Blocks are `` ```python(.+?)``` `` and `` ```(.+?)``` ``, found from
  /// left to right.
  static func find(in text: String, last: Bool) -> String? {
    let bytes = Array(text.utf8)
    for opening in ["```python", "```"] {
      let blocks = blocks(of: bytes, opening: opening)
      if let block = last ? blocks.last : blocks.first { return block.text.stripped }
    }
    return nil
  }

  /// The text of the first `<answer>` that is closed and not empty.
  static func firstAnswer(in text: String) -> String? {
    let bytes = Array(text.utf8)
    guard let open = bytes.firstIndex(of: "<answer>"),
      let close = bytes.firstIndex(of: "</answer>", from: open + 9)
    else { return nil }
    return bytes[(open + 8)..<close].text.stripped
  }

  private static func blocks(of bytes: [UInt8], opening: String) -> [ArraySlice<UInt8>] {
    var blocks: [ArraySlice<UInt8>] = []
    var position = 0
    while let open = bytes.firstIndex(of: opening, from: position) {
      let inside = open + opening.utf8.count
      guard let close = bytes.firstIndex(of: "```", from: inside + 1) else { break }
      blocks.append(bytes[inside..<close])
      position = close + 3
    }
    return blocks
  }
}
