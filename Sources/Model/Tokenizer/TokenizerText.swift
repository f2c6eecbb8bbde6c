/// A text as pre-tokenizers look at it: its characters' classes, with the bytes behind them.
struct TokenizerText {
  /// What pre-tokenizers tell apart.
  typealias Class = CharacterTable.Class

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
}
