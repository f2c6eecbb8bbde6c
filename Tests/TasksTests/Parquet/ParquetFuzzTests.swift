import Base
import Foundation
import Tasks
import Testing

/// Damaged files end in a sentence or in rows, never in a crash.
@Suite struct ParquetFuzzTests {
  private static let names = ["snappy-v1", "gzip-v2", "fallback", "polars", "types"]
  /// Files whose every flipped bit would take too long.
  private static let more = [
    "delta-v1", "delta-v2", "lz4-v2", "zstandard-v1", "duckdb", "duckdb-v2", "kinds",
  ]

  private func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: ParquetTests.folder.appending(path: name + ".parquet")))
  }

  /// Whether the bytes are read; the test ends the process if they do something else than throw.
  private func isRead(_ bytes: [UInt8]) -> Bool {
    do {
      _ = try ParquetFile(of: bytes)
      return true
    } catch {
      #expect(error is ParquetError, "\(error)")
      return false
    }
  }

  @Test(arguments: names)
  func noBeginningOfAFileIsRead(name: String) throws {
    let whole = try bytes(name)
    #expect(isRead(whole))
    for end in whole.indices { #expect(!isRead(Array(whole[..<end])), "\(end)") }
  }

  @Test(arguments: names)
  func everyFlippedBitIsSurvived(name: String) throws {
    let whole = try bytes(name)
    var read = 0
    for bit in 0..<8 * whole.count {
      var damaged = whole
      damaged[bit / 8] ^= 1 << (bit % 8)
      if isRead(damaged) { read += 1 }
    }
    // Flips in values and statistics go unseen, for want of a checksum.
    #expect(read < 8 * whole.count)
  }

  @Test func checksumsShowFlippedBitsOfPages() throws {
    let whole = try bytes("groups")
    let description = Int(whole[whole.count - 8]) | Int(whole[whole.count - 7]) << 8
    let expected = try ParquetTests.rows("rows.jsonl")
    var unseen = 0
    for position in stride(from: 4, to: whole.count - 8 - description, by: 3) {
      var damaged = whole
      damaged[position] ^= 0x10
      guard let rows = try? ParquetFile(of: damaged).rows else { continue }
      if rows.map({ JSONValue.object($0).text }) != expected { unseen += 1 }
    }
    #expect(unseen == 0, "a page was damaged and read all the same")
  }

  @Test(arguments: names + more)
  func manyFlippedBytesAreSurvived(name: String) throws {
    let whole = try bytes(name)
    var random = NumpyRandom(seed: 5)
    for _ in 0..<500 {
      var damaged = whole
      for _ in 0..<random.integer(in: 1..<9) {
        damaged[random.integer(in: 0..<damaged.count)] = UInt8(random.integer(in: 0..<256))
      }
      _ = isRead(damaged)
    }
  }

  @Test func nonsenseBetweenTheMarksIsRefused() {
    var random = NumpyRandom(seed: 9)
    for length in 0..<300 {
      let noise = (0..<length).map { _ in UInt8(random.integer(in: 0..<256)) }
      let size: [UInt8] = [UInt8(length & 0xFF), UInt8(length >> 8), 0, 0]
      #expect(!isRead(Array("PAR1".utf8) + noise + size + Array("PAR1".utf8)))
    }
  }
}
