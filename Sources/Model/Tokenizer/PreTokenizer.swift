/// How a text is cut into words before BPE. The scanners match what the published regular
/// expressions match.
enum PreTokenizer: Sendable, Hashable {
  /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
  case gpt2
  /// Each digit by itself, then GPT-2's expression on the stretches between: SmolLM2.
  case digitsThenGPT2
  /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|`
  /// `` ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+``
  case qwen2

  /// The words of a text, as ranges of characters.
  func words(of text: TokenizerText) -> [Range<Int>] {
    switch self {
    case .gpt2: Self.split(text, 0..<text.count, Self.endOfGPT2Word)
    case .qwen2: Self.split(text, 0..<text.count, Self.endOfQwen2Word)
    case .digitsThenGPT2:
      Self.stretches(of: text).flatMap { Self.split(text, $0, Self.endOfGPT2Word) }
    }
  }

  private static func split(
    _ text: TokenizerText, _ range: Range<Int>,
    _ endOfWord: (TokenizerText, Int, Int) -> Int
  ) -> [Range<Int>] {
    var words: [Range<Int>] = []
    var start = range.lowerBound
    while start < range.upperBound {
      let end = endOfWord(text, start, range.upperBound)
      words.append(start..<end)
      start = end
    }
    return words
  }

  /// Single digits, and the stretches between them.
  private static func stretches(of text: TokenizerText) -> [Range<Int>] {
    let table = CharacterTable.shared
    return split(text, 0..<text.count) { text, start, limit in
      var end = start
      while end < limit, !table.isDigit(text.scalars[end]) { end += 1 }
      return max(end, start + 1)
    }
  }

  private static func endOfGPT2Word(_ text: TokenizerText, _ start: Int, _ limit: Int) -> Int {
    if let end = endOfContraction(text, start, limit, ignoringCase: false) { return end }
    let first = text.scalars[start] == " " && start + 1 < limit ? start + 1 : start
    if !text.isSpace(first) { return text.end(of: text.classes[first], from: first, limit: limit) }
    return endOfSpaceWord(text, start, limit)
  }

  private static func endOfQwen2Word(_ text: TokenizerText, _ start: Int, _ limit: Int) -> Int {
    if let end = endOfContraction(text, start, limit, ignoringCase: true) { return end }
    let kind = text.classes[start]
    if kind == .letter { return text.end(of: .letter, from: start, limit: limit) }
    if kind == .number { return start + 1 }
    if kind != .newline, start + 1 < limit, text.classes[start + 1] == .letter {
      return text.end(of: .letter, from: start + 1, limit: limit)
    }
    let first = text.scalars[start] == " " && start + 1 < limit ? start + 1 : start
    if text.classes[first] == .other {
      let end = text.end(of: .other, from: first, limit: limit)
      return text.end(of: .newline, from: end, limit: limit)
    }
    let end = text.endOfSpace(from: start, limit: limit)
    if let newline = (start..<end).last(where: { text.classes[$0] == .newline }) {
      return newline + 1
    }
    return endOfSpaceWord(text, start, limit)
  }

  /// `\s+(?!\S)|\s+`: white space leaves its last character to a word that follows.
  private static func endOfSpaceWord(_ text: TokenizerText, _ start: Int, _ limit: Int) -> Int {
    let end = text.endOfSpace(from: start, limit: limit)
    return end < limit && end - start > 1 ? end - 1 : end
  }

  /// `'s|'t|'re|'ve|'m|'ll|'d`
  private static func endOfContraction(
    _ text: TokenizerText, _ start: Int, _ limit: Int, ignoringCase: Bool
  ) -> Int? {
    guard text.scalars[start] == "'", start + 1 < limit else { return nil }
    func letter(_ index: Int) -> Unicode.Scalar? {
      guard index < limit else { return nil }
      return ignoringCase ? folded(text.scalars[index]) : text.scalars[index]
    }
    switch (letter(start + 1), letter(start + 2)) {
    case ("s", _), ("t", _), ("m", _), ("d", _): return start + 2
    case ("r", "e"), ("v", "e"), ("l", "l"): return start + 3
    default: return nil
    }
  }

  /// Lower case, with the long s, whose upper case is S, counted as s.
  private static func folded(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    switch scalar {
    case "A"..."Z": Unicode.Scalar(UInt8(scalar.value) + 32)
    case "\u{17F}": "s"
    default: scalar
    }
  }
}
