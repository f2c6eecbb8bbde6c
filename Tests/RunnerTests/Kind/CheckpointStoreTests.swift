import Foundation
import Runner
import TestSupport
import Testing

@Suite struct CheckpointStoreTests {
  private let folder: ScratchFolder
  private let store: CheckpointStore

  init() throws {
    folder = try ScratchFolder()
    store = CheckpointStore(folder: folder.url)
  }

  private func save(_ steps: Int...) throws {
    for step in steps { try store.save(step: step) { try Data("\(step)".utf8).write(to: $0) } }
  }

  private func read(_ checkpoint: Checkpoint) throws -> Int {
    guard let value = Int(try String(contentsOf: checkpoint.file, encoding: .utf8)) else {
      throw StageError.failed("unreadable")
    }
    return value
  }

  @Test func thereIsNoFolderBeforeTheFirst() throws {
    let place = folder.file("checkpoints")
    let store = CheckpointStore(folder: place)
    #expect(try store.checkpoints().isEmpty && store.resume(read) == nil)
    #expect(!FileManager.default.fileExists(atPath: place.path))
    try store.save(step: 1) { try Data("1".utf8).write(to: $0) }
    #expect(try store.resume(read) == 1)
  }

  @Test func keepsTheNewestTwo() throws {
    try save(8, 9, 10, 11)
    #expect(try store.checkpoints().map(\.step) == [11, 10])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).count == 4)
    #expect(try store.resume(read) == 11)
  }

  @Test func aFailedSaveLeavesTheOldOnes() throws {
    try save(1, 2)
    #expect(throws: StageError.self) {
      try store.save(step: 3) { file in
        try Data("half".utf8).write(to: file)
        throw StageError.failed("no space")
      }
    }
    #expect(try store.checkpoints().map(\.step) == [2, 1])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).count == 4)
  }

  @Test func ignoresWhatIsNoCheckpoint() throws {
    try save(5)
    for name in ["step-9.h5.tmp-1-1", "step-x.h5", "other.h5", "step-7.h5.damaged"] {
      try Data("9".utf8).write(to: folder.file(name))
    }
    #expect(try store.checkpoints().map(\.step) == [5])
  }

  @Test func fallsBackToTheOneBefore() throws {
    try save(1, 2)
    try Data("half".utf8).write(to: folder.file("step-2.h5"))
    #expect(try store.resume(read) == 1)
    #expect(try store.checkpoints().map(\.step) == [1], "the damaged one counts no longer")
    #expect(FileManager.default.fileExists(atPath: folder.file("step-2.h5.damaged").path))
  }

  @Test func beginsAnewWhereNoneCanBeRead() throws {
    #expect(try store.resume(read) == nil)
    try Data("half".utf8).write(to: folder.file("step-2.h5"))
    #expect(try store.resume(read) == nil)
  }
}
