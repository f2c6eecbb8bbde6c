/// Reads structures in Thrift's compact protocol.
struct ThriftReader {
  private static let greatestDepth = 16
  private(set) var cursor: ByteCursor

  init(_ cursor: ByteCursor) { self.cursor = cursor }

  /// The next structure.
  /// - Throws: `ParquetError`.
  mutating func structure(named name: String) throws -> ThriftStructure {
    try structure(depth: 0).named(name)
  }

  private mutating func structure(depth: Int) throws -> ThriftStructure {
    guard depth < Self.greatestDepth else {
      throw ParquetError.damaged("its descriptions are nested too deeply")
    }
    var fields: [Int: ThriftValue] = [:]
    var number = 0
    while true {
      let header = try cursor.byte()
      if header & 0x0F == 0 { return ThriftStructure(fields) }
      number = header >> 4 == 0 ? try cursor.zigzag() : number + Int(header >> 4)
      guard (1...0x7FFF).contains(number) else {
        throw ParquetError.damaged("a description has a field \(number)")
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
    throw ParquetError.damaged("a description holds a value of type \(type)")
  }

  private mutating func list(depth: Int) throws -> ThriftValue {
    let header = try cursor.byte()
    let count = header >> 4 == 15 ? try cursor.variableLength() : UInt64(header >> 4)
    // Every element takes a byte or more, so a longer list cannot be a whole one.
    guard count <= UInt64(cursor.remaining), depth < Self.greatestDepth else {
      throw ParquetError.damaged("a list in its descriptions breaks off")
    }
    return .list(try (0..<Int(count)).map { _ in try value(type: header & 0x0F, depth: depth + 1) })
  }
}

/// A value in Thrift's compact protocol, in which Parquet writes its own descriptions.
///
/// Source: Apache Thrift, "Thrift Compact protocol encoding".
enum ThriftValue {
  case boolean(Bool)
  case integer(Int)
  case number(Double)
  case bytes(ArraySlice<UInt8>)
  case list([ThriftValue])
  case structure(ThriftStructure)
}

/// A structure: values under the numbers of its fields.
struct ThriftStructure {
  private let fields: [Int: ThriftValue]
  /// What the structure is, for errors.
  private let name: String

  init(_ fields: [Int: ThriftValue], name: String = "a description") {
    self.fields = fields
    self.name = name
  }

  /// The same structure under another name.
  func named(_ name: String) -> ThriftStructure { ThriftStructure(fields, name: name) }

  func has(_ field: Int) -> Bool { fields[field] != nil }

  /// A field's integer, nil where it is not set.
  func integerIfSet(_ field: Int) throws -> Int? {
    guard let value = fields[field] else { return nil }
    guard case .integer(let integer) = value else { throw wrong(field) }
    return integer
  }

  func integer(_ field: Int) throws -> Int {
    guard let value = try integerIfSet(field) else { throw wrong(field) }
    return value
  }

  /// A field's integer that counts something.
  func count(_ field: Int) throws -> Int {
    let value = try integer(field)
    guard value >= 0 else { throw wrong(field) }
    return value
  }

  func boolean(_ field: Int, default standard: Bool) throws -> Bool {
    guard let value = fields[field] else { return standard }
    guard case .boolean(let boolean) = value else { throw wrong(field) }
    return boolean
  }

  func text(_ field: Int) throws -> String {
    guard let text = try Self.text(fields[field]) else { throw wrong(field) }
    return text
  }

  func texts(_ field: Int) throws -> [String] {
    try list(field).map {
      guard let text = try Self.text($0) else { throw wrong(field) }
      return text
    }
  }

  func structures(_ field: Int, name: String) throws -> [ThriftStructure] {
    try list(field).map {
      guard case .structure(let structure) = $0 else { throw wrong(field) }
      return structure.named(name)
    }
  }

  /// A field's structure, nil where it is not set.
  func structureIfSet(_ field: Int, name: String) throws -> ThriftStructure? {
    guard let value = fields[field] else { return nil }
    guard case .structure(let structure) = value else { throw wrong(field) }
    return structure.named(name)
  }

  func structure(_ field: Int, name: String) throws -> ThriftStructure {
    guard let structure = try structureIfSet(field, name: name) else { throw wrong(field) }
    return structure
  }

  private func list(_ field: Int) throws -> [ThriftValue] {
    guard case .list(let values)? = fields[field] else { throw wrong(field) }
    return values
  }

  private static func text(_ value: ThriftValue?) throws -> String? {
    guard case .bytes(let bytes)? = value else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }

  private func wrong(_ field: Int) -> ParquetError {
    .damaged("field \(field) of \(name) is missing or of another type")
  }
}

/// A place in bytes that are read from front to back. No read passes the end.
struct ByteCursor {
  private let bytes: [UInt8]
  private(set) var position: Int
  private let end: Int

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    position = 0
    end = bytes.count
  }

  /// Reads a range of the bytes.
  /// - Throws: `ParquetError.damaged` where they do not have it.
  init(_ bytes: [UInt8], from start: Int, count: Int) throws {
    guard start >= 0, count >= 0, start <= bytes.count, count <= bytes.count - start else {
      throw ParquetError.damaged("it refers to bytes that it does not have")
    }
    self.bytes = bytes
    position = start
    end = start + count
  }

  /// How many bytes are left.
  var remaining: Int { end - position }
  /// Whether none is left.
  var isAtEnd: Bool { position == end }

  mutating func byte() throws -> UInt8 {
    guard position < end else { throw ParquetError.damaged("it breaks off") }
    defer { position += 1 }
    return bytes[position]
  }

  /// The next bytes, as a cursor of their own.
  mutating func part(_ count: Int) throws -> ByteCursor {
    guard count >= 0, count <= remaining else { throw ParquetError.damaged("it breaks off") }
    defer { position += count }
    return try ByteCursor(bytes, from: position, count: count)
  }

  mutating func slice(_ count: Int) throws -> ArraySlice<UInt8> {
    guard count >= 0, count <= remaining else { throw ParquetError.damaged("it breaks off") }
    defer { position += count }
    return bytes[position..<position + count]
  }

  /// All bytes that are left.
  mutating func rest() -> ArraySlice<UInt8> {
    defer { position = end }
    return bytes[position..<end]
  }

  /// An unsigned integer of so many bytes, at most 8, lowest first.
  mutating func unsigned(bytes count: Int) throws -> UInt64 {
    var value: UInt64 = 0
    for (index, byte) in try slice(count).enumerated() { value |= UInt64(byte) << (8 * index) }
    return value
  }

  /// A length that is kept in four bytes.
  mutating func length() throws -> Int { Int(try unsigned(bytes: 4)) }

  /// An unsigned integer in groups of 7 bits, lowest first.
  mutating func variableLength() throws -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 64, by: 7) {
      let byte = try byte()
      let bits = UInt64(byte & 0x7F)
      guard shift < 63 || bits <= 1 else { break }
      value |= bits << shift
      if byte & 0x80 == 0 { return value }
    }
    throw ParquetError.damaged("an integer has more than 64 bits")
  }

  /// A signed integer in groups of 7 bits, the sign in the lowest bit.
  mutating func zigzag() throws -> Int {
    let value = try variableLength()
    return Int(truncatingIfNeeded: value >> 1) ^ -Int(truncatingIfNeeded: value & 1)
  }
}
