/// A text as pre-tokenizers look at it: its characters' classes, with the bytes behind them.
struct TokenizerText {
  /// What pre-tokenizers tell apart.
  enum Class: UInt8 {
    /// `\p{L}`
    case letter
    /// `\p{N}`
    case number
    /// `\r` or `\n`
    case newline
    /// Any other `\s`
    case space
    /// The rest.
    case other
  }

  /// The characters.
  let scalars: [Unicode.Scalar]
  /// Their classes.
  let classes: [Class]
  private let bytes: [UInt8]
  private let starts: [Int]

  /// Takes UTF-8 text.
  init(_ text: ArraySlice<UInt8>) {
    bytes = Array(text)
    scalars = Array(String(decoding: text, as: UTF8.self).unicodeScalars)
    classes = scalars.map(Self.class(of:))
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

  /// The bytes of some characters.
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

  private static func `class`(of scalar: Unicode.Scalar) -> Class {
    if scalar.value < 128 { return asciiClasses[Int(scalar.value)] }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
      return .letter
    case .decimalNumber, .letterNumber, .otherNumber: return .number
    default: return scalar.properties.isWhitespace ? .space : .other
    }
  }

  private static let asciiClasses: [Class] = (0..<128 as Range<UInt8>).map { code in
    switch code {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): .letter
    case UInt8(ascii: "0")...UInt8(ascii: "9"): .number
    case 0x0A, 0x0D: .newline
    case 0x09, 0x0B, 0x0C, 0x20: .space
    default: .other
    }
  }
}
