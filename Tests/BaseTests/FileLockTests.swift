import Base
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite struct FileLockTests {
  private let folder: ScratchFolder
  private let file: URL

  init() throws {
    folder = try ScratchFolder()
    file = folder.file("a.lock")
  }

  @Test func excludesOthersUntilReleased() throws {
    let first = try #require(try FileLock.attempt(file))
    #expect(try FileLock.attempt(file) == nil)
    first.release()
    first.release()
    #expect(!FileManager.default.fileExists(atPath: file.path))
    let second = try #require(try FileLock.attempt(file))
    #expect(try FileLock.attempt(file) == nil)
    second.release()
  }

  @Test func isFreeWhenItsOwnerIsGone() throws {
    do { _ = try #require(try FileLock.attempt(file)) }
    try Data("{\"pid\": 1, \"host\": \"gone\"}".utf8).write(to: file)
    let lock = try #require(try FileLock.attempt(file), "a file that nobody locks is not a lock")
    let content = try JSONValue(parsing: Data(contentsOf: file))
    #expect(content["pid"]?.integer == Int(ProcessInfo.processInfo.processIdentifier))
    #expect(content["boot_id"]?.string?.isEmpty == false)
    lock.release()
  }

  @Test func stopsWaitingWhenAsked() throws {
    let held = try FileLock.attempt(file)
    let interruption = Interruption()
    var sentences: [String] = []
    #expect(throws: InterruptedError.self) {
      try FileLock.acquire(file, interruption: interruption) {
        sentences.append($0)
        interruption.request()
      }
    }
    #expect(sentences.count == 1)
    held?.release()
  }

  @Test func letsOneIntoTheCriticalSectionAtATime() async throws {
    let file = file
    let counter = folder.file("counter")
    try Data("0".utf8).write(to: counter)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<2 {
        group.addTask {
          for _ in 0..<100 {
            while true {
              guard let lock = try FileLock.attempt(file) else { continue }
              let count = Int(try String(contentsOf: counter, encoding: .utf8)) ?? 0
              try Data("\(count + 1)".utf8).write(to: counter)
              lock.release()
              break
            }
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try String(contentsOf: counter, encoding: .utf8) == "200")
  }
}
