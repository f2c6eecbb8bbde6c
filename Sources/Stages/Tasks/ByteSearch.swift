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

  /// The bytes as text.
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
