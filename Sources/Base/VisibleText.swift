extension String {
  /// The text for a terminal or a page: what would steer a terminal or turn the order of letters
  /// around is replaced by U+FFFD. Line feeds and tabs stay.
  package var visible: String {
    guard utf8.contains(where: { $0 < 0x20 || $0 >= 0x7F }),
      unicodeScalars.contains(where: \.steersText)
    else { return self }
    var shown = String.UnicodeScalarView()
    shown.append(contentsOf: unicodeScalars.lazy.map { $0.steersText ? "\u{FFFD}" : $0 })
    return String(shown)
  }

  /// JSON that says the same, with such characters written as `\\u….`: they only stand in strings.
  package var visibleJSON: String {
    guard utf8.contains(where: { $0 >= 0x7F }), unicodeScalars.contains(where: \.steersText) else {
      return self
    }
    var shown = ""
    for scalar in unicodeScalars {
      guard scalar.steersText else {
        shown.unicodeScalars.append(scalar)
        continue
      }
      let digits = Swift.String(scalar.value, radix: 16)
      shown += "\\u" + Swift.String(repeating: "0", count: 4 - digits.count) + digits
    }
    return shown
  }

  /// Whether the text may be part of a name: no line breaks, tabs or other control characters.
  package var isOneLine: Bool {
    !unicodeScalars.contains { $0.steersText || $0 == "\n" || $0 == "\t" || $0.isLineSeparator }
  }
}

extension Unicode.Scalar {
  /// A control character other than line feed and tab, or one that turns the order of letters
  /// around (Unicode Standard Annex 9, explicit formatting characters).
  fileprivate var steersText: Bool {
    switch value {
    case 0x09, 0x0A: false
    case 0..<0x20, 0x7F..<0xA0, 0x202A...0x202E, 0x2066...0x2069: true
    default: false
    }
  }

  fileprivate var isLineSeparator: Bool { value == 0x2028 || value == 0x2029 }
}
