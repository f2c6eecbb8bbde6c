import Runner

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
  /// - Throws: `ParquetFault`.
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
      guard size >= 0 else { throw ParquetFault.damaged("a page is shorter than its levels") }
      var page = try (packed ? chunk.codec : .none).unpack(values, count: size)
      try readValues(&page, definitions, encoding: encoding)
    }
  }

  private func check(_ count: Int) throws {
    guard count <= chunk.valueCount - column.definitions.count else {
      throw ParquetFault.damaged("the column '\(leaf.name)' has more values than it should")
    }
  }

  private mutating func readDictionary(
    _ bytes: ByteCursor, _ header: ParquetPageHeader, count: Int, encoding: Int
  ) throws {
    guard dictionary == nil, encoding == 0 || encoding == 2, count <= chunk.valueCount else {
      throw ParquetFault.damaged("the column '\(leaf.name)' has a dictionary that none can have")
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
      throw ParquetFault.unsupported(
        "the encoding \(names[encoding] ?? "\(encoding)") in the column '\(leaf.name)'")
    }
    // fastparquet leaves eight zeros behind.
    guard page.rest().allSatisfy({ $0 == 0 }) else { throw leftOver }
  }

  private func dictionaryValues(_ page: inout ByteCursor, count: Int) throws -> [JSONValue] {
    guard let dictionary else {
      throw ParquetFault.damaged("the column '\(leaf.name)' lacks its dictionary")
    }
    let width = Int(try page.byte())
    guard width <= 32 else { throw ParquetFault.damaged("a page has numbers of \(width) bits") }
    return try RunLengthDecoder.read(&page, count: count, width: width).map { index in
      guard index < dictionary.count else {
        throw ParquetFault.damaged("the column '\(leaf.name)' refers beyond its dictionary")
      }
      return dictionary[Int(index)]
    }
  }

  /// Levels after their length in bytes; where there is only one level nothing is kept.
  private func measuredLevels(
    _ page: inout ByteCursor, _ encoding: Int, count: Int, greatest: Int
  ) throws -> [UInt8] {
    if greatest == 0 { return [UInt8](repeating: 0, count: count) }
    guard encoding == 3 else { throw ParquetFault.unsupported("levels in packed bits") }
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
        throw ParquetFault.damaged("the column '\(leaf.name)' has a level that none can have")
      }
      return UInt8(level)
    }
  }

  private var leftOver: ParquetFault {
    .damaged("a page of the column '\(leaf.name)' has bytes left over")
  }
}
