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
