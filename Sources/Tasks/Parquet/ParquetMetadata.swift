/// The description at the end of a Parquet file: the columns, and where their parts lie.
///
/// Source: apache/parquet-format, "parquet.thrift"; the numbers are those of its fields.
struct ParquetMetadata {
  /// Rows that stand together, with a chunk for each leaf.
  struct RowGroup {
    let rowCount: Int
    let chunks: [ColumnChunk]
  }

  /// The values of one leaf in one row group.
  struct ColumnChunk {
    /// The format's number for how its pages are packed.
    let codec: Int
    /// Levels, which are values, nulls and empty lists together.
    let valueCount: Int
    /// Where its first page begins.
    let start: Int
    let byteCount: Int
  }

  /// More rows than any file of problems has.
  private static let greatestRowCount = 1 << 22

  let schema: ParquetSchema
  let groups: [RowGroup]

  /// Reads the description of a whole file.
  /// - Throws: `ParquetError`.
  init(of file: [UInt8]) throws {
    let mark = Array("PAR1".utf8)
    guard file.count >= 12, file.starts(with: mark) else {
      throw ParquetError.damaged("it does not begin as Parquet does")
    }
    if file.suffix(4).elementsEqual("PARE".utf8) { throw ParquetError.unsupported("encryption") }
    guard file.suffix(4).elementsEqual(mark) else { throw ParquetError.damaged("it breaks off") }
    var tail = try ByteCursor(file, from: file.count - 8, count: 4)
    let length = try tail.length()
    let start = file.count - 8 - length
    guard start >= 4 else { throw ParquetError.damaged("its description is longer than it is") }
    var reader = ThriftReader(try ByteCursor(file, from: start, count: length))
    try self.init(try reader.structure(named: "the file's description"), dataEnd: start)
  }

  private init(_ description: ThriftStructure, dataEnd: Int) throws {
    if description.has(8) { throw ParquetError.unsupported("encryption") }
    let schema = try ParquetSchema(try description.structures(2, name: "a column's description"))
    groups = try description.structures(4, name: "a row group's description").map { group in
      let rowCount = try group.count(3)
      let chunks = try group.structures(1, name: "a chunk's description")
      guard chunks.count == schema.leaves.count else {
        throw ParquetError.damaged("a row group has not as many columns as the file")
      }
      return RowGroup(
        rowCount: rowCount,
        chunks: try zip(chunks, schema.leaves).map {
          try ColumnChunk($0, of: $1, rowCount: rowCount, dataEnd: dataEnd)
        })
    }
    self.schema = schema
    let rowCount = try description.count(3)
    guard rowCount <= Self.greatestRowCount else {
      throw ParquetError.unsupported("\(rowCount) rows")
    }
    guard groups.allSatisfy({ $0.rowCount <= rowCount }),
      groups.reduce(0, { $0 + $1.rowCount }) == rowCount
    else {
      throw ParquetError.damaged("its row groups have not as many rows as the file")
    }
    guard groups.flatMap(\.chunks).reduce(0, { $0 + $1.byteCount }) <= dataEnd else {
      throw ParquetError.damaged("its columns overlap")
    }
  }
}

extension ParquetMetadata.ColumnChunk {
  fileprivate init(
    _ chunk: ThriftStructure, of leaf: ParquetLeaf, rowCount: Int, dataEnd: Int
  ) throws {
    if chunk.has(1) { throw ParquetError.unsupported("columns in other files") }
    if chunk.has(8) { throw ParquetError.unsupported("encryption") }
    let data = try chunk.structure(3, name: "a chunk's description")
    guard try data.texts(3).map({ Array($0.utf8) }) == leaf.path.map({ Array($0.utf8) }),
      try data.integer(1) == leaf.type.rawValue
    else { throw ParquetError.damaged("the columns of a row group are not those of the file") }
    codec = try data.integer(4)
    valueCount = try data.count(5)
    let dataStart = try data.count(9)
    let dictionaryStart = try data.integerIfSet(11) ?? 0
    start = dictionaryStart > 0 ? min(dictionaryStart, dataStart) : dataStart
    byteCount = try data.count(7)
    guard start >= 4, start <= dataEnd, byteCount <= dataEnd - start else {
      throw ParquetError.damaged("the column '\(leaf.name)' lies outside of the file")
    }
    guard leaf.repetition == 0 ? valueCount == rowCount : valueCount >= rowCount else {
      throw ParquetError.damaged("the column '\(leaf.name)' has not as many values as rows")
    }
  }
}
