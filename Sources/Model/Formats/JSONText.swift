/// Writes JSON in one fixed way, without going through a dictionary.
enum JSONText {
  /// A string in quotes.
  static func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out + "\""
  }

  /// A list on one line.
  static func list(_ elements: [String]) -> String { "[" + elements.joined(separator: ", ") + "]" }

  /// An object, one entry a line.
  static func object(_ entries: [(key: String, value: String)]) -> String {
    let lines = entries.map { "  \(quoted($0.key)): \($0.value)" }
    return "{\n" + lines.joined(separator: ",\n") + "\n}\n"
  }
}
