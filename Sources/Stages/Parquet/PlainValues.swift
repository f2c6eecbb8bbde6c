import Runner

/// Reads values as they stand one after the other (the encoding PLAIN).
enum PlainValues {
  /// Reads `count` values of a leaf.
  /// - Throws: `ParquetFault`.
  static func read(
    _ cursor: inout ByteCursor, count: Int, of leaf: ParquetLeaf
  ) throws -> [JSONValue] {
    if leaf.type == .boolean {
      return try booleans(cursor.slice((count + 7) / 8), count: count)
    }
    // Each takes four bytes or more, so a greater number cannot be meant.
    guard count <= cursor.remaining / 4 else { throw ParquetFault.damaged("a page breaks off") }
    return try (0..<count).map { _ in try value(&cursor, of: leaf) }
  }

  private static func value(
    _ cursor: inout ByteCursor, of leaf: ParquetLeaf
  ) throws -> JSONValue {
    switch leaf.type {
    case .boolean: return .boolean(try cursor.byte() & 1 == 1)
    case .int32:
      let bits = UInt32(truncatingIfNeeded: try cursor.unsigned(bytes: 4))
      return .integer(leaf.isUnsigned ? Int(bits) : Int(Int32(bitPattern: bits)))
    case .int64:
      let bits = try cursor.unsigned(bytes: 8)
      guard !leaf.isUnsigned || bits <= UInt64(Int.max) else {
        throw ParquetFault.unsupported("integers above \(Int.max) in '\(leaf.name)'")
      }
      return .integer(Int(bitPattern: UInt(bits)))
    case .float:
      let bits = UInt32(truncatingIfNeeded: try cursor.unsigned(bytes: 4))
      return .number(Double(Float(bitPattern: bits)))
    case .double: return .number(Double(bitPattern: try cursor.unsigned(bytes: 8)))
    case .bytes:
      guard let text = String(validating: try cursor.slice(try cursor.length()), as: UTF8.self)
      else { throw ParquetFault.unsupported("bytes that are no text in '\(leaf.name)'") }
      return .string(text)
    }
  }

  /// Eight a byte, from the lowest bit on.
  private static func booleans(_ bytes: ArraySlice<UInt8>, count: Int) -> [JSONValue] {
    (0..<count).map { index in
      .boolean(bytes[bytes.startIndex + index / 8] >> (index % 8) & 1 == 1)
    }
  }
}
