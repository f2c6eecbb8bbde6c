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
    "zstandard-v1", "lz4-v2", "delta-v1", "delta-v2", "duckdb", "duckdb-v2", "polars-zstandard",
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

  @Test func kindsThatJSONLacksAreReadAsTheyAreWritten() throws {
    let expected = try Self.rows("kinds.jsonl")
    #expect(try Self.rows("kinds.parquet") == expected)
    let local = try Self.rows("kinds-int96.parquet")
    let texts = ["\"2025-05-19T12:30:00.25\"", "\"1969-12-31T00:00:00\"", "null"]
    for (row, text) in zip(local, texts) { #expect(row.hasPrefix("{\"local\":\(text),"), "\(row)") }
  }

  @Test func columnsThatCannotBeReadAreLeftOutWithTheReason() throws {
    let kinds = try DatasetFile([Self.folder.appending(path: "kinds.parquet")])
    #expect(kinds.leftOut.keys.sorted() == ["image", "raw", "unsigned"])
    #expect(kinds.leftOut["image"]?.contains("'image.bytes' holds bytes that are no text") == true)
    #expect(kinds.leftOut["unsigned"]?.contains("integers above") == true)
    let packed = try DatasetFile([Self.folder.appending(path: "brotli-column.parquet")])
    #expect(packed.rows.map(\.fields) == [["problem": "a"]])
    #expect(packed.leftOut == ["odd": "the column 'odd' is packed by Brotli"])
    let error = #expect(throws: DatasetError.self) { try Self.rows("refused-bytes.parquet") }
    let message = error?.description ?? ""
    #expect(message.contains("the column 'raw' holds bytes that are no text, which is not read"))
  }

  @Test func dictionariesMayHaveEntriesThatNoRowUses() throws {
    let words = ["w7", "w7", "w39"].map { #"{"problem":"\#($0)"}"# }
    #expect(try Self.rows("dictionary.parquet") == words)
  }

  @Test func runsMayReachBeyondTheirPage() throws {
    let rows = (0..<6).map { #"{"l":["a","b"],"problem":"What is \#($0)?","solution":"x"}"# }
    #expect(try Self.rows("duckdb-lists.parquet") == rows)
  }

  @Test func lz4sSequencesAreUnpacked() throws {
    // A long literal, a copy that reaches into itself and is long, and a literal at the end.
    let packed: [UInt8] =
      [0xFF, 2] + Array("abcdefghijklmnopq".utf8) + [2, 0, 1, 0x30] + Array("XYZ".utf8)
    let unpacked = try LZ4Decompression.unpack(packed, count: 40)
    let expected = "abcdefghijklmnopq" + "pqpqpqpqpqpqpqpqpqpq" + "XYZ"
    #expect(String(decoding: unpacked, as: UTF8.self) == expected)
    #expect(throws: (any Error).self) { try LZ4Decompression.unpack(packed, count: 39) }
    for end in packed.indices {
      #expect(throws: (any Error).self) {
        try LZ4Decompression.unpack(Array(packed[..<end]), count: 40)
      }
    }
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
