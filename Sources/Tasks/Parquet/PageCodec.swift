import Base
import Foundation

/// How the bytes of pages are packed.
enum PageCodec {
  case none
  case snappy
  case gzip
  case zstandard
  case lz4
  /// LZ4 of a code that came to mean several things: Hadoop's blocks, or one block.
  case oldLZ4

  /// - Throws: `ParquetError.column`.
  init(code: Int, column: String) throws {
    switch code {
    case 0: self = .none
    case 1: self = .snappy
    case 2: self = .gzip
    case 6: self = .zstandard
    case 5: self = .oldLZ4
    case 7: self = .lz4
    default:
      let names = [3: "LZO", 4: "Brotli"]
      throw ParquetError.column(
        "the column '\(column)' is packed by \(names[code] ?? "method \(code)")")
    }
  }

  /// The most bytes that a page may unpack to.
  static func greatestSize(packed: Int) -> Int {
    Inflation.free + Inflation.greatestRatio * packed
  }

  /// Unpacks bytes which must come to exactly `count`.
  /// - Throws: `ParquetError.damaged`.
  func unpack(_ cursor: ByteCursor, count: Int) throws -> ByteCursor {
    guard count <= Self.greatestSize(packed: cursor.remaining) else {
      throw ParquetError.damaged("a page unpacks to far more than its size lets expect")
    }
    // Some writers leave nothing of a page without values.
    if count == 0, cursor.isAtEnd { return cursor }
    switch self {
    case .none:
      guard cursor.remaining == count else {
        throw ParquetError.damaged("a page has another length than its header says")
      }
      return cursor
    case .snappy: return ByteCursor(try SnappyDecompression.unpack(cursor, count: count))
    case .gzip: return ByteCursor(try Self.gunzip(cursor, count: count))
    case .zstandard: return ByteCursor(try Self.unpackZstandard(cursor, count: count))
    case .lz4: return ByteCursor(try LZ4Decompression.unpack(cursor, count: count))
    case .oldLZ4:
      let blocks = try? LZ4Decompression.unpackHadoop(cursor, count: count)
      return ByteCursor(try blocks ?? LZ4Decompression.unpack(cursor, count: count))
    }
  }

  private static func unpackZstandard(_ cursor: ByteCursor, count: Int) throws -> [UInt8] {
    var cursor = cursor
    do {
      let output = try Zstandard.decompress(Data(cursor.rest()), limit: count)
      guard output.count == count else { throw ParquetError.damaged("a page breaks off") }
      return Array(output)
    } catch let error as ZstandardError {
      throw ParquetError.damaged("in a page, \(error)")
    }
  }

  private static func gunzip(_ cursor: ByteCursor, count: Int) throws -> [UInt8] {
    var cursor = cursor
    var output: [UInt8] = []
    do {
      try Inflation.inflate(Data(cursor.rest()), as: .gzip, path: "") { piece in
        guard piece.count <= count - output.count else {
          throw ParquetError.damaged("a page is longer than its header says")
        }
        output.append(contentsOf: piece)
      }
    } catch DataSourceError.tooLarge {
      throw ParquetError.damaged("a page unpacks to far more than its size lets expect")
    } catch DataSourceError.damaged(_, let problem) {
      throw ParquetError.damaged("in a page, \(problem)")
    }
    guard output.count == count else { throw ParquetError.damaged("a page breaks off") }
    return output
  }
}

/// Unpacks Snappy's raw format.
///
/// Source: google/snappy, "format_description.txt".
package enum SnappyDecompression {
  /// Unpacks bytes which must come to exactly `count`.
  /// - Throws: `ParquetError.damaged`.
  package static func unpack(_ bytes: [UInt8], count: Int) throws -> [UInt8] {
    try unpack(ByteCursor(bytes), count: count)
  }

  /// Unpacks bytes which must come to exactly `count`.
  /// - Throws: `ParquetError.damaged`.
  static func unpack(_ cursor: ByteCursor, count: Int) throws -> [UInt8] {
    var cursor = cursor
    let declared = try cursor.variableLength()
    // No element makes more than 64 bytes out of two, so a greater length is a lie.
    guard declared == UInt64(count), count <= 64 * cursor.remaining else {
      throw ParquetError.damaged("a page has another length than its header says")
    }
    var output = UnpackedBytes(count: count)
    while !cursor.isAtEnd {
      let tag = Int(try cursor.byte())
      switch tag & 3 {
      case 0: try output.append(try cursor.slice(try literalLength(tag, &cursor)))
      case 1:
        let low = Int(try cursor.byte())
        try output.copy(4 + (tag >> 2 & 7), from: (tag >> 5) << 8 | low)
      case 2: try output.copy(1 + (tag >> 2), from: Int(try cursor.unsigned(bytes: 2)))
      default: try output.copy(1 + (tag >> 2), from: Int(try cursor.unsigned(bytes: 4)))
      }
    }
    return try output.whole()
  }

  private static func literalLength(_ tag: Int, _ cursor: inout ByteCursor) throws -> Int {
    let short = tag >> 2
    return short < 60 ? short + 1 : Int(try cursor.unsigned(bytes: short - 59)) + 1
  }
}

/// Unpacks a block of LZ4.
///
/// Source: lz4/lz4, "lz4_Block_format.md".
package enum LZ4Decompression {
  /// Unpacks bytes which must come to exactly `count`.
  /// - Throws: `ParquetError.damaged`.
  package static func unpack(_ bytes: [UInt8], count: Int) throws -> [UInt8] {
    try unpack(ByteCursor(bytes), count: count)
  }

  /// Unpacks bytes which must come to exactly `count`.
  /// - Throws: `ParquetError.damaged`.
  static func unpack(_ cursor: ByteCursor, count: Int) throws -> [UInt8] {
    var cursor = cursor
    // No byte makes more than 255 bytes, so a greater length is a lie.
    guard count <= 255 * cursor.remaining else {
      throw ParquetError.damaged("a page has another length than its header says")
    }
    var output = UnpackedBytes(count: count)
    while !cursor.isAtEnd {
      let token = Int(try cursor.byte())
      try output.append(try cursor.slice(try length(token >> 4, &cursor)))
      // The last sequence is a literal alone.
      if cursor.isAtEnd { break }
      let distance = Int(try cursor.unsigned(bytes: 2))
      try output.copy(4 + length(token & 15, &cursor), from: distance)
    }
    return try output.whole()
  }

  /// Unpacks blocks that each stand behind their lengths, unpacked and packed, in four bytes,
  /// highest first.
  /// - Throws: `ParquetError.damaged`.
  static func unpackHadoop(_ cursor: ByteCursor, count: Int) throws -> [UInt8] {
    var cursor = cursor
    var output: [UInt8] = []
    func length() throws -> Int { try cursor.slice(4).reduce(0) { $0 << 8 | Int($1) } }
    while !cursor.isAtEnd {
      let size = try length()
      guard size <= count - output.count else {
        throw ParquetError.damaged("a page is longer than its header says")
      }
      output += try unpack(cursor.part(try length()), count: size)
    }
    guard output.count == count else { throw ParquetError.damaged("a page breaks off") }
    return output
  }

  private static func length(_ short: Int, _ cursor: inout ByteCursor) throws -> Int {
    var length = short
    guard short == 15 else { return length }
    while true {
      let byte = Int(try cursor.byte())
      length += byte
      if byte < 255 { return length }
    }
  }
}

/// What is unpacked so far, of a known number of bytes.
private struct UnpackedBytes {
  private var bytes: [UInt8]
  private var filled = 0

  init(count: Int) { bytes = [UInt8](repeating: 0, count: count) }

  mutating func append(_ literal: ArraySlice<UInt8>) throws {
    guard literal.count <= bytes.count - filled else { throw Self.tooLong }
    bytes.replaceSubrange(filled..<filled + literal.count, with: literal)
    filled += literal.count
  }

  /// Repeats what stands so far back. It may reach into itself.
  mutating func copy(_ count: Int, from distance: Int) throws {
    guard count <= bytes.count - filled else { throw Self.tooLong }
    guard distance > 0, distance <= filled else {
      throw ParquetError.damaged("a page refers to bytes before its beginning")
    }
    for index in filled..<filled + count { bytes[index] = bytes[index - distance] }
    filled += count
  }

  func whole() throws -> [UInt8] {
    guard filled == bytes.count else { throw ParquetError.damaged("a page breaks off") }
    return bytes
  }

  private static let tooLong = ParquetError.damaged("a page is longer than its header says")
}
