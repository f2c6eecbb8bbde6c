import Foundation

/// Reads JSON text (RFC 8259) strictly. Unlike Foundation's decoder it keeps `1` and `1.0` apart,
/// and it is fast enough for millions of token ids.
struct JSONParser {
  private static let greatestDepth = 500
  /// The text, followed by a zero, so that there always is a next byte.
  private let bytes: [UInt8]
  private let end: Int
  private let acceptsNonFinite: Bool
  private var position = 0

  init(_ data: Data, acceptsNonFinite: Bool = false) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(data.count + 1)
    bytes += data
    bytes.append(0)
    self.bytes = bytes
    end = data.count
    self.acceptsNonFinite = acceptsNonFinite
  }

  /// Reads one value and nothing after it. Of equal keys the last one counts.
  mutating func parse() throws -> JSONValue {
    let value = try parseValue(depth: 0)
    skipSpace()
    guard position == end else { throw JSONError.malformed }
    return value
  }

  /// Reads an object, and gives the members of one of its members one by one, as they come.
  /// - Returns: the object, with that member empty.
  mutating func parse(
    membersOf name: String, _ take: (String, JSONValue) throws -> Void
  ) throws -> JSONValue {
    var rest: [String: JSONValue] = [:]
    skipSpace()
    try parseMembers { key, parser in
      if key == name, parser.bytes[parser.position] == UInt8(ascii: "{") {
        // Of two nobody could take back what the first gave.
        guard rest.updateValue([:], forKey: key) == nil else { throw JSONError.malformed }
        try parser.parseMembers { try take($0, try $1.parseValue(depth: 2)) }
      } else {
        rest[key] = try parser.parseValue(depth: 1)
      }
    }
    skipSpace()
    guard position == end else { throw JSONError.malformed }
    return .object(rest)
  }

  private mutating func parseValue(depth: Int) throws -> JSONValue {
    guard depth < Self.greatestDepth else { throw JSONError.malformed }
    skipSpace()
    switch bytes[position] {
    case UInt8(ascii: "{"): return try parseObject(depth: depth)
    case UInt8(ascii: "["): return try parseArray(depth: depth)
    case UInt8(ascii: "\""): return .string(try parseString())
    case UInt8(ascii: "t"): return try parseWord("true", .boolean(true))
    case UInt8(ascii: "f"): return try parseWord("false", .boolean(false))
    case UInt8(ascii: "n"): return try parseWord("null", .null)
    case UInt8(ascii: "N") where acceptsNonFinite: return try parseWord("NaN", .number(.nan))
    case UInt8(ascii: "I") where acceptsNonFinite:
      return try parseWord("Infinity", .number(.infinity))
    case UInt8(ascii: "-") where acceptsNonFinite && bytes[position + 1] == UInt8(ascii: "I"):
      return try parseWord("-Infinity", .number(-.infinity))
    default: return try parseNumber()
    }
  }

  private mutating func parseObject(depth: Int) throws -> JSONValue {
    var entries: [(key: String, value: JSONValue)] = []
    try parseMembers { entries.append(($0, try $1.parseValue(depth: depth + 1))) }
    // A dictionary that grows hashes its keys again and again.
    var object: [String: JSONValue] = Dictionary(minimumCapacity: entries.count)
    for (key, value) in entries { object[key] = value }
    return .object(object)
  }

  /// Gives each key of an object, for the value behind it to be read.
  private mutating func parseMembers(
    _ readValue: (String, inout JSONParser) throws -> Void
  ) throws {
    guard take("{") else { throw JSONError.malformed }
    skipSpace()
    if take("}") { return }
    repeat {
      skipSpace()
      let key = try parseString()
      skipSpace()
      guard take(":") else { throw JSONError.malformed }
      skipSpace()
      try readValue(key, &self)
      skipSpace()
    } while take(",")
    guard take("}") else { throw JSONError.malformed }
  }

  private mutating func parseArray(depth: Int) throws -> JSONValue {
    var values: [JSONValue] = []
    position += 1
    skipSpace()
    if take("]") { return .array(values) }
    repeat {
      values.append(try parseValue(depth: depth + 1))
      skipSpace()
    } while take(",")
    guard take("]") else { throw JSONError.malformed }
    return .array(values)
  }

  private mutating func parseWord(_ word: StaticString, _ value: JSONValue) throws -> JSONValue {
    for index in 0..<word.utf8CodeUnitCount where bytes[position + index] != word.utf8Start[index] {
      throw JSONError.malformed
    }
    position += word.utf8CodeUnitCount
    return value
  }

  private mutating func skipSpace() {
    while true {
      switch bytes[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return
      }
    }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }
}

extension JSONParser {
  private mutating func parseNumber() throws -> JSONValue {
    let start = position
    _ = take("-")
    let isZero = bytes[position] == UInt8(ascii: "0")
    let digits = skipDigits()
    guard digits == 1 || (digits > 1 && !isZero) else { throw JSONError.malformed }
    var isInteger = true
    if take(".") {
      isInteger = false
      guard skipDigits() > 0 else { throw JSONError.malformed }
    }
    if take("e") || take("E") {
      isInteger = false
      if !take("+") { _ = take("-") }
      guard skipDigits() > 0 else { throw JSONError.malformed }
    }
    if isInteger {
      if digits <= 18 { return .integer(integer(from: start)) }
      if let value = Int(String(decoding: bytes[start..<position], as: UTF8.self)) {
        return .integer(value)
      }
    }
    guard let value = Double(String(decoding: bytes[start..<position], as: UTF8.self)),
      value.isFinite
    else { throw JSONError.malformed }
    return .number(value)
  }

  /// What so few digits say that no integer overflows.
  private func integer(from start: Int) -> Int {
    let isNegative = bytes[start] == UInt8(ascii: "-")
    let size = bytes[(isNegative ? start + 1 : start)..<position].reduce(0) {
      $0 * 10 + Int($1 - UInt8(ascii: "0"))
    }
    return isNegative ? -size : size
  }

  private mutating func skipDigits() -> Int {
    let start = position
    while (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) { position += 1 }
    return position - start
  }
}

extension JSONParser {
  private mutating func parseString() throws -> String {
    guard take("\"") else { throw JSONError.malformed }
    var before = ""
    while true {
      let start = position
      while bytes[position] >= 0x20, bytes[position] != UInt8(ascii: "\""),
        bytes[position] != UInt8(ascii: "\\")
      {
        position += 1
      }
      guard let part = String(validating: bytes[start..<position], as: UTF8.self) else {
        throw JSONError.malformed
      }
      if take("\"") { return before.isEmpty ? part : before + part }
      guard take("\\") else { throw JSONError.malformed }
      before += part
      before.unicodeScalars.append(try parseEscape())
    }
  }

  private mutating func parseEscape() throws -> Unicode.Scalar {
    let letter = bytes[position]
    position += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(letter)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try parseUnicodeEscape()
    default: throw JSONError.malformed
    }
  }

  /// Half a surrogate pair is no character, and no string can hold it.
  private mutating func parseUnicodeEscape() throws -> Unicode.Scalar {
    let first = try parseHexadecimal()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard (0xD800..<0xDC00).contains(first), take("\\"), take("u") else {
      throw JSONError.malformed
    }
    let second = try parseHexadecimal()
    guard (0xDC00..<0xE000).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { throw JSONError.malformed }
    return scalar
  }

  private mutating func parseHexadecimal() throws -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else {
        throw JSONError.malformed
      }
      value = value << 4 + UInt32(digit)
      position += 1
    }
    return value
  }
}
