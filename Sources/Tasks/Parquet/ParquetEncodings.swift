import Base

/// Reads values as they stand one after the other (the encoding PLAIN).
enum PlainValues {
  /// Reads `count` values of a leaf.
  /// - Throws: `ParquetError`.
  static func read(
    _ cursor: inout ByteCursor, count: Int, of leaf: ParquetLeaf
  ) throws -> [JSONValue] {
    if leaf.type == .boolean {
      return try booleans(cursor.slice((count + 7) / 8), count: count)
    }
    // Each takes so many bytes or more, so a greater number cannot be meant.
    guard count <= cursor.remaining / (leaf.type == .bytes ? 4 : leaf.width) else {
      throw ParquetError.damaged("a page breaks off")
    }
    return try (0..<count).map { _ in try value(&cursor, of: leaf) }
  }

  private static func value(
    _ cursor: inout ByteCursor, of leaf: ParquetLeaf
  ) throws -> JSONValue {
    switch leaf.type {
    case .boolean: return .boolean(try cursor.byte() & 1 == 1)
    case .int32:
      let bits = UInt32(truncatingIfNeeded: try cursor.unsigned(bytes: 4))
      return try leaf.value(integer: Int64(Int32(bitPattern: bits)))
    case .int64:
      return try leaf.value(integer: Int64(bitPattern: try cursor.unsigned(bytes: 8)))
    case .float:
      let bits = UInt32(truncatingIfNeeded: try cursor.unsigned(bytes: 4))
      return .number(Double(Float(bitPattern: bits)))
    case .double: return .number(Double(bitPattern: try cursor.unsigned(bytes: 8)))
    case .bytes: return try leaf.value(bytes: cursor.slice(try cursor.length()))
    case .int96, .fixedBytes: return try leaf.value(bytes: cursor.slice(leaf.width))
    }
  }

  /// Eight a byte, from the lowest bit on.
  private static func booleans(_ bytes: ArraySlice<UInt8>, count: Int) -> [JSONValue] {
    (0..<count).map { index in
      .boolean(bytes[bytes.startIndex + index / 8] >> (index % 8) & 1 == 1)
    }
  }
}

/// Reads values whose first bytes stand together, then their second ones, and so on
/// (BYTE_STREAM_SPLIT).
enum SplitValues {
  /// Reads `count` values of a leaf.
  /// - Throws: `ParquetError`.
  static func read(
    _ cursor: inout ByteCursor, count: Int, of leaf: ParquetLeaf
  ) throws -> [JSONValue] {
    guard leaf.width > 0, count <= cursor.remaining / leaf.width else {
      throw ParquetError.damaged("a page breaks off")
    }
    let split = Array(try cursor.slice(count * leaf.width))
    var plain: [UInt8] = []
    plain.reserveCapacity(split.count)
    for value in 0..<count {
      for byte in 0..<leaf.width { plain.append(split[byte * count + value]) }
    }
    var values = ByteCursor(plain)
    return try PlainValues.read(&values, count: count, of: leaf)
  }
}

/// Reads small integers in Parquet's mixture of repeated values and packed bits.
///
/// Source: apache/parquet-format, "Encodings.md", RLE / bit-packing hybrid.
enum RunLengthDecoder {
  /// Reads `count` integers of `width` bits, at most 32, and nothing after them.
  /// - Throws: `ParquetError.damaged`.
  static func read(_ cursor: inout ByteCursor, count: Int, width: Int) throws -> [UInt32] {
    var values: [UInt32] = []
    values.reserveCapacity(count)
    while values.count < count {
      let header = try cursor.variableLength()
      let missing = count - values.count
      guard header >> 1 <= UInt64(Int32.max) else { throw tooLong }
      let length = Int(header >> 1)
      if header & 1 == 1 {
        try unpack(&cursor, groups: length, width: width, missing: missing, into: &values)
      } else {
        let value = UInt32(truncatingIfNeeded: try cursor.unsigned(bytes: (width + 7) / 8))
        guard width == 32 || value >> UInt32(width) == 0 else {
          throw ParquetError.damaged("a repeated value has too many bits")
        }
        values.append(contentsOf: repeatElement(value, count: min(length, missing)))
      }
    }
    return values
  }

  /// Groups of eight integers, packed from the lowest bit on.
  ///
  /// The last run of a page may have more of them than the page has values (DuckDB fills up to 256),
  /// and may then break off behind the last value.
  private static func unpack(
    _ cursor: inout ByteCursor, groups: Int, width: Int, missing: Int, into values: inout [UInt32]
  ) throws {
    let count = min(groups * 8, missing)
    let size = groups * width
    guard (count * width + 7) / 8 <= cursor.remaining else { throw tooLong }
    guard size <= cursor.remaining || count == missing else { throw tooLong }
    let packed = try cursor.slice(min(size, cursor.remaining))
    let mask = width == 32 ? UInt64(UInt32.max) : 1 << UInt64(width) - 1
    var (bits, available): (UInt64, Int) = (0, 0)
    var next = packed.startIndex
    for _ in 0..<count {
      while available < width {
        bits |= UInt64(packed[next]) << UInt64(available)
        next += 1
        available += 8
      }
      values.append(UInt32(truncatingIfNeeded: bits & mask))
      bits >>= UInt64(width)
      available -= width
    }
  }

  private static let tooLong = ParquetError.damaged("a run of values is longer than its page")
}
