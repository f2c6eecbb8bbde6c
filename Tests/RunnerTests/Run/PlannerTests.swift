import Base
import Foundation
import Runner
import Testing

@Suite struct PlannerTests {
  private let project: FakeProject

  init() throws { project = try FakeProject() }

  private func reasons(_ instances: [Instance]) throws -> [String] {
    try project.plan(instances).items.map { "\($0.state.rawValue): \($0.reason)" }
  }

  @Test func planningChangesNothing() throws {
    let plan = try project.plan([.source(), .training()])
    #expect(plan.items.map(\.reason) == ["never run", "never run"])
    #expect(plan.count(.toRun) == 2)
    #expect(!FileManager.default.fileExists(atPath: project.cache.folder.path))
  }

  @Test func tellsWhatChanged() throws {
    _ = try project.run([.source(), .training()])
    let cached = "cached: its result is in the cache"
    #expect(try reasons([.source(), .training()]) == [cached, cached])
    #expect(try reasons([.source(), .training(threads: 7)]) == [cached, cached])
    #expect(
      try reasons([.source(), .training(rate: 2e-6)])
        == [cached, "to_run: rate changed from 1e-06 to 2e-06"])
    #expect(
      try reasons([.source(value: 2), .training(steps: 5)]) == [
        "to_run: value changed from 1 to 2",
        "to_run: steps changed from 4 to 5; its input 'numbers' (numbers) is to run",
      ])
  }

  @Test func tellsThatAnInputChangedWhoseResultIsThere() throws {
    _ = try project.run([.source(), .training(), .source("other", value: 2)])
    let plan = try project.plan([.source(value: 2), .training()])
    #expect(
      plan.items.map(\.reason) == ["its result is in the cache", "its input 'numbers' changed"])
  }

  @Test func tellsWhatIsGoneOrDamaged() throws {
    let plan = try project.plan([.source(), .training()])
    _ = try project.executor().run(plan)
    let keys = plan.items.compactMap(\.key)
    try FileManager.default.removeItem(at: project.cache.artifactFolder(keys[0]))
    let file = project.cache.artifactFolder(keys[1]).appending(path: "sum.h5")
    try FileManager.default.removeItem(at: file)
    #expect(
      try reasons([.source(), .training()]) == [
        "to_run: its result is no longer in the cache", "to_run: damaged: sum.h5 is missing",
      ])
  }

  @Test func tellsFromWhichStepAStageResumes() throws {
    try project.ask("fail-at-3")
    _ = try project.run([.source(), .training()])
    #expect(try reasons([.source(), .training()])[1] == "to_run: resumes from step 2")
  }

  @Test func tellsWhatBlocks() throws {
    let instances: [Instance] = [
      .source(needsContent: true), .source("same", needsContent: true), .training(),
      .source("free"),
    ]
    #expect(
      try reasons(instances) == [
        "blocked: there is no file 'content' in \(project.control.path)",
        "blocked: there is no file 'content' in \(project.control.path)",
        "blocked: its input 'numbers' (numbers) is blocked", "to_run: never run",
      ])
    #expect(project.notes == ["asked"], "content is asked for once for equal stages")
    try project.ask("content", "first")
    let before = try project.plan(instances).items.map(\.key)
    _ = try project.run(instances)
    try project.ask("content", "second")
    let plan = try project.plan(instances)
    #expect(plan.items[0].key != before[0])
    #expect(plan.items[0].reason == "the content of 'content' changed")
    #expect(plan.items[2].key != before[2])
    #expect(plan.items[3].key == before[3])
  }

  @Test func writesItselfAsJSON() throws {
    _ = try project.run([.source()])
    let plan = try project.plan([.source(), .training("t", seed: 1)])
    let rows = try #require(plan.json.array)
    #expect(rows[0]["state"] == "cached")
    #expect(rows[0]["seconds"]?.number != nil)
    #expect(rows[1]["instance"] == "t[seed=1]")
    #expect(rows[1]["kind"] == "fake_training")
    #expect(rows[1]["key"]?.string == plan.items[1].key)
    #expect(rows[1]["seconds"] == .null)
  }
}
