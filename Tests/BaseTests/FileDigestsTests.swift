import Base
import Foundation
import TestSupport
import Testing

@Suite struct FileDigestsTests {
  private let folder: ScratchFolder
  private let memory: URL

  init() throws {
    folder = try ScratchFolder()
    memory = folder.file("digests.jsonl")
  }

  /// A file that was last written to long ago.
  private func old(_ text: String, _ name: String = "x") throws -> URL {
    let file = try folder.write(text, name)
    let date = Date(timeIntervalSince1970: 1_000_000_000)
    try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: file.path)
    return file
  }

  private func digest(_ text: String) -> String { SHA256Digest.hex(of: Data(text.utf8)) }

  @Test func whatIsSettledIsRememberedBetweenRuns() throws {
    let file = try old("one")
    #expect(try FileDigests(file: memory).hex(of: file, isSettled: true) == digest("one"))
    let stamp = try #require(FileStamp(of: file))
    #expect(FileDigests(file: memory).remembered(stamp) == digest("one"))
    #expect(try String(contentsOf: memory, encoding: .utf8).utf8.count { $0 == 0x0A } == 1)
  }

  /// A change within the clock's grain would go unseen.
  @Test func whatJustChangedIsNotRemembered() throws {
    let file = try folder.write("one", "x")
    let digests = FileDigests()
    #expect(try digests.hex(of: file) == digest("one"))
    #expect(digests.remembered(try #require(FileStamp(of: file))) == nil)
  }

  /// The size stays, and the time of the last writing is set back.
  @Test func aChangeIsSeenThoughItsTimeIsSetBack() throws {
    let digests = FileDigests(file: memory)
    let file = try old("one")
    #expect(try digests.agrees(file, with: digest("one")))
    #expect(!digests.wasWrittenTo(file))
    let handle = try FileHandle(forWritingTo: file)
    try handle.write(contentsOf: Data("two".utf8))
    try handle.close()
    let date = Date(timeIntervalSince1970: 1_000_000_000)
    try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: file.path)
    #expect(digests.wasWrittenTo(file))
    #expect(try !digests.agrees(file, with: digest("one")))
    #expect(try digests.hex(of: file) == digest("two"))
  }

  @Test func anotherFileInItsPlaceIsRead() throws {
    let digests = FileDigests(file: memory)
    let file = try old("one")
    #expect(try digests.hex(of: file, isSettled: true) == digest("one"))
    let other = try old("two", "y")
    try FileManager.default.removeItem(at: file)
    try FileManager.default.moveItem(at: other, to: file)
    #expect(try digests.hex(of: file) == digest("two"))
  }

  @Test func aMemoryThatLostSomethingCostsTimeOnly() throws {
    let file = try old("one")
    _ = try FileDigests(file: memory).hex(of: file, isSettled: true)
    let line = try Data(contentsOf: memory)
    try (Data([0, 0, 0x0A]) + line + line.dropLast(9)).write(to: memory)
    let digests = FileDigests(file: memory)
    #expect(digests.remembered(try #require(FileStamp(of: file))) == digest("one"))
    let other = try old("two", "y")
    _ = try digests.hex(of: other, isSettled: true)
    #expect(
      FileDigests(file: memory).remembered(try #require(FileStamp(of: other))) == digest("two"),
      "the half line did not swallow it")
    let nowhere = FileDigests(file: folder.file("no/such/folder"))
    #expect(try nowhere.hex(of: file, isSettled: true) == digest("one"))
  }

  @Test func aFolderIsStampedWithAllThatLiesInIt() throws {
    try FileManager.default.createDirectory(
      at: folder.file("model/a"), withIntermediateDirectories: true)
    let inside = try folder.write("one", "model/a/x")
    let model = folder.file("model")
    let before = ContentStamp(of: model)
    #expect(ContentStamp(of: model) == before)
    try Data("two".utf8).write(to: inside)
    #expect(ContentStamp(of: model) != before)
  }
}
