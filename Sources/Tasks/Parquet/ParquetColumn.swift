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
  private let codec: PageCodec
  private var dictionary: [JSONValue]?
  private var column = ParquetColumn()

  /// More values than any column of problems has; a greater number comes from damage or malice.
  private static let greatestCount = 1 << 22

  /// - Throws: `ParquetError`.
  init(_ file: [UInt8], _ chunk: ParquetMetadata.ColumnChunk, of leaf: ParquetLeaf) throws {
    self.leaf = leaf
    self.chunk = chunk
    guard chunk.valueCount <= Self.greatestCount else {
      throw ParquetError.column("the column '\(leaf.name)' holds \(chunk.valueCount) values")
    }
    codec = try PageCodec(code: chunk.codec, column: leaf.name)
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
      var page = try codec.unpack(bytes, count: header.size)
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
      var page = try (packed ? codec : .none).unpack(values, count: size)
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
    guard dictionary == nil, encoding == 0 || encoding == 2 else {
      throw ParquetError.damaged("the column '\(leaf.name)' has a dictionary that none can have")
    }
    var page = try codec.unpack(bytes, count: header.size)
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
    case 5 where leaf.type == .int32 || leaf.type == .int64:
      column.values += try DeltaValues.integers(&page, count: count, of: leaf)
    case 6 where leaf.type == .bytes:
      column.values += try DeltaValues.texts(&page, count: count, of: leaf)
    case 7 where leaf.type == .bytes || leaf.type == .fixedBytes:
      column.values += try DeltaValues.prefixedTexts(&page, count: count, of: leaf)
    case 9: column.values += try SplitValues.read(&page, count: count, of: leaf)
    default:
      // All encodings of values are read, so that this is none of them.
      throw ParquetError.damaged(
        "the column '\(leaf.name)' has values in an encoding \(encoding) that it cannot have")
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
    guard encoding == 3 || encoding == 4 else {
      throw ParquetError.damaged("the column '\(leaf.name)' has levels in an encoding \(encoding)")
    }
    guard encoding == 3 else {
      throw ParquetError.column("the column '\(leaf.name)' has its levels in packed bits")
    }
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
