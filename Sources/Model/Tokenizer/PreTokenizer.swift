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

/// What tokenizers tell apart, for every character.
///
/// The standard library knows characters, too, but from another version of Unicode with each
/// toolchain, and the tokens of a text must not depend on that. `CharacterRanges` is how the
/// reference sees them.
struct CharacterTable: Sendable {
  /// The classes of pre-tokenizers.
  enum Class: UInt8 {
    case other
    /// `\p{L}`
    case letter
    /// `\p{N}`
    case number
    /// `\r` or `\n`
    case newline
    /// Any other `\s`
    case space
  }

  static let shared = CharacterTable()

  /// A class in the low bits, then whether it is a digit.
  private var entries = [UInt8](repeating: Class.other.rawValue, count: 0x110000)
  private static let classBits: UInt8 = 0x0F
  private static let digit: UInt8 = 0x10

  private init() {
    mark(CharacterRanges.letters, Class.letter.rawValue)
    mark(CharacterRanges.numbers, Class.number.rawValue | Self.digit)
    mark(CharacterRanges.laterDigits, Self.digit)
    mark(CharacterRanges.spaces, Class.space.rawValue)
    entries[0x0A] = Class.newline.rawValue
    entries[0x0D] = Class.newline.rawValue
  }

  func `class`(of scalar: Unicode.Scalar) -> Class {
    Class(rawValue: entries[Int(scalar.value)] & Self.classBits) ?? .other
  }

  /// Whether `Digits` takes a character for a number, for which it follows a later version of
  /// Unicode than `\p{N}`.
  func isDigit(_ scalar: Unicode.Scalar) -> Bool {
    entries[Int(scalar.value)] & Self.digit != 0
  }

  /// Sets bits for ranges such as `41-5A 61-7A AA`.
  private mutating func mark(_ ranges: String, _ bits: UInt8) {
    for range in ranges.split(separator: " ") {
      for code in Self.range(range) { entries[code] |= bits }
    }
  }

  /// What `41-5A` or `AA` stands for.
  static func range(_ text: Substring) -> ClosedRange<Int> {
    let ends = text.split(separator: "-").compactMap { Int($0, radix: 16) }
    return ends[0]...ends[ends.count - 1]
  }
}

/// A text as pre-tokenizers look at it: its characters' classes, with the bytes behind them.
struct TokenizerText {
  /// What pre-tokenizers tell apart.
  typealias Class = CharacterTable.Class

  let scalars: [Unicode.Scalar]
  let classes: [Class]
  private let bytes: [UInt8]
  private let starts: [Int]

  /// Takes UTF-8 text.
  init(_ text: ArraySlice<UInt8>) {
    bytes = Array(text)
    scalars = Array(String(decoding: text, as: UTF8.self).unicodeScalars)
    classes = scalars.map(CharacterTable.shared.class)
    var start = 0
    var starts = [0]
    starts.reserveCapacity(scalars.count + 1)
    for scalar in scalars {
      start += UTF8.width(scalar)
      starts.append(start)
    }
    self.starts = starts
  }

  /// How many characters there are.
  var count: Int { scalars.count }

  func bytes(of characters: Range<Int>) -> ArraySlice<UInt8> {
    bytes[starts[characters.lowerBound]..<starts[characters.upperBound]]
  }

  /// Whether a character is `\s`.
  func isSpace(_ index: Int) -> Bool { classes[index] == .space || classes[index] == .newline }

  /// The end of the run of characters of a class that begins at `start`.
  func end(of kind: Class, from start: Int, limit: Int) -> Int {
    var end = start
    while end < limit, classes[end] == kind { end += 1 }
    return end
  }

  /// The end of the white space that begins at `start`.
  func endOfSpace(from start: Int, limit: Int) -> Int {
    var end = start
    while end < limit, isSpace(end) { end += 1 }
    return end
  }
}
