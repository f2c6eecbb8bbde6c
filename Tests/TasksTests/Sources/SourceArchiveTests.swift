import Foundation
import Tasks
import TestSupport
import Testing

@Suite struct SourceArchiveTests {
  private static let text = String(repeating: "a knight and a knave\n", count: 50)
  private static let wheel = ProjectFolder.archives.appending(path: "sample.whl")
  private static let gzip = ProjectFolder.archives.appending(path: "joined.txt.gz")

  private func extracted(_ member: String, from data: Data) throws -> String {
    let folder = try ScratchFolder()
    let archive = try ZipArchive(data, path: "x.whl")
    let file = folder.url.appending(path: "out")
    try archive.extract(try archive.find(member), to: file)
    return try String(contentsOf: file, encoding: .utf8)
  }

  @Test(arguments: [
    ("sample/deflated.txt", text), ("stored.txt", text), ("sample/b/twice.txt", "b"),
    ("empty.txt", ""),
  ])
  func findsMembersByPathOrBaseName(_ member: String, _ expected: String) throws {
    #expect(try extracted(member, from: Data(contentsOf: Self.wheel)) == expected)
  }

  @Test(arguments: [
    ("twice.txt", "sample/a/twice.txt, sample/b/twice.txt"), ("other.txt", "holds no 'other.txt'"),
  ])
  func saysWhichMembersThereAre(_ member: String, _ words: String) throws {
    let archive = try ZipArchive(contentsOf: Self.wheel)
    let error = #expect(throws: DataSourceError.self) { try archive.find(member) }
    #expect(error?.description.contains(words) == true)
  }

  @Test func refusesTruncatedAndCorruptArchives() throws {
    let whole = try Data(contentsOf: Self.wheel)
    for length in 0..<whole.count {
      #expect(throws: DataSourceError.self) {
        try ZipArchive(whole.prefix(length), path: "x.whl")
      }
    }
    var noticed = 0
    for index in stride(from: 0, to: whole.count, by: 3) {
      var damaged = whole
      damaged[index] ^= 0xFF
      let result = try? extracted("sample/deflated.txt", from: damaged)
      if result == nil { noticed += 1 } else { #expect(result == Self.text) }
    }
    #expect(noticed > 25)
  }

  @Test func unpacksJoinedGzipFiles() throws {
    let packed = try Data(contentsOf: Self.gzip)
    let unpacked = try Inflation.gunzip(packed, path: "x.gz")
    #expect(String(decoding: unpacked, as: UTF8.self) == Self.text + "end\n")
  }

  @Test func refusesTruncatedAndCorruptGzip() throws {
    let packed = try Data(contentsOf: Self.gzip)
    let firstEnd = packed.count - 24
    for length in 0..<firstEnd {
      #expect(throws: DataSourceError.self) {
        try Inflation.gunzip(packed.prefix(length), path: "x.gz")
      }
    }
    var corrupt = packed
    corrupt[20] ^= 0xFF
    let error = #expect(throws: DataSourceError.self) {
      try Inflation.gunzip(corrupt, path: "x.gz")
    }
    #expect(error?.description.contains("x.gz") == true)
  }
}
