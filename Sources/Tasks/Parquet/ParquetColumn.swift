import Base
import CZlib

/// What a leaf holds in a row group: a pair of levels for each value, null or empty list, and the
/// values that are there.
struct ParquetColumn {
  var definitions: [UInt8] = []
  var repetitions: [UInt8] = []
  var values: [JSONValue] = []
}

/// Reads the pages of a column chunk.
struct ColumnReader {
  private let leaf: ParquetLeaf
  private let chunk: ParquetMetadata.ColumnChunk
  private var cursor: ByteCursor
  private var dictionary: [JSONValue]?
  private var column = ParquetColumn()

  init(_ file: [UInt8], _ chunk: ParquetMetadata.ColumnChunk, of leaf: ParquetLeaf) throws {
    self.leaf = leaf
    self.chunk = chunk
    cursor = try ByteCursor(file, from: chunk.start, count: chunk.byteCount)
  }

  /// Reads all pages.
  /// - Throws: `ParquetError`.
  mutating func read() throws -> ParquetColumn {
    while column.definitions.count < chunk.valueCount { try readPage() }
    return column
  }

  private mutating func readPage() throws {
    var reader = ThriftReader(cursor)
    let header = try ParquetPageHeader(try reader.structure(named: "a page's header"))
    cursor = reader.cursor
    let bytes = try cursor.part(header.packedSize)
    try header.check(bytes)
    switch header.kind {
    case .index: break
    case .dictionary(let count, let encoding):
      try readDictionary(bytes, header, count: count, encoding: encoding)
    case .data(let count, let encoding, let definitionEncoding, let repetitionEncoding):
      try check(count)
      var page = try chunk.codec.unpack(bytes, count: header.size)
      column.repetitions += try measuredLevels(
        &page, repetitionEncoding, count: count, greatest: leaf.repetition)
      let definitions = try measuredLevels(
        &page, definitionEncoding, count: count, greatest: leaf.definition)
      try readValues(&page, definitions, encoding: encoding)
    case .newerData(let count, let encoding, let definitionBytes, let repetitionBytes, let packed):
      try check(count)
      var values = bytes
      let repetitions = try values.part(repetitionBytes)
      column.repetitions += try levels(repetitions, count: count, greatest: leaf.repetition)
      let definitions = try levels(
        try values.part(definitionBytes), count: count, greatest: leaf.definition)
      let size = header.size - definitionBytes - repetitionBytes
      guard size >= 0 else { throw ParquetError.damaged("a page is shorter than its levels") }
      var page = try (packed ? chunk.codec : .none).unpack(values, count: size)
      try readValues(&page, definitions, encoding: encoding)
    }
  }

  private func check(_ count: Int) throws {
    guard count <= chunk.valueCount - column.definitions.count else {
      throw ParquetError.damaged("the column '\(leaf.name)' has more values than it should")
    }
  }

  private mutating func readDictionary(
    _ bytes: ByteCursor, _ header: ParquetPageHeader, count: Int, encoding: Int
  ) throws {
    guard dictionary == nil, encoding == 0 || encoding == 2, count <= chunk.valueCount else {
      throw ParquetError.damaged("the column '\(leaf.name)' has a dictionary that none can have")
    }
    var page = try chunk.codec.unpack(bytes, count: header.size)
    dictionary = try PlainValues.read(&page, count: count, of: leaf)
    guard page.isAtEnd else { throw leftOver }
  }

  private mutating func readValues(
    _ page: inout ByteCursor, _ definitions: [UInt8], encoding: Int
  ) throws {
    column.definitions += definitions
    let count = definitions.count(where: { $0 == leaf.definition })
    switch encoding {
    case 0: column.values += try PlainValues.read(&page, count: count, of: leaf)
    case 2, 8: column.values += try dictionaryValues(&page, count: count)
    case 3 where leaf.type == .boolean:
      var runs = try page.part(try page.length())
      let bits = try RunLengthDecoder.read(&runs, count: count, width: 1)
      column.values += bits.map { JSONValue.boolean($0 == 1) }
    default:
      let names = [
        4: "BIT_PACKED", 5: "DELTA_BINARY_PACKED", 6: "DELTA_LENGTH_BYTE_ARRAY",
        7: "DELTA_BYTE_ARRAY", 9: "BYTE_STREAM_SPLIT",
      ]
      throw ParquetError.unsupported(
        "the encoding \(names[encoding] ?? "\(encoding)") in the column '\(leaf.name)'")
    }
    // fastparquet leaves eight zeros behind.
    guard page.rest().allSatisfy({ $0 == 0 }) else { throw leftOver }
  }

  private func dictionaryValues(_ page: inout ByteCursor, count: Int) throws -> [JSONValue] {
    guard let dictionary else {
      throw ParquetError.damaged("the column '\(leaf.name)' lacks its dictionary")
    }
    let width = Int(try page.byte())
    guard width <= 32 else { throw ParquetError.damaged("a page has numbers of \(width) bits") }
    return try RunLengthDecoder.read(&page, count: count, width: width).map { index in
      guard index < dictionary.count else {
        throw ParquetError.damaged("the column '\(leaf.name)' refers beyond its dictionary")
      }
      return dictionary[Int(index)]
    }
  }

  /// Levels after their length in bytes; where there is only one level nothing is kept.
  private func measuredLevels(
    _ page: inout ByteCursor, _ encoding: Int, count: Int, greatest: Int
  ) throws -> [UInt8] {
    if greatest == 0 { return [UInt8](repeating: 0, count: count) }
    guard encoding == 3 else { throw ParquetError.unsupported("levels in packed bits") }
    return try levels(try page.part(try page.length()), count: count, greatest: greatest)
  }

  private func levels(_ cursor: ByteCursor, count: Int, greatest: Int) throws -> [UInt8] {
    var cursor = cursor
    let width = Int.bitWidth - greatest.leadingZeroBitCount
    let levels = try RunLengthDecoder.read(
      &cursor, count: greatest == 0 ? 0 : count, width: width)
    guard cursor.isAtEnd else { throw leftOver }
    if greatest == 0 { return [UInt8](repeating: 0, count: count) }
    return try levels.map { level in
      guard level <= greatest else {
        throw ParquetError.damaged("the column '\(leaf.name)' has a level that none can have")
      }
      return UInt8(level)
    }
  }

  private var leftOver: ParquetError {
    .damaged("a page of the column '\(leaf.name)' has bytes left over")
  }
}

/// A page's header.
///
/// Source: apache/parquet-format, "parquet.thrift" (PageHeader).
struct ParquetPageHeader {
  enum Kind {
    case dictionary(count: Int, encoding: Int)
    /// Levels are packed with the values and tell their own lengths.
    case data(count: Int, encoding: Int, definitionEncoding: Int, repetitionEncoding: Int)
    /// Levels stand before the values, unpacked.
    case newerData(
      count: Int, encoding: Int, definitionBytes: Int, repetitionBytes: Int, isPacked: Bool)
    case index
  }

  let kind: Kind
  let packedSize: Int
  let size: Int
  private let checksum: Int?

  init(_ header: ThriftStructure) throws {
    size = try header.count(2)
    packedSize = try header.count(3)
    checksum = try header.integerIfSet(4)
    switch try header.integer(1) {
    case 0:
      let data = try header.structure(5, name: "a page's header")
      kind = .data(
        count: try data.count(1), encoding: try data.integer(2),
        definitionEncoding: try data.integer(3), repetitionEncoding: try data.integer(4))
    case 1: kind = .index
    case 2:
      let dictionary = try header.structure(7, name: "a page's header")
      kind = .dictionary(count: try dictionary.count(1), encoding: try dictionary.integer(2))
    case 3:
      let data = try header.structure(8, name: "a page's header")
      kind = .newerData(
        count: try data.count(1), encoding: try data.integer(4),
        definitionBytes: try data.count(5), repetitionBytes: try data.count(6),
        isPacked: try data.boolean(7, default: true))
    case let type: throw ParquetError.damaged("it has a page of type \(type)")
    }
  }

  /// Compares the page's bytes with its checksum, where it has one.
  func check(_ cursor: ByteCursor) throws {
    guard let checksum else { return }
    var cursor = cursor
    let bytes = Array(cursor.rest())
    guard crc32_z(0, bytes, bytes.count) == UInt(UInt32(truncatingIfNeeded: checksum)) else {
      throw ParquetError.damaged("a page does not have its checksum")
    }
  }
}

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
    // Each takes four bytes or more, so a greater number cannot be meant.
    guard count <= cursor.remaining / 4 else { throw ParquetError.damaged("a page breaks off") }
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
        throw ParquetError.unsupported("integers above \(Int.max) in '\(leaf.name)'")
      }
      return .integer(Int(bitPattern: UInt(bits)))
    case .float:
      let bits = UInt32(truncatingIfNeeded: try cursor.unsigned(bytes: 4))
      return .number(Double(Float(bitPattern: bits)))
    case .double: return .number(Double(bitPattern: try cursor.unsigned(bytes: 8)))
    case .bytes:
      guard let text = String(validating: try cursor.slice(try cursor.length()), as: UTF8.self)
      else { throw ParquetError.unsupported("bytes that are no text in '\(leaf.name)'") }
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
        // Only the last group may be filled up with padding.
        guard length * 8 < missing + 8 else { throw tooLong }
        try unpack(&cursor, groups: length, width: width, limit: count, into: &values)
      } else {
        guard length <= missing else { throw tooLong }
        let value = UInt32(truncatingIfNeeded: try cursor.unsigned(bytes: (width + 7) / 8))
        guard width == 32 || value >> UInt32(width) == 0 else {
          throw ParquetError.damaged("a repeated value has too many bits")
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

  private static let tooLong = ParquetError.damaged("a run of values is longer than its page")
}
