/// What tokenizers tell apart, for every character.
///
/// The standard library knows characters, too, but from another version of Unicode with each
/// toolchain, and the tokens of a text must not depend on that. `CharacterRanges` is how the
/// reference sees them.
struct CharacterTable: Sendable {
  /// The classes of pre-tokenizers.
  enum Class: UInt8 {
    /// The rest.
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

  /// The class of a character.
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
