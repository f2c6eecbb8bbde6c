import Foundation

/// A JSON value with one way of being written: sorted keys, shortest round-trip numbers.
///
/// Records, rows and locks are written with it, so that equal content gives equal bytes.
package enum JSONValue: Hashable, Sendable {
  case null
  case boolean(Bool)
  /// A number without a fraction.
  case integer(Int)
  /// Any other number. NaN and infinities are written as `null`.
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// The value of a key, where this is an object that has it.
  package subscript(key: String) -> JSONValue? {
    if case .object(let entries) = self { entries[key] } else { nil }
  }

  package var string: String? { if case .string(let value) = self { value } else { nil } }
  package var boolean: Bool? { if case .boolean(let value) = self { value } else { nil } }
  package var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
  package var object: [String: JSONValue]? {
    if case .object(let value) = self { value } else { nil }
  }

  /// The integer, where this is one or a number without a fraction.
  package var integer: Int? {
    switch self {
    case .integer(let value): value
    case .number(let value): Int(exactly: value)
    default: nil
    }
  }

  /// The number, where this is one.
  package var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// Reads JSON text.
  /// - Parameter acceptingNonFinite: whether `NaN`, `Infinity` and `-Infinity` are numbers, as for
  ///   Python.
  /// - Throws: `JSONError` when the bytes are no JSON.
  package init(parsing data: Data, acceptingNonFinite: Bool = false) throws {
    var parser = JSONParser(data, acceptsNonFinite: acceptingNonFinite)
    self = try parser.parse()
  }

  /// Reads an object of which one member may have thousands of members: these are given one by one.
  /// - Parameter name: that member, which is empty in what is returned.
  /// - Throws: `JSONError` when the bytes are no such object, or what `take` throws.
  package static func parse(
    _ data: Data, membersOf name: String, _ take: (String, JSONValue) throws -> Void
  ) throws -> JSONValue {
    var parser = JSONParser(data)
    return try parser.parse(membersOf: name, take)
  }

  /// The value on one line.
  package var text: String {
    var out = ""
    write(into: &out, indent: nil)
    return out
  }

  /// The value over several lines, for files that people open.
  package var prettyText: String {
    var out = ""
    write(into: &out, indent: 0)
    return out + "\n"
  }

  private func write(into out: inout String, indent: Int?) {
    switch self {
    case .null: out += "null"
    case .boolean(let value): out += value ? "true" : "false"
    case .integer(let value): out += String(value)
    case .number(let value): out += value.isFinite ? "\(value)" : "null"
    case .string(let value): Self.quote(value, into: &out)
    case .array(let values):
      Self.list(values, "[", "]", &out, indent) { $0.write(into: &$1, indent: $2) }
    case .object(let entries):
      let sorted = entries.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      Self.list(sorted, "{", "}", &out, indent) { entry, out, indent in
        Self.quote(entry.key, into: &out)
        out += indent == nil ? ":" : ": "
        entry.value.write(into: &out, indent: indent)
      }
    }
  }

  private static func list<Element>(
    _ elements: [Element], _ open: String, _ close: String, _ out: inout String, _ indent: Int?,
    _ write: (Element, inout String, Int?) -> Void
  ) {
    out += open
    let inner = indent.map { $0 + 2 }
    for (index, element) in elements.enumerated() {
      if index > 0 { out += "," }
      if let inner { out += "\n" + String(repeating: " ", count: inner) }
      write(element, &out, inner)
    }
    if let indent, !elements.isEmpty { out += "\n" + String(repeating: " ", count: indent) }
    out += close
  }

  /// Runs of plain characters are appended whole, since reports hold megabytes of text.
  private static func quote(_ text: String, into out: inout String) {
    out += "\""
    var start = text.utf8.startIndex
    for index in text.utf8.indices {
      guard let escaped = escape(text.utf8[index]) else { continue }
      out += text[start..<index]
      out += escaped
      start = text.utf8.index(after: index)
    }
    out += text[start...]
    out += "\""
  }

  /// How a byte is written that must not stand in a string as it is.
  private static func escape(_ byte: UInt8) -> String? {
    switch byte {
    case UInt8(ascii: "\""): return "\\\""
    case UInt8(ascii: "\\"): return "\\\\"
    case UInt8(ascii: "\n"): return "\\n"
    case UInt8(ascii: "\r"): return "\\r"
    case UInt8(ascii: "\t"): return "\\t"
    case ..<0x20:
      let digits = String(byte, radix: 16)
      return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: return nil
    }
  }
}

/// What can be wrong with JSON text.
package enum JSONError: Error, CustomStringConvertible {
  /// The bytes are no JSON.
  case malformed

  package var description: String { "this is not valid JSON" }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int) { self = .integer(value) }
  package init(floatLiteral value: Double) { self = .number(value) }
  package init(booleanLiteral value: Bool) { self = .boolean(value) }
  package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  /// An object; the last of equal keys wins.
  package init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(Dictionary(elements) { $1 })
  }
}
