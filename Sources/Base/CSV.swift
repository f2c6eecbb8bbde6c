import Foundation

/// Comma-separated values (RFC 4180), lines ended by a line feed.
package enum CSV {
  /// One line, with quotes where a field needs them.
  package static func line(_ fields: [String]) -> String {
    fields.map(quoted).joined(separator: ",") + "\n"
  }

  /// The lines of a file, each as its fields.
  package static func parse(_ data: Data) -> [[String]] {
    var lines: [[String]] = []
    var fields: [String] = []
    var field: [UInt8] = []
    var isQuoted = false
    func endField() {
      fields.append(String(decoding: field, as: UTF8.self))
      field = []
    }
    func endLine() {
      if field.last == UInt8(ascii: "\r") { field.removeLast() }
      endField()
      lines.append(fields)
      fields = []
    }
    var bytes = Array(data)[...]
    while let byte = bytes.popFirst() {
      switch byte {
      case UInt8(ascii: "\"") where isQuoted && bytes.first == byte:
        field.append(byte)
        bytes.removeFirst()
      case UInt8(ascii: "\""): isQuoted.toggle()
      case UInt8(ascii: ",") where !isQuoted: endField()
      case UInt8(ascii: "\n") where !isQuoted: endLine()
      default: field.append(byte)
      }
    }
    if !field.isEmpty || !fields.isEmpty { endLine() }
    return lines
  }

  private static func quoted(_ field: String) -> String {
    let special: Set<Unicode.Scalar> = [",", "\"", "\n", "\r"]
    guard field.unicodeScalars.contains(where: special.contains) else { return field }
    return "\"" + field.replacing("\"", with: "\"\"") + "\""
  }
}
