/// Reads structures in Thrift's compact protocol.
struct ThriftReader {
  private static let greatestDepth = 16
  private(set) var cursor: ByteCursor

  init(_ cursor: ByteCursor) { self.cursor = cursor }

  /// The next structure.
  /// - Throws: `ParquetFault`.
  mutating func structure(named name: String) throws -> ThriftStructure {
    try structure(depth: 0).named(name)
  }

  private mutating func structure(depth: Int) throws -> ThriftStructure {
    guard depth < Self.greatestDepth else {
      throw ParquetFault.damaged("its descriptions are nested too deeply")
    }
    var fields: [Int: ThriftValue] = [:]
    var number = 0
    while true {
      let header = try cursor.byte()
      if header & 0x0F == 0 { return ThriftStructure(fields) }
      number = header >> 4 == 0 ? try cursor.zigzag() : number + Int(header >> 4)
      guard (1...0x7FFF).contains(number) else {
        throw ParquetFault.damaged("a description has a field \(number)")
      }
      fields[number] = try field(type: header & 0x0F, depth: depth)
    }
  }

  /// In a structure the type of a boolean is its value.
  private mutating func field(type: UInt8, depth: Int) throws -> ThriftValue {
    switch type {
    case 1: .boolean(true)
    case 2: .boolean(false)
    default: try value(type: type, depth: depth)
    }
  }

  private mutating func value(type: UInt8, depth: Int) throws -> ThriftValue {
    switch type {
    case 1, 2: return .boolean(try cursor.byte() == 1)
    case 3: return .integer(Int(Int8(bitPattern: try cursor.byte())))
    case 4, 5, 6: return .integer(try cursor.zigzag())
    case 7: return .number(Double(bitPattern: try cursor.unsigned(bytes: 8)))
    case 8:
      guard let count = Int(exactly: try cursor.variableLength()) else { break }
      return .bytes(try cursor.slice(count))
    case 9, 10: return try list(depth: depth)
    case 12: return .structure(try structure(depth: depth + 1))
    default: break
    }
    throw ParquetFault.damaged("a description holds a value of type \(type)")
  }

  private mutating func list(depth: Int) throws -> ThriftValue {
    let header = try cursor.byte()
    let count = header >> 4 == 15 ? try cursor.variableLength() : UInt64(header >> 4)
    // Every element takes a byte or more, so a longer list cannot be a whole one.
    guard count <= UInt64(cursor.remaining), depth < Self.greatestDepth else {
      throw ParquetFault.damaged("a list in its descriptions breaks off")
    }
    return .list(try (0..<Int(count)).map { _ in try value(type: header & 0x0F, depth: depth + 1) })
  }
}
