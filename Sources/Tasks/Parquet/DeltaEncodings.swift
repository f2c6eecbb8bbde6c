import Base

/// Reads the encodings that keep differences.
///
/// Source: apache/parquet-format, "Encodings.md", delta encodings.
enum DeltaValues {
  /// Integers as packed differences (DELTA_BINARY_PACKED).
  /// - Throws: `ParquetError`.
  static func integers(
    _ cursor: inout ByteCursor, count: Int, of leaf: ParquetLeaf
  ) throws -> [JSONValue] {
    try integers(&cursor, count: count).map {
      // Sums wrap at the width of the type.
      try leaf.value(integer: leaf.type == .int32 ? Int64(Int32(truncatingIfNeeded: $0)) : $0)
    }
  }

  /// Texts after their lengths (DELTA_LENGTH_BYTE_ARRAY).
  /// - Throws: `ParquetError`.
  static func texts(
    _ cursor: inout ByteCursor, count: Int, of leaf: ParquetLeaf
  ) throws -> [JSONValue] {
    try slices(&cursor, count: count).map { try leaf.value(bytes: $0) }
  }

  /// Texts of which each begins as the one before it (DELTA_BYTE_ARRAY).
  /// - Throws: `ParquetError`.
  static func prefixedTexts(
    _ cursor: inout ByteCursor, count: Int, of leaf: ParquetLeaf
  ) throws -> [JSONValue] {
    let limit = PageCodec.greatestSize(packed: cursor.remaining)
    let prefixes = try integers(&cursor, count: count)
    let suffixes = try slices(&cursor, count: count)
    var (last, total): ([UInt8], Int) = ([], 0)
    return try zip(prefixes, suffixes).map { prefix, suffix in
      guard (0...Int64(last.count)).contains(prefix) else {
        throw ParquetError.damaged("a text repeats more of the one before it than that has")
      }
      last = Array(last.prefix(Int(prefix))) + suffix
      total += last.count
      guard total <= limit else {
        throw ParquetError.damaged("a page unpacks to far more than its size lets expect")
      }
      guard leaf.width == 0 || last.count == leaf.width else {
        throw ParquetError.damaged("a value has another number of bytes than its column says")
      }
      return try leaf.value(bytes: last[...])
    }
  }

  private static func slices(
    _ cursor: inout ByteCursor, count: Int
  ) throws -> [ArraySlice<UInt8>] {
    try integers(&cursor, count: count).map { length in
      guard let length = Int(exactly: length) else { throw ParquetError.damaged("it breaks off") }
      return try cursor.slice(length)
    }
  }

  /// Exactly `count` integers.
  private static func integers(_ cursor: inout ByteCursor, count: Int) throws -> [Int64] {
    let blockSize = try cursor.variableLength()
    let parts = try cursor.variableLength()
    let total = try cursor.variableLength()
    var value = Int64(try cursor.zigzag())
    guard total == UInt64(count) else {
      throw ParquetError.damaged("a page has another number of values than its header says")
    }
    guard (1...4096).contains(parts), blockSize <= 1 << 24, blockSize % (8 * parts) == 0,
      blockSize > 0
    else {
      throw ParquetError.damaged("a page has blocks of \(blockSize) values in \(parts) parts")
    }
    var values: [Int64] = []
    guard count > 0 else { return values }
    values.append(value)
    while values.count < count {
      let least = Int64(try cursor.zigzag())
      let widths = Array(try cursor.slice(Int(parts)))
      // Parts behind the last value are left out.
      for width in widths where values.count < count {
        guard width <= 64 else { throw ParquetError.damaged("a page has numbers of \(width) bits") }
        var packed = try packed(&cursor, Int(blockSize / parts), Int(width), count - values.count)
        for _ in 0..<min(Int(blockSize / parts), count - values.count) {
          value = value &+ least &+ Int64(bitPattern: packed.next(Int(width)))
          values.append(value)
        }
      }
    }
    return values
  }

  /// The bits of a part, of which the last one of a page may break off behind the last value.
  private static func packed(
    _ cursor: inout ByteCursor, _ size: Int, _ width: Int, _ missing: Int
  ) throws -> PackedBits {
    let needed = (min(size, missing) * width + 7) / 8
    let whole = size * width / 8
    guard needed <= cursor.remaining, whole <= cursor.remaining || size >= missing else {
      throw ParquetError.damaged("a page breaks off")
    }
    return PackedBits(try cursor.slice(min(whole, cursor.remaining)))
  }
}

/// Integers packed from the lowest bit on.
private struct PackedBits {
  private let bytes: ArraySlice<UInt8>
  private var bit = 0

  init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

  /// The next integer of `width` bits, at most 64.
  /// - Precondition: so many bits are left.
  mutating func next(_ width: Int) -> UInt64 {
    var (value, filled): (UInt64, Int) = (0, 0)
    while filled < width {
      let byte = UInt64(bytes[bytes.startIndex + bit / 8]) >> UInt64(bit % 8)
      let taken = min(8 - bit % 8, width - filled)
      value |= (byte & (1 << UInt64(taken) - 1)) << UInt64(filled)
      filled += taken
      bit += taken
    }
    return value
  }
}
