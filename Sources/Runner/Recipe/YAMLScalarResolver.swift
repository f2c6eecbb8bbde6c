/// Gives a scalar without quotes its type, by the YAML 1.2 core schema.
///
/// `010` is ten, `1:30`, `no` and `2024-01-02` are strings, `0x1F` and `0o17` are integers.
/// Source: YAML 1.2.2, section 10.3.2.
package enum YAMLScalarResolver {
  /// Reads a scalar without quotes.
  /// - Throws: `YAMLNumberError` for a number that no integer or double can hold.
  package static func resolve(_ text: String) throws(YAMLNumberError) -> RecipeValue {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE": return .boolean(true)
    case "false", "False", "FALSE": return .boolean(false)
    case ".nan", ".NaN", ".NAN": return .number(.nan)
    case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .number(.infinity)
    case "-.inf", "-.Inf", "-.INF": return .number(-.infinity)
    default: break
    }
    let bytes = Array(text.utf8)
    if let (digits, radix) = integer(bytes) {
      guard let value = Int(digits, radix: radix) else { throw .integer(text) }
      return .integer(value)
    }
    guard isFloat(bytes) else { return .string(text) }
    guard let value = Double(text), value.isFinite else { throw .number(text) }
    return .number(value)
  }

  /// The digits and the radix of `[-+]?[0-9]+`, `0o[0-7]+` or `0x[0-9a-fA-F]+`.
  private static func integer(_ bytes: [UInt8]) -> (digits: String, radix: Int)? {
    let text = String(decoding: bytes, as: UTF8.self)
    for (prefix, radix) in [("0o", 8), ("0x", 16)] where text.hasPrefix(prefix) {
      let digits = bytes.dropFirst(2)
      let allowed = digits.allSatisfy { digit in
        radix == 8 ? (0x30...0x37).contains(digit) : isHexadecimal(digit)
      }
      return digits.isEmpty || !allowed ? nil : (String(text.dropFirst(2)), radix)
    }
    let digits = bytes.drop(while: isSign)
    guard bytes.count - digits.count <= 1, !digits.isEmpty, digits.allSatisfy(isDigit) else {
      return nil
    }
    return (text, 10)
  }

  /// Whether the text is `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`.
  private static func isFloat(_ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    if let first = rest.first, isSign(first) { rest.removeFirst() }
    let whole = rest.prefix(while: isDigit).count
    rest.removeFirst(whole)
    var fraction = 0
    if rest.first == UInt8(ascii: ".") {
      rest.removeFirst()
      fraction = rest.prefix(while: isDigit).count
      rest.removeFirst(fraction)
    }
    if whole + fraction == 0 { return false }
    guard let mark = rest.first else { return true }
    guard mark | 0x20 == UInt8(ascii: "e") else { return false }
    rest.removeFirst()
    if let first = rest.first, isSign(first) { rest.removeFirst() }
    return !rest.isEmpty && rest.allSatisfy(isDigit)
  }

  private static func isSign(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    isDigit(byte) || (0x61...0x66).contains(byte | 0x20)
  }
}

/// A number that cannot be held.
package enum YAMLNumberError: Error, CustomStringConvertible {
  /// An integer of more than 64 bits.
  case integer(String)
  /// A number beyond the range of a double.
  case number(String)

  /// A sentence for people.
  package var description: String {
    switch self {
    case .integer(let text):
      "the integer \(text) does not fit into 64 bits; put it in quotes if it is a name"
    case .number(let text):
      "the number \(text) is beyond what a double can hold; put it in quotes if it is a name"
    }
  }
}
