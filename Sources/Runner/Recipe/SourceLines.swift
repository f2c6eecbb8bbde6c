/// The lines of a text as YAML counts them.
package enum SourceLines {
  /// Splits a text where YAML breaks lines: at LF, CR, CR LF, NEL, LS and PS.
  package static func split(_ text: String) -> [String] {
    var lines: [String] = []
    var line = String.UnicodeScalarView()
    var previous: Unicode.Scalar = " "
    for scalar in text.unicodeScalars {
      defer { previous = scalar }
      if scalar == "\n", previous == "\r" { continue }
      if isBreak(scalar) {
        lines.append(String(line))
        line = String.UnicodeScalarView()
      } else {
        line.append(scalar)
      }
    }
    return lines + [String(line)]
  }

  /// The line and column, from 1, of a byte of a text.
  package static func place(ofByte offset: Int, in text: String) -> (line: Int, column: Int) {
    let before = split(String(decoding: Array(text.utf8.prefix(offset)), as: UTF8.self))
    return (before.count, (before.last?.unicodeScalars.count ?? 0) + 1)
  }

  /// The place itself, or the end of the text where it lies behind that.
  package static func clamp(line: Int, column: Int, in text: String) -> (line: Int, column: Int) {
    let lines = split(text)
    if line <= lines.count { return (line, column) }
    return (lines.count, (lines.last?.unicodeScalars.count ?? 0) + 1)
  }

  private static func isBreak(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": true
    default: false
    }
  }
}
