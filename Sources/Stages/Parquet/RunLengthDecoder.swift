/// Reads small integers in Parquet's mixture of repeated values and packed bits.
///
/// Source: apache/parquet-format, "Encodings.md", RLE / bit-packing hybrid.
enum RunLengthDecoder {
  /// Reads `count` integers of `width` bits, at most 32, and nothing after them.
  /// - Throws: `ParquetFault.damaged`.
  static func read(_ cursor: inout ByteCursor, count: Int, width: Int) throws -> [UInt32] {
    var values: [UInt32] = []
    values.reserveCapacity(count)
    while values.count < count {
      let header = try cursor.variableLength()
      let missing = count - values.count
      guard header >> 1 <= UInt64(Int32.max) else { throw tooLong }
      let length = Int(header >> 1)
      if header & 1 == 1 {
        // Only the last group may be filled up with padding.
        guard length * 8 < missing + 8 else { throw tooLong }
        try unpack(&cursor, groups: length, width: width, limit: count, into: &values)
      } else {
        guard length <= missing else { throw tooLong }
        let value = UInt32(truncatingIfNeeded: try cursor.unsigned(bytes: (width + 7) / 8))
        guard width == 32 || value >> UInt32(width) == 0 else {
          throw ParquetFault.damaged("a repeated value has too many bits")
        }
        values.append(contentsOf: repeatElement(value, count: length))
      }
    }
    return values
  }

  /// Groups of eight integers, packed from the lowest bit on.
  private static func unpack(
    _ cursor: inout ByteCursor, groups: Int, width: Int, limit: Int, into values: inout [UInt32]
  ) throws {
    let packed = try cursor.slice(groups * width)
    let mask = width == 32 ? UInt64(UInt32.max) : 1 << UInt64(width) - 1
    var (bits, available): (UInt64, Int) = (0, 0)
    var next = packed.startIndex
    for _ in 0..<min(groups * 8, limit - values.count) {
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

  private static let tooLong = ParquetFault.damaged("a run of values is longer than its page")
}
