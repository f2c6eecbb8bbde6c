import Base
import Foundation
import Runner
import TestSupport
import Testing

/// Whether a plan is the experiment that was locked.
@Suite struct LockDifferenceTests {
  private let project: FakeProject

  init() throws { project = try FakeProject() }

  private func differences(_ instances: [Instance]) throws -> [String] {
    try RecipeLock(recipeFolder: project.recipeFolder).differences(from: project.plan(instances))
      .map { "\($0.instance): \($0.reason)" }
  }

  @Test func equalExperimentsHaveEqualLocks() throws {
    let other = try FakeProject()
    for one in [project, other] {
      _ = try one.run([.source(), .training(seed: 1), .training("more", steps: 2)])
    }
    let texts = try [project, other].map {
      try String(contentsOf: $0.recipeFolder.appending(path: "lock.json"), encoding: .utf8)
    }
    #expect(texts[0] == texts[1])
    #expect(!texts[0].contains(project.folder.url.path))
    #expect(try differences([.source(), .training(seed: 1), .training("more", steps: 2)]) == [])
  }

  @Test func everyKindOfDifferenceIsTold() throws {
    try project.ask("content", "first")
    _ = try project.run([.source(needsContent: true), .training(), .source("gone")])
    #expect(
      try differences([.source(needsContent: true), .training(steps: 5), .source("new")]) == [
        "trained: steps changed from 4 to 5", "new: the lock does not have it",
        "gone: the recipe no longer has it",
      ])
    try project.ask("content", "second")
    #expect(
      try differences([.source(needsContent: true), .training(), .source("gone")]) == [
        "numbers: the content of 'content' changed", "trained: its input 'numbers' changed",
      ])
    try FileManager.default.removeItem(at: project.control.appending(path: "content"))
    #expect(
      try differences([.source(needsContent: true), .training(), .source("gone")])[0]
        .hasPrefix("numbers: there is no file 'content'"))
  }

  @Test func aRunForgetsWhatTheRecipeNoLongerHas() throws {
    _ = try project.run([.source(), .source("gone", value: 2)])
    _ = try project.run([.source()])
    #expect(try RecipeLock(recipeFolder: project.recipeFolder).keys.keys.sorted() == ["numbers"])
  }

  /// One job for each seed: neither drops what the other made.
  @Test func aRunKeepsWhatOtherRunsMake() throws {
    func run(_ seed: Int, _ others: OtherRuns) throws {
      _ = try project.executor(others: others).run(
        project.plan([.source(), .training(seed: seed)]))
    }
    func lock() throws -> RecipeLock { try RecipeLock(recipeFolder: project.recipeFolder) }
    let both = ["numbers", "trained[seed=1]", "trained[seed=2]"]
    try run(1, OtherRuns(names: nil))
    try run(2, OtherRuns(names: nil, axes: ["seed": [2]]))
    #expect(try lock().keys.keys.sorted() == both && lock().axes == ["seed": [2]])
    // The recipe as it is written has seed 1.
    let known: [String: [JSONValue]] = ["seed": [2]]
    try run(1, OtherRuns(names: Set(both), known: known))
    #expect(try lock().keys.keys.sorted() == both)
    // One that began before the other noted what it was asked for knows too little to forget.
    try run(1, OtherRuns(names: []))
    #expect(try lock().keys.keys.sorted() == both && lock().axes == known)
    try run(1, OtherRuns(names: [], known: known))
    #expect(try lock().keys.keys.sorted() == both.dropLast())
  }

  @Test func otherRunsAreNoDifference() throws {
    _ = try project.run([.source(), .training(seed: 1), .training(seed: 2)])
    let lock = try RecipeLock(recipeFolder: project.recipeFolder)
    let plan = try project.plan([.source(), .training(seed: 1)])
    #expect(lock.differences(from: plan).map(\.instance) == ["trained[seed=2]"])
    #expect(lock.differences(from: plan, besides: ["trained[seed=2]"]).isEmpty)
  }

  @Test func theErrorListsWhatDiffers() throws {
    let empty = try RecipeLock(recipeFolder: project.recipeFolder)
    let plan = try project.plan([.source(), .training()])
    let missing = #expect(throws: LockMismatchError.self) {
      try empty.check(plan, path: "x/lock.json")
    }
    #expect(
      try #require(missing).description.hasPrefix("there is no lock at x/lock.json; run once"))
    _ = try project.run([.source(), .training()])
    let lock = try RecipeLock(recipeFolder: project.recipeFolder)
    try lock.check(plan, path: "x")
    let changed = try project.plan([.source(), .training(rate: 2e-6)])
    let error = #expect(throws: LockMismatchError.self) { try lock.check(changed, path: "x") }
    #expect(
      try #require(error).description == """
        this is not the experiment that was locked: 1 of 2 instances differ
          trained: rate changed from 1e-06 to 2e-06
        Nothing ran; without --locked the recipe runs as it is
        """)
  }

  @Test func aForgedLockIsRefused() throws {
    _ = try project.run([.source()])
    let file = project.recipeFolder.appending(path: "lock.json")
    let text = try String(contentsOf: file, encoding: .utf8)
    try Data(text.replacing("\"value\": 1", with: "\"value\": 2").utf8).write(to: file)
    let error = #expect(throws: CacheError.self) {
      try RecipeLock(recipeFolder: project.recipeFolder)
    }
    #expect(
      try #require(error).description.contains(
        "the key of 'numbers' is not the one that its fields come to"))
  }

  @Test func locksOfTheFirstFormatAreRead() throws {
    try FileManager.default.createDirectory(
      at: project.recipeFolder, withIntermediateDirectories: true)
    let old = #"{"instances": {"numbers": {"key": "ab"}}, "version": 1}"#
    try Data(old.utf8).write(to: project.recipeFolder.appending(path: "lock.json"))
    #expect(try differences([.source()]) == ["numbers: its key changed"])
  }
}
