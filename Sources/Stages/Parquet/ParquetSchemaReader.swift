/// Builds the tree of columns from the list that a file keeps.
///
/// Source: apache/parquet-format, "parquet.thrift" (SchemaElement) and "LogicalTypes.md" (lists).
struct ParquetSchemaReader {
  private static let greatestDepth = 32
  private let elements: [ThriftStructure]
  private var next = 0
  private var leaves: [ParquetLeaf] = []

  /// Where a field stands.
  private struct Place {
    var path: [String] = []
    var definition = 0
    var repetition = 0
  }

  init(_ elements: [ThriftStructure]) { self.elements = elements }

  mutating func tree() throws -> (fields: [ParquetField], leaves: [ParquetLeaf]) {
    let root = try take()
    let fields = try fields(root.integerIfSet(5) ?? 0, in: Place())
    guard next == elements.count, !fields.isEmpty else {
      throw ParquetFault.damaged("its columns do not add up")
    }
    return (fields, leaves)
  }

  private mutating func take() throws -> ThriftStructure {
    guard next < elements.count else { throw ParquetFault.damaged("its columns do not add up") }
    defer { next += 1 }
    return elements[next]
  }

  private mutating func fields(_ count: Int, in place: Place) throws -> [ParquetField] {
    guard (1...elements.count).contains(count), place.path.count < Self.greatestDepth else {
      throw ParquetFault.damaged("its columns do not add up")
    }
    let fields = try (0..<count).map { _ in try field(in: place) }
    guard Set(fields.map(\.name)).count == count else {
      throw ParquetFault.damaged("two columns have the same name")
    }
    return fields
  }

  private mutating func field(in outer: Place) throws -> ParquetField {
    let element = try take()
    let name = try element.text(4)
    var place = outer
    place.path.append(name)
    let repetition = try element.integer(3)
    guard (0...2).contains(repetition) else {
      throw ParquetFault.damaged("the column '\(name)' has a repetition \(repetition)")
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
    of element: ThriftStructure, at place: Place
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
        throw ParquetFault.unsupported(
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
    _ element: ThriftStructure, at outer: Place
  ) throws -> ParquetField.Shape {
    let repeated = try take()
    guard try element.count(5) == 1, try repeated.integer(3) == 2,
      outer.path.count < Self.greatestDepth
    else { throw ParquetFault.damaged("a list is not described as lists are") }
    let name = try repeated.text(4)
    let place = Place(
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
      throw ParquetFault.unsupported(
        "the column '\(name)', which is neither texts, nor numbers, nor booleans")
    }
    self.init(
      path: path, type: type, isUnsigned: annotation == .unsigned, definition: definition,
      repetition: repetition)
  }
}
