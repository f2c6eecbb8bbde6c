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
    let codec: PageCodec
    /// Levels, which are values, nulls and empty lists together.
    let valueCount: Int
    /// Where its first page begins.
    let start: Int
    let byteCount: Int
  }

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
    guard rowCount <= ColumnChunk.greatestCount else {
      throw ParquetError.unsupported("\(rowCount) rows")
    }
    // No sum overflows, since each chunk has at least as many values as its rows.
    guard groups.reduce(0, { $0 + $1.rowCount }) == rowCount else {
      throw ParquetError.damaged("its row groups have not as many rows as the file")
    }
    guard groups.flatMap(\.chunks).reduce(0, { $0 + $1.byteCount }) <= dataEnd else {
      throw ParquetError.damaged("its columns overlap")
    }
  }
}

extension ParquetMetadata.ColumnChunk {
  /// More values than any file of problems has; a greater number comes from damage or malice.
  static let greatestCount = 1 << 22

  fileprivate init(
    _ chunk: ThriftStructure, of leaf: ParquetLeaf, rowCount: Int, dataEnd: Int
  ) throws {
    if chunk.has(1) { throw ParquetError.unsupported("columns in other files") }
    if chunk.has(8) { throw ParquetError.unsupported("encryption") }
    let data = try chunk.structure(3, name: "a chunk's description")
    guard try data.texts(3).map({ Array($0.utf8) }) == leaf.path.map({ Array($0.utf8) }),
      try data.integer(1) == leaf.type.rawValue
    else { throw ParquetError.damaged("the columns of a row group are not those of the file") }
    codec = try PageCodec(code: try data.integer(4))
    valueCount = try data.count(5)
    let dataStart = try data.count(9)
    let dictionaryStart = try data.integerIfSet(11) ?? 0
    start = dictionaryStart > 0 ? min(dictionaryStart, dataStart) : dataStart
    byteCount = try data.count(7)
    guard start >= 4, start <= dataEnd, byteCount <= dataEnd - start else {
      throw ParquetError.damaged("the column '\(leaf.name)' lies outside of the file")
    }
    guard valueCount <= Self.greatestCount else {
      throw ParquetError.unsupported("\(valueCount) values in a part of the column '\(leaf.name)'")
    }
    guard leaf.repetition == 0 ? valueCount == rowCount : valueCount >= rowCount else {
      throw ParquetError.damaged("the column '\(leaf.name)' has not as many values as rows")
    }
  }
}

/// The columns of a Parquet file: what a row looks like, and the leaves that its values lie in.
///
/// A value's *definition level* says how much of the way to it is not null or empty; its
/// *repetition level* says which list it goes on with.
struct ParquetSchema {
  /// The top-level columns.
  let fields: [ParquetField]
  /// The leaves, in the order in which the file keeps them.
  let leaves: [ParquetLeaf]

  /// Reads the descriptions of columns, which are a tree written from the top down.
  /// - Throws: `ParquetError`.
  init(_ elements: [ThriftStructure]) throws {
    var reader = ParquetSchemaReader(elements)
    (fields, leaves) = try reader.tree()
  }
}

/// A column or a part of one.
struct ParquetField {
  indirect enum Shape {
    /// A value of its only leaf.
    case value
    case structure([ParquetField])
    /// A list, whose elements follow each other at a repetition level and whose definition level,
    /// where it is not empty, is at least `filled`.
    case list(of: ParquetField, repetition: Int, filled: Int)
  }

  let name: String
  /// The definition level from which on it is not null.
  let definition: Int
  /// Its leaves, by their place among all.
  let leaves: Range<Int>
  let shape: Shape
}

/// A column of plain values.
struct ParquetLeaf {
  /// How values are kept; the numbers are the format's.
  enum PhysicalType: Int {
    case boolean = 0
    case int32 = 1
    case int64 = 2
    case float = 4
    case double = 5
    case bytes = 6
  }

  /// The names on the way to it.
  let path: [String]
  let type: PhysicalType
  /// Whether its integers have no sign.
  let isUnsigned: Bool
  /// The greatest definition level, at which there is a value.
  let definition: Int
  let repetition: Int

  var name: String { path.joined(separator: ".") }
}

/// Builds the tree of columns from the list that a file keeps.
///
/// Source: apache/parquet-format, "parquet.thrift" (SchemaElement) and "LogicalTypes.md" (lists).
struct ParquetSchemaReader {
  private static let greatestDepth = 32
  private let elements: [ThriftStructure]
  private var next = 0
  private var leaves: [ParquetLeaf] = []

  /// Where a field stands.
  private struct SchemaPlace {
    var path: [String] = []
    var definition = 0
    var repetition = 0
  }

  init(_ elements: [ThriftStructure]) { self.elements = elements }

  mutating func tree() throws -> (fields: [ParquetField], leaves: [ParquetLeaf]) {
    let root = try take()
    let fields = try fields(root.integerIfSet(5) ?? 0, in: SchemaPlace())
    guard next == elements.count, !fields.isEmpty else {
      throw ParquetError.damaged("its columns do not add up")
    }
    return (fields, leaves)
  }

  private mutating func take() throws -> ThriftStructure {
    guard next < elements.count else { throw ParquetError.damaged("its columns do not add up") }
    defer { next += 1 }
    return elements[next]
  }

  private mutating func fields(_ count: Int, in place: SchemaPlace) throws -> [ParquetField] {
    guard (1...elements.count).contains(count), place.path.count < Self.greatestDepth else {
      throw ParquetError.damaged("its columns do not add up")
    }
    let fields = try (0..<count).map { _ in try field(in: place) }
    guard Set(fields.map(\.name)).count == count else {
      throw ParquetError.damaged("two columns have the same name")
    }
    return fields
  }

  private mutating func field(in outer: SchemaPlace) throws -> ParquetField {
    let element = try take()
    let name = try element.text(4)
    var place = outer
    place.path.append(name)
    let repetition = try element.integer(3)
    guard (0...2).contains(repetition) else {
      throw ParquetError.damaged("the column '\(name)' has a repetition \(repetition)")
    }
    guard repetition == 2 else {
      place.definition += repetition
      return try content(of: element, at: place)
    }
    let first = leaves.count
    place.definition += 1
    place.repetition += 1
    let inner = try content(of: element, at: place)
    return ParquetField(
      name: name, definition: outer.definition, leaves: first..<leaves.count,
      shape: .list(of: inner, repetition: place.repetition, filled: place.definition))
  }

  /// What an element describes, its own repetition being counted already.
  private mutating func content(
    of element: ThriftStructure, at place: SchemaPlace
  ) throws -> ParquetField {
    let first = leaves.count
    let shape: ParquetField.Shape
    if element.has(1) {
      leaves.append(try ParquetLeaf(element, place.path, place.definition, place.repetition))
      shape = .value
    } else {
      switch try ParquetAnnotation(of: element) {
      case .list: shape = try list(element, at: place)
      case .none: shape = .structure(try fields(try element.count(5), in: place))
      default:
        throw ParquetError.unsupported(
          "the column '\(place.path.joined(separator: "."))', which is neither a list nor a struct")
      }
    }
    return ParquetField(
      name: try element.text(4), definition: place.definition, leaves: first..<leaves.count,
      shape: shape)
  }

  /// A group that is marked as a list holds one repeated field. That is the element where older
  /// writers left out the group around it, which the format tells by number and name.
  private mutating func list(
    _ element: ThriftStructure, at outer: SchemaPlace
  ) throws -> ParquetField.Shape {
    let repeated = try take()
    guard try element.count(5) == 1, try repeated.integer(3) == 2,
      outer.path.count < Self.greatestDepth
    else { throw ParquetError.damaged("a list is not described as lists are") }
    let name = try repeated.text(4)
    let place = SchemaPlace(
      path: outer.path + [name], definition: outer.definition + 1,
      repetition: outer.repetition + 1)
    let isWrapped =
      try repeated.integerIfSet(5) == 1 && name != "array"
      && name != (try element.text(4)) + "_tuple"
    let inner = try isWrapped ? field(in: place) : content(of: repeated, at: place)
    return .list(of: inner, repetition: place.repetition, filled: place.definition)
  }
}

extension ParquetLeaf {
  fileprivate init(
    _ element: ThriftStructure, _ path: [String], _ definition: Int, _ repetition: Int
  ) throws {
    let name = path.joined(separator: ".")
    let annotation = try ParquetAnnotation(of: element)
    let code = try element.integer(1)
    guard let type = PhysicalType(rawValue: code), annotation.fits(type) else {
      throw ParquetError.unsupported(
        "the column '\(name)', which is neither texts, nor numbers, nor booleans")
    }
    self.init(
      path: path, type: type, isUnsigned: annotation == .unsigned, definition: definition,
      repetition: repetition)
  }
}

/// What the values of a column mean, beyond how they are kept.
///
/// Source: apache/parquet-format, "LogicalTypes.md"; files carry an older code (`ConvertedType`), a
/// newer description (`LogicalType`), or both.
enum ParquetAnnotation: Equatable {
  case none
  case text
  case signed
  case unsigned
  case list
  /// Dates, decimals, maps and whatever else has no one form in JSON.
  case other

  init(of element: ThriftStructure) throws {
    if let code = try element.integerIfSet(6) {
      self = Self.converted(code)
    } else if let logical = try element.structureIfSet(10, name: "a column's meaning") {
      self = try Self.logical(logical)
    } else {
      self = .none
    }
  }

  /// Whether values that are kept as a type can be read as what they mean.
  func fits(_ type: ParquetLeaf.PhysicalType) -> Bool {
    switch self {
    case .none: true
    case .text: type == .bytes
    case .signed, .unsigned: type == .int32 || type == .int64
    case .list, .other: false
    }
  }

  private static func converted(_ code: Int) -> ParquetAnnotation {
    switch code {
    case 0, 4, 19: .text
    case 3: .list
    case 11...14: .unsigned
    case 15...18: .signed
    default: .other
    }
  }

  private static func logical(_ meaning: ThriftStructure) throws -> ParquetAnnotation {
    if meaning.has(1) || meaning.has(4) || meaning.has(12) { return .text }
    if meaning.has(3) { return .list }
    // A column of nulls alone.
    if meaning.has(11) { return .none }
    guard let integer = try meaning.structureIfSet(10, name: "an integer's meaning") else {
      return .other
    }
    return try integer.boolean(2, default: true) ? .signed : .unsigned
  }
}
