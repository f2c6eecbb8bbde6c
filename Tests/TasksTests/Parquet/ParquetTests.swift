import Base
import Foundation
import Tasks
import TestSupport
import Testing

/// Rows out of Parquet files that other programs wrote.
@Suite struct ParquetTests {
  static let folder = ProjectFolder.root.appending(path: "Tests").appending(
    path: "Fixtures/parquet")

  static func rows(_ name: String) throws -> [String] {
    try DatasetFile.rows(of: folder.appending(path: name)).map {
      JSONValue.object($0.fields).text
    }
  }

  @Test(arguments: [
    "snappy-v1", "snappy-v2", "plain", "gzip-v2", "groups", "fallback", "old-lists", "polars",
  ])
  func everyWayOfWritingGivesTheSameRows(name: String) throws {
    let expected = try Self.rows("rows.jsonl")
    let found = try Self.rows(name + ".parquet")
    #expect(found.count == 60)
    for (row, wanted) in zip(found, expected) { #expect(row.utf8.elementsEqual(wanted.utf8)) }
  }

  @Test func anotherWritersFlatColumns() throws {
    let columns: Set = ["text", "count", "share", "right"]
    let file = Self.folder.appending(path: "rows.jsonl")
    let expected = try DatasetFile.rows(of: file).map {
      JSONValue.object($0.fields.filter { columns.contains($0.key) }).text
    }
    #expect(try Self.rows("fastparquet.parquet") == expected)
  }

  @Test func valuesThatAreAlwaysThereAndTypesWithoutSign() throws {
    #expect(try Self.rows("types.parquet") == Self.rows("types.jsonl"))
  }

  @Test(arguments: [
    ("zstandard", "pages packed by Zstandard"), ("delta", "the encoding DELTA_BYTE_ARRAY"),
    ("date", "the column 'day', which is neither texts, nor numbers, nor booleans"),
    ("decimal", "the column 'sum', which is neither"), ("bytes", "bytes that are no text in 'raw'"),
    ("map", "the column 'pairs', which is neither a list nor a struct"),
  ])
  func whatIsNotReadIsNamed(name: String, words: String) {
    let error = #expect(throws: DatasetError.self) { try Self.rows("refused-\(name).parquet") }
    let message = error?.description ?? ""
    #expect(message.contains("refused-\(name).parquet cannot be read as Parquet: it has \(words)"))
    #expect(message.contains("write it again with pyarrow's defaults"), "\(message)")
  }

  @Test func snappysElementsAreUnpacked() throws {
    // A literal, copies with one, two and four bytes of distance, one that reaches into itself.
    let packed: [UInt8] =
      [23, 8, 0x61, 0x62, 0x63, 1, 3, 0b0000_1110, 3, 0, 0b0001_0011, 5, 0, 0, 0, 0x3C << 2, 5]
      + Array("ZYXWVU".utf8) + [0, 0x21]
    let unpacked = try SnappyDecompression.unpack(packed, count: 23)
    #expect(String(decoding: unpacked, as: UTF8.self) == "abcabcabcababcabZYXWVU!")
    #expect(throws: (any Error).self) { try SnappyDecompression.unpack(packed, count: 22) }
    for end in packed.indices {
      #expect(throws: (any Error).self) {
        try SnappyDecompression.unpack(Array(packed[..<end]), count: 23)
      }
    }
  }
}
