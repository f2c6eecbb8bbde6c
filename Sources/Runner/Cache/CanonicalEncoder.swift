import Foundation

/// Writes values as bytes such that equal values, and only those, give equal bytes.
///
/// Every value begins with a tag for its type and, where its length varies, its length; so no two
/// sequences of values run into each other. The bytes are part of the cache's format: changing them
/// changes every key.
struct CanonicalEncoder {
  private(set) var bytes = Data()

  mutating func encode(_ value: JSONValue) throws {
    switch value {
    case .null: tag("n")
    case .boolean(let flag): tag(flag ? "t" : "f")
    case .integer(let number):
      tag("i")
      append(UInt64(bitPattern: Int64(number)))
    case .number(let number): try encode(number)
    case .string(let text): encode(text)
    case .array(let values):
      tag("a")
      append(UInt64(values.count))
      for value in values { try encode(value) }
    case .object(let entries): try encode(entries)
    }
  }

  /// A number by its value: −0 equals 0, and what is not a number equals nothing.
  private mutating func encode(_ number: Double) throws {
    guard number.isFinite else { throw KeyError.notFinite }
    tag("d")
    append((number == 0 ? 0 : number).bitPattern)
  }

  /// A text by its Unicode content: canonically equivalent texts are equal.
  private mutating func encode(_ text: String) {
    let normalised = Data(Self.normalised(text).utf8)
    tag("s")
    append(UInt64(normalised.count))
    bytes.append(normalised)
  }

  /// Canonically equivalent texts as one; ASCII, of which most texts are, is so already.
  private static func normalised(_ text: String) -> String {
    text.utf8.allSatisfy { $0 < 0x80 } ? text : text.precomposedStringWithCanonicalMapping
  }

  private mutating func encode(_ entries: [String: JSONValue]) throws {
    let normalised = entries.map { (Self.normalised($0.key), $0.value) }
    tag("m")
    append(UInt64(entries.count))
    for (key, value) in normalised.sorted(by: { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }) {
      encode(key)
      try encode(value)
    }
  }

  private mutating func tag(_ letter: Unicode.Scalar) { bytes.append(UInt8(ascii: letter)) }

  private mutating func append(_ number: UInt64) {
    withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
  }
}
