import Base
import Foundation
import Runner
import Testing

@Suite struct CacheContentsTests {
  private let project: FakeProject
  private let day = 86_400.0

  init() throws { project = try FakeProject() }

  private var results: URL { project.recipeFolder.deletingLastPathComponent() }

  /// What the cache holds so many days from now.
  private func contents(after days: Double = 0) throws -> CacheContents {
    try CacheContents(
      project.cache, results: results, days: 14, now: Date().addingTimeInterval(days * day))
  }

  private func roots(after days: Double = 0) throws -> [String: CacheContents.Root] {
    let entries = try contents(after: days).entries
    return Dictionary(entries.map { ($0.instance, $0.root) }) { first, _ in first }
  }

  private func remove(after days: Double) throws -> [String] {
    try CacheRemoval.carryOut(
      in: project.cache, interruption: Interruption(), look: { try contents(after: days) },
      saying: { _ in }
    ).map(\.words)
  }

  @Test func knowsForWhatEachResultIsKept() throws {
    _ = try project.run([.source(), .training()])
    // The recipe forgets the first training, and what that was made from stays with the second.
    _ = try project.run([.source(), .training("second", steps: 5)])
    #expect(
      try roots() == ["numbers": .recipe("fake"), "second": .recipe("fake"), "trained": .recent])
    #expect(try roots(after: 20)["trained"] == CacheContents.Root.none)
    let bytes = try contents().entries.map(\.bytes).reduce(0, +)
    #expect(bytes > 0)
    let text = try contents(after: 20).text
    #expect(text.contains("  lock of fake          2 results  "), "\(text)")
    #expect(text.contains("  nothing refers to it  1 result   "))
  }

  @Test func aPinKeepsAResultAndWhatItIsMadeFrom() throws {
    let summary = try project.run([.source(), .training()])
    let key = try #require(summary.plan.items[1].key)
    try FileManager.default.removeItem(at: project.recipeFolder)
    #expect(try CachePins.change([key: "fake: trained"], removing: false, in: project.cache) == 1)
    #expect(try CachePins.change([key: "fake: trained"], removing: false, in: project.cache) == 0)
    #expect(try roots(after: 20) == ["numbers": .pinned, "trained": .pinned])
    #expect(try remove(after: 20) == [])
    #expect(try CachePins.change([key: ""], removing: true, in: project.cache) == 1)
    #expect(try remove(after: 20).sorted() == ["numbers (fake_source)", "trained (fake_training)"])
    #expect(project.cache.keys() == [])
  }

  @Test func removesOnlyWhatNothingRefersTo() throws {
    _ = try project.run([.source(), .training()])
    _ = try project.run([.source(), .training("second", steps: 5)])
    #expect(CacheRemoval(try contents(after: 20)).items.map(\.words) == ["trained (fake_training)"])
    #expect(try roots(after: 20).count == 3, "looking removes nothing")
    #expect(try remove(after: 20) == ["trained (fake_training)"])
    #expect(try project.plan([.source(), .training("second", steps: 5)]).count(.cached) == 2)
    let trash = project.cache.folder.appending(path: "trash")
    #expect(!FileManager.default.fileExists(atPath: trash.path))
  }

  @Test func workAndDamagedResultsGoWhenTheyAreOld() throws {
    try project.ask("fail-at-3")
    let key = try #require(try project.run([.source(), .training()]).plan.items[1].key)
    let aside = project.cache.folder.appending(path: "damaged/ab-1")
    try FileManager.default.createDirectory(at: aside, withIntermediateDirectories: true)
    #expect(try contents().leftovers.map(\.isOld) == [false, false])
    #expect(try remove(after: 1) == [])
    #expect(project.cache.workFolder(key).newestStep == 2)
    #expect(try remove(after: 20) == ["left behind", "left behind"])
    #expect(project.cache.workFolder(key).newestStep == nil)
  }

  @Test func whatAKillLeftOfARemovalGoes() throws {
    _ = try project.run([.source()])
    let left = project.cache.folder.appending(path: "trash/ab-1")
    try FileManager.default.createDirectory(at: left, withIntermediateDirectories: true)
    #expect(try remove(after: 0) == ["left behind"])
    #expect(!FileManager.default.fileExists(atPath: left.path))
  }

  @Test func nothingGoesWhileARunIsAtWork() throws {
    _ = try project.run([.source()])
    let run = try project.cache.enter()
    let error = #expect(throws: CacheInUseError.self) { try remove(after: 20) }
    let words = try #require(error).description
    #expect(words.contains("is in use: process \(ProcessInfo.processInfo.processIdentifier)"))
    run.release()
    // What a killed run left stops nobody.
    try Data("{}".utf8).write(to: project.cache.folder.appending(path: "locks/run-1.lock"))
    _ = try remove(after: 20)
    let locks = project.cache.folder.appending(path: "locks")
    #expect(try FileManager.default.contentsOfDirectory(atPath: locks.path) == [])
  }

  @Test func aLockThatCannotBeReadStopsEverything() throws {
    _ = try project.run([.source()])
    try Data("{".utf8).write(to: project.recipeFolder.appending(path: "lock.json"))
    #expect(throws: CacheError.self) { try remove(after: 20) }
    #expect(project.cache.keys().count == 1)
  }

  @Test func pinsThatCannotBeReadStopEverything() throws {
    _ = try project.run([.source()])
    try Data("[]".utf8).write(to: project.cache.folder.appending(path: "pins.json"))
    #expect(throws: CacheError.self) { try contents() }
  }
}
