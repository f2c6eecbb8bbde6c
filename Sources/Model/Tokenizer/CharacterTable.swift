/// What tokenizers tell apart, for every character.
///
/// The standard library knows characters, too, but from another version of Unicode with each
/// toolchain, and the tokens of a text must not depend on that. `CharacterRanges` is how the
/// reference sees them.
struct CharacterTable: Sendable {
  /// What is known of a character: its general category in the low bits, then single facts.
  struct Traits: Sendable {
    let bits: UInt16

    static let categoryBits: UInt16 = 0x1F
    /// `\s`
    static let space: UInt16 = 0x20
    /// What `Digits` takes for a digit. It follows a later version of Unicode than `\p{N}`.
    static let digit: UInt16 = 0x40
    /// What `Punctuation` takes for punctuation, which `\p{P}` is not exactly either.
    static let punctuation: UInt16 = 0x80
    /// A part of a word, for added tokens that are whole words.
    static let word: UInt16 = 0x100

    /// The bit of its category in a set of categories.
    var category: UInt32 { 1 << UInt32(bits & Self.categoryBits) }
    var isSpace: Bool { bits & Self.space != 0 }
    func has(_ fact: UInt16) -> Bool { bits & fact != 0 }
  }

  static let shared = CharacterTable()

  /// General categories by their numbers in the table. What has none is unassigned.
  static let categories = [
    "Cn", "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe",
    "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Co",
  ]

  private var entries = [UInt16](repeating: 0, count: 0x110000)

  private init() {
    var current: UInt16 = 0
    for word in CharacterRanges.categories.split(separator: " ") {
      if word.hasPrefix("@") {
        current = UInt16(Self.categories.firstIndex(of: String(word.dropFirst())) ?? 0)
      } else {
        for code in Self.range(word) { entries[code] |= current }
      }
    }
    mark(CharacterRanges.spaces, Traits.space)
    mark(CharacterRanges.digits, Traits.digit)
    mark(CharacterRanges.punctuation, Traits.punctuation)
    mark(CharacterRanges.words, Traits.word)
  }

  subscript(scalar: Unicode.Scalar) -> Traits { Traits(bits: entries[Int(scalar.value)]) }

  /// The categories of `\p{NAME}`, such as `L` for all letters or `Lu`; nil for what is none.
  static func categories(named name: String) -> UInt32? {
    let name = name == "Letter" ? "L" : name == "Number" ? "N" : name
    let members = categories.indices.filter {
      categories[$0] == name || (name.utf8.count == 1 && categories[$0].hasPrefix(name))
    }
    return members.isEmpty ? nil : members.reduce(0) { $0 | 1 << UInt32($1) }
  }

  /// Sets bits for ranges such as `41-5A 61-7A AA`.
  private mutating func mark(_ ranges: String, _ bits: UInt16) {
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

/// A text as pre-tokenizers look at it: its characters with what is known of them, and the bytes
/// behind them.
struct TokenizerText {
  let scalars: [Unicode.Scalar]
  let traits: [CharacterTable.Traits]
  private let bytes: [UInt8]
  private let starts: [Int]

  /// Takes UTF-8 text.
  init(_ text: ArraySlice<UInt8>) {
    bytes = Array(text)
    scalars = Array(String(decoding: text, as: UTF8.self).unicodeScalars)
    let table = CharacterTable.shared
    traits = scalars.map { table[$0] }
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
}
