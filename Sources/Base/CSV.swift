/// Comma-separated values (RFC 4180), lines ended by a line feed.
package enum CSV {
  /// One line, with quotes where a field needs them.
  ///
  /// Text that a spreadsheet would take for a formula gets an apostrophe before it (OWASP, "CSV
  /// injection"); numbers stay as they are.
  package static func line(_ fields: [String]) -> String {
    fields.map { quoted(isFormula($0) ? "'" + $0 : $0) }.joined(separator: ",") + "\n"
  }

  private static func isFormula(_ field: String) -> Bool {
    switch field.unicodeScalars.first {
    case "=", "@", "\t", "\r", "\n", "\u{FF1D}", "\u{FF0B}", "\u{FF0D}", "\u{FF20}": true
    case "+", "-": Double(field) == nil && field.unicodeScalars.count > 1
    default: false
    }
  }

  private static func quoted(_ field: String) -> String {
    let special: Set<Unicode.Scalar> = [",", "\"", "\n", "\r", "\t"]
    guard field.unicodeScalars.contains(where: special.contains) else { return field }
    return "\"" + field.replacing("\"", with: "\"\"") + "\""
  }
}
