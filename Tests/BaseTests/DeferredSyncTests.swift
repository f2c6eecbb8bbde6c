import Base
import Foundation
import TestSupport
import Testing

@Suite struct DeferredSyncTests {
  @Test func passesOverWhatWasMovedAwayAndReportsTheRest() throws {
    let folder = try ScratchFolder()
    let sync = DeferredSync()
    let files = try (0..<40).map { try folder.write("\($0)", "\($0)") }
    sync.add(files + [folder.url, folder.file("gone")])
    try sync.flush()
    // A name that is too long can never be opened.
    let bad = folder.file(String(repeating: "x", count: 300))
    sync.add([files[0], bad])
    let error = #expect(throws: FileError.self) { try sync.flush() }
    #expect(error?.path == bad.path)
    #expect(throws: FileError.self) { try sync.flush() }
  }

  @Test func aDigestIsKeptBetweenRunsOnlyWhenItsFileIsOnTheDisk() throws {
    let folder = try ScratchFolder()
    let memory = folder.file("digests.jsonl")
    let file = try folder.write("bytes", "file")
    let digests = FileDigests(file: memory)
    let sha256 = try digests.hex(of: file, isSettled: true, isOnDisk: false)
    let stamp = try #require(FileStamp(of: file))
    #expect(digests.remembered(stamp) == sha256)
    #expect(FileDigests(file: memory).remembered(stamp) == nil)
    let other = try folder.write("more", "other")
    _ = try digests.hex(of: other, isSettled: true)
    #expect(FileDigests(file: memory).remembered(stamp) == nil, "another's line takes it not along")
    digests.keepHeld()
    #expect(FileDigests(file: memory).remembered(stamp) == sha256)
  }
}
