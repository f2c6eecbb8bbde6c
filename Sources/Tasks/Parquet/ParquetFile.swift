import Base

/// The rows of a Parquet file.
///
/// What it reads is what the makers of data sets write: texts, numbers, booleans, times and decimals
/// in lists, maps and structs of any depth; pages of both versions; all encodings and methods of
/// packing but LZO and Brotli. A column that it cannot read is left out, with the
/// reason. Files of more than four million rows are refused.
package struct ParquetFile {
  /// All rows, each with all of its columns.
  package private(set) var rows: [[String: JSONValue]] = []
  /// Why columns are left out, under their names.
  package private(set) var leftOut: [String: String]

  /// Whether bytes begin as Parquet does.
  package static func isParquet(_ bytes: some Collection<UInt8>) -> Bool {
    bytes.starts(with: "PAR1".utf8)
  }

  /// - Throws: `ParquetError`.
  package init(of bytes: [UInt8]) throws {
    let metadata = try ParquetMetadata(of: bytes)
    leftOut = metadata.schema.unreadable
    for group in metadata.groups { try read(group, of: metadata.schema, in: bytes) }
    // What one group left out, those before it may hold.
    for name in leftOut.keys.sorted() where metadata.groups.count > 1 {
      for index in rows.indices { rows[index][name] = nil }
    }
    if let reason = leftOut.min(by: { $0.key < $1.key })?.value,
      metadata.schema.fields.allSatisfy({ leftOut[$0.name] != nil })
    {
      throw ParquetError.column(reason)
    }
  }

  private mutating func read(
    _ group: ParquetMetadata.RowGroup, of schema: ParquetSchema, in bytes: [UInt8]
  ) throws {
    var columns = [ParquetColumn](repeating: ParquetColumn(), count: schema.leaves.count)
    for field in schema.fields where leftOut[field.name] == nil {
      do {
        for leaf in field.leaves {
          var reader = try ColumnReader(bytes, group.chunks[leaf], of: schema.leaves[leaf])
          columns[leaf] = try reader.read()
        }
      } catch ParquetError.column(let reason) {
        leftOut[field.name] = reason
      }
    }
    var assembler = RecordAssembler(
      schema.fields.filter { leftOut[$0.name] == nil }, columns)
    rows += try assembler.rows(group.rowCount)
  }
}

/// Puts the values of a row group's leaves together to rows.
///
/// Source: Melnik et al., "Dremel: Interactive Analysis of Web-Scale Datasets" (2010), section 4.3.
struct RecordAssembler {
  private let fields: [ParquetField]
  /// One for each leaf of the file, whether or not a field has it.
  private var readers: [LevelReader]

  init(_ fields: [ParquetField], _ columns: [ParquetColumn]) {
    self.fields = fields
    readers = columns.map(LevelReader.init)
  }

  private func allReaders(_ condition: (LevelReader) -> Bool) -> Bool {
    fields.allSatisfy { $0.leaves.allSatisfy { condition(readers[$0]) } }
  }

  /// All rows.
  /// - Throws: `ParquetError.damaged`.
  mutating func rows(_ count: Int) throws -> [[String: JSONValue]] {
    let rows = try (0..<count).map { _ in try row() }
    guard allReaders({ $0.definition == nil }) else {
      throw ParquetError.damaged("a column has more values than rows")
    }
    return rows
  }

  private mutating func row() throws -> [String: JSONValue] {
    guard allReaders({ $0.repetition == 0 }) else { throw contradiction }
    var row: [String: JSONValue] = [:]
    for field in fields { row[field.name] = try value(of: field) }
    return row
  }

  private mutating func value(of field: ParquetField) throws -> JSONValue {
    let definition = readers[field.leaves.lowerBound].definition ?? -1
    guard definition >= field.definition else {
      try skip(field, at: definition)
      return .null
    }
    switch field.shape {
    case .value:
      guard let value = readers[field.leaves.lowerBound].take() else { throw contradiction }
      return value
    case .structure(let parts):
      var values: [String: JSONValue] = [:]
      for part in parts { values[part.name] = try value(of: part) }
      return .object(values)
    case .list(let element, let repetition, let filled):
      guard definition >= filled else {
        try skip(field, at: definition)
        return .array([])
      }
      return .array(try elements(element, repetition: repetition, of: field))
    }
  }

  private mutating func elements(
    _ element: ParquetField, repetition: Int, of field: ParquetField
  ) throws -> [JSONValue] {
    var values: [JSONValue] = []
    var goesOn = true
    while goesOn {
      values.append(try value(of: element))
      goesOn = readers[field.leaves.lowerBound].repetition == repetition
      for leaf in field.leaves {
        let next = readers[leaf].repetition ?? 0
        guard next <= repetition, (next == repetition) == goesOn else { throw contradiction }
      }
    }
    return values
  }

  /// Passes over a null or an empty list, which all leaves below must see as the same.
  private mutating func skip(_ field: ParquetField, at definition: Int) throws {
    for leaf in field.leaves {
      guard readers[leaf].definition == definition else { throw contradiction }
      readers[leaf].skip()
    }
  }

  private var contradiction: ParquetError { .damaged("its columns contradict each other") }
}

/// A place in a column.
private struct LevelReader {
  private let column: ParquetColumn
  private var next = 0
  private var nextValue = 0

  init(_ column: ParquetColumn) { self.column = column }

  /// The definition level of what comes next; nil at the end.
  var definition: Int? {
    next < column.definitions.count ? Int(column.definitions[next]) : nil
  }

  /// The repetition level of what comes next; nil at the end.
  var repetition: Int? {
    next < column.repetitions.count ? Int(column.repetitions[next]) : nil
  }

  /// The next value; nil where there is none.
  mutating func take() -> JSONValue? {
    guard nextValue < column.values.count else { return nil }
    defer { (next, nextValue) = (next + 1, nextValue + 1) }
    return column.values[nextValue]
  }

  mutating func skip() { next += 1 }
}

/// Why bytes cannot be read as Parquet.
package enum ParquetError: Error, CustomStringConvertible {
  /// They are not what the format demands.
  case damaged(String)
  /// They use a part of the format that this reader leaves out.
  case unsupported(String)
  /// A column cannot be read, for a reason in words; the others can.
  case column(String)

  package var description: String {
    switch self {
    case .damaged(let problem): "\(problem); fetch it again"
    case .column(let reason):
      "\(reason), which is not read here; write it again with pyarrow's defaults, or as JSON Lines"
    case .unsupported(let part):
      "it has \(part), which is not read here; write it again with pyarrow's defaults, or as "
        + "JSON Lines"
    }
  }
}
