import Foundation

/// How the bytes of pages are packed.
enum PageCodec {
  case none
  case snappy
  case gzip

  /// - Throws: `ParquetFault.unsupported`.
  init(code: Int) throws {
    switch code {
    case 0: self = .none
    case 1: self = .snappy
    case 2: self = .gzip
    default:
      let names = [3: "LZO", 4: "Brotli", 5: "LZ4", 6: "Zstandard", 7: "LZ4"]
      throw ParquetFault.unsupported("pages packed by \(names[code] ?? "method \(code)")")
    }
  }

  /// Unpacks bytes which must come to exactly `count`.
  /// - Throws: `ParquetFault.damaged`.
  func unpack(_ cursor: ByteCursor, count: Int) throws -> ByteCursor {
    switch self {
    case .none:
      guard cursor.remaining == count else {
        throw ParquetFault.damaged("a page has another length than its header says")
      }
      return cursor
    case .snappy: return ByteCursor(try SnappyDecompression.unpack(cursor, count: count))
    case .gzip: return ByteCursor(try Self.gunzip(cursor, count: count))
    }
  }

  private static func gunzip(_ cursor: ByteCursor, count: Int) throws -> [UInt8] {
    var cursor = cursor
    var output: [UInt8] = []
    do {
      try Inflation.inflate(Data(cursor.rest()), as: .gzip, path: "") { piece in
        guard piece.count <= count - output.count else {
          throw ParquetFault.damaged("a page is longer than its header says")
        }
        output.append(contentsOf: piece)
      }
    } catch DataSourceError.damaged(_, let problem) {
      throw ParquetFault.damaged("in a page, \(problem)")
    }
    guard output.count == count else { throw ParquetFault.damaged("a page breaks off") }
    return output
  }
}
