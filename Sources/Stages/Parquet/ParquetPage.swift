import CZlib

/// A page's header.
///
/// Source: apache/parquet-format, "parquet.thrift" (PageHeader).
struct ParquetPageHeader {
  /// What a page holds.
  enum Kind {
    case dictionary(count: Int, encoding: Int)
    /// Levels are packed with the values and tell their own lengths.
    case data(count: Int, encoding: Int, definitionEncoding: Int, repetitionEncoding: Int)
    /// Levels stand before the values, unpacked.
    case newerData(
      count: Int, encoding: Int, definitionBytes: Int, repetitionBytes: Int, isPacked: Bool)
    case index
  }

  let kind: Kind
  let packedSize: Int
  let size: Int
  private let checksum: Int?

  init(_ header: ThriftStructure) throws {
    size = try header.count(2)
    packedSize = try header.count(3)
    checksum = try header.integerIfSet(4)
    switch try header.integer(1) {
    case 0:
      let data = try header.structure(5, name: "a page's header")
      kind = .data(
        count: try data.count(1), encoding: try data.integer(2),
        definitionEncoding: try data.integer(3), repetitionEncoding: try data.integer(4))
    case 1: kind = .index
    case 2:
      let dictionary = try header.structure(7, name: "a page's header")
      kind = .dictionary(count: try dictionary.count(1), encoding: try dictionary.integer(2))
    case 3:
      let data = try header.structure(8, name: "a page's header")
      kind = .newerData(
        count: try data.count(1), encoding: try data.integer(4),
        definitionBytes: try data.count(5), repetitionBytes: try data.count(6),
        isPacked: try data.boolean(7, default: true))
    case let type: throw ParquetFault.damaged("it has a page of type \(type)")
    }
  }

  /// Compares the page's bytes with its checksum, where it has one.
  func check(_ cursor: ByteCursor) throws {
    guard let checksum else { return }
    var cursor = cursor
    let bytes = Array(cursor.rest())
    guard crc32_z(0, bytes, bytes.count) == UInt(UInt32(truncatingIfNeeded: checksum)) else {
      throw ParquetFault.damaged("a page does not have its checksum")
    }
  }
}
