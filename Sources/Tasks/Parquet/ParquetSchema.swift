/// The columns of a Parquet file: what a row looks like, and the leaves that its values lie in.
///
/// A value's *definition level* says how much of the way to it is not null or empty; its
/// *repetition level* says which list it goes on with.
struct ParquetSchema {
  /// The top-level columns.
  let fields: [ParquetField]
  /// The leaves, in the order in which the file keeps them.
  let leaves: [ParquetLeaf]
  /// Why top-level columns cannot be read, under their names.
  let unreadable: [String: String]

  /// Reads the descriptions of columns, which are a tree written from the top down.
  /// - Throws: `ParquetError`.
  init(_ elements: [ThriftStructure]) throws {
    var reader = ParquetSchemaReader(elements)
    (fields, leaves) = try reader.tree()
    unreadable = reader.unreadable
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
    case int96 = 3
    case float = 4
    case double = 5
    case bytes = 6
    case fixedBytes = 7
  }

  /// The names on the way to it.
  let path: [String]
  let type: PhysicalType
  /// How many bytes a value takes, where all take as many; 0 for booleans and texts.
  let width: Int
  let meaning: ParquetMeaning
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
  /// Why top-level columns cannot be read, under their names.
  private(set) var unreadable: [String: String] = [:]

  /// Where a field stands.
  fileprivate struct SchemaPlace {
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
    let meaning = try ParquetMeaning(of: element)
    let shape: ParquetField.Shape
    if element.has(1) {
      let leaf = try ParquetLeaf(element, meaning, at: place)
      if !meaning.fits(leaf) { leaveOut(place, meaning.words) }
      leaves.append(leaf)
      shape = .value
    } else {
      switch meaning {
      case .list: shape = try list(element, at: place)
      case .map: shape = try map(element, at: place)
      case .none: shape = .structure(try fields(try element.count(5), in: place))
      default:
        leaveOut(place, meaning.words)
        shape = .structure(try fields(try element.count(5), in: place))
      }
    }
    return ParquetField(
      name: try element.text(4), definition: place.definition, leaves: first..<leaves.count,
      shape: shape)
  }

  private mutating func leaveOut(_ place: SchemaPlace, _ what: String) {
    let name = place.path.joined(separator: ".")
    unreadable[place.path[0]] = "the column '\(name)' holds \(what)"
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

  /// A map is read as a list of its pairs.
  private mutating func map(
    _ element: ThriftStructure, at outer: SchemaPlace
  ) throws -> ParquetField.Shape {
    let pairs = try take()
    guard try element.count(5) == 1, try pairs.integer(3) == 2, !pairs.has(1),
      outer.path.count < Self.greatestDepth
    else { throw ParquetError.damaged("a map is not described as maps are") }
    let place = SchemaPlace(
      path: outer.path + [try pairs.text(4)], definition: outer.definition + 1,
      repetition: outer.repetition + 1)
    let first = leaves.count
    let parts = try fields(try pairs.count(5), in: place)
    let pair = ParquetField(
      name: try pairs.text(4), definition: place.definition, leaves: first..<leaves.count,
      shape: .structure(parts))
    return .list(of: pair, repetition: place.repetition, filled: place.definition)
  }
}

extension ParquetLeaf {
  fileprivate init(
    _ element: ThriftStructure, _ meaning: ParquetMeaning, at place: ParquetSchemaReader.SchemaPlace
  ) throws {
    let code = try element.integer(1)
    guard let type = PhysicalType(rawValue: code) else {
      throw ParquetError.damaged("it has a column of type \(code)")
    }
    let width: Int
    switch type {
    case .boolean, .bytes: width = 0
    case .int32, .float: width = 4
    case .int64, .double: width = 8
    case .int96: width = 12
    case .fixedBytes:
      width = try element.count(2)
      guard (1...Self.greatestWidth).contains(width) else {
        throw ParquetError.damaged("it has a column of values of \(width) bytes")
      }
    }
    self.init(
      path: place.path, type: type, width: width, meaning: meaning, definition: place.definition,
      repetition: place.repetition)
  }

  private static let greatestWidth = 1 << 20
}
