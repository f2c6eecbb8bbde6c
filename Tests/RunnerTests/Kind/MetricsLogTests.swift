import Foundation
import Runner
import TestSupport
import Testing

@Suite struct MetricsLogTests {
  private let folder: ScratchFolder
  private let file: URL

  init() throws {
    folder = try ScratchFolder()
    file = folder.file("metrics.jsonl")
  }

  private var text: String { (try? String(contentsOf: file, encoding: .utf8)) ?? "" }

  @Test func endsAsIfNeverInterrupted() throws {
    let whole = folder.file("whole.jsonl")
    let log = try MetricsLog(file: whole)
    for step in 1...5 { try log.log(step: step, ["loss": 1 / Double(step), "bad": .nan]) }

    let first = try MetricsLog(file: file)
    for step in 1...4 { try first.log(step: step, ["loss": 1 / Double(step), "bad": .nan]) }
    let handle = try FileHandle(forWritingTo: file)
    try handle.seekToEnd()
    try handle.write(contentsOf: Data("{\"loss\": 0.2, \"st".utf8))
    try handle.close()
    let second = try MetricsLog(file: file)
    #expect(try second.rows().count == 4)
    try second.truncate(after: 2)
    for step in 3...5 { try second.log(step: step, ["loss": 1 / Double(step), "bad": .nan]) }
    #expect(try text == String(contentsOf: whole, encoding: .utf8))
  }

  @Test func thereIsNoFileBeforeTheFirstStep() throws {
    let log = try MetricsLog(file: file)
    try log.truncate(after: 0)
    try log.sync()
    #expect(try log.rows().isEmpty)
    #expect(!FileManager.default.fileExists(atPath: file.path))
    try log.log(step: 1, [:])
    try log.truncate(after: 0)
    try log.log(step: 1, [:])
    #expect(text == "{\"step\":1}\n")
  }

  @Test func cutsALineThatAKillLeftHalf() throws {
    try Data("{\"step\":1}\n{\"st".utf8).write(to: file)
    try MetricsLog(file: file).log(step: 2, [:])
    #expect(text == "{\"step\":1}\n{\"step\":2}\n")
    try Data("{\"st".utf8).write(to: file)
    try MetricsLog(file: file).log(step: 1, [:])
    #expect(text == "{\"step\":1}\n")
  }
}
