/// A place in bytes that are read from front to back. No read passes the end.
struct ByteCursor {
  private let bytes: [UInt8]
  private(set) var position: Int
  private let end: Int

  /// Reads all of the bytes.
  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    position = 0
    end = bytes.count
  }

  /// Reads a range of the bytes.
  /// - Throws: `ParquetFault.damaged` where they do not have it.
  init(_ bytes: [UInt8], from start: Int, count: Int) throws {
    guard start >= 0, count >= 0, start <= bytes.count, count <= bytes.count - start else {
      throw ParquetFault.damaged("it refers to bytes that it does not have")
    }
    self.bytes = bytes
    position = start
    end = start + count
  }

  /// How many bytes are left.
  var remaining: Int { end - position }
  /// Whether none is left.
  var isAtEnd: Bool { position == end }

  /// The next byte.
  mutating func byte() throws -> UInt8 {
    guard position < end else { throw ParquetFault.damaged("it breaks off") }
    defer { position += 1 }
    return bytes[position]
  }

  /// The next bytes, as a cursor of their own.
  mutating func part(_ count: Int) throws -> ByteCursor {
    guard count >= 0, count <= remaining else { throw ParquetFault.damaged("it breaks off") }
    defer { position += count }
    return try ByteCursor(bytes, from: position, count: count)
  }

  /// The next bytes.
  mutating func slice(_ count: Int) throws -> ArraySlice<UInt8> {
    guard count >= 0, count <= remaining else { throw ParquetFault.damaged("it breaks off") }
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
    throw ParquetFault.damaged("an integer has more than 64 bits")
  }

  /// A signed integer in groups of 7 bits, the sign in the lowest bit.
  mutating func zigzag() throws -> Int {
    let value = try variableLength()
    return Int(truncatingIfNeeded: value >> 1) ^ -Int(truncatingIfNeeded: value & 1)
  }
}
