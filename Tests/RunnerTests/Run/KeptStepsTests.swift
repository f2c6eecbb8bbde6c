import Base
import Foundation
import HDF5
import Runner
import Testing

/// Outputs of trainings as they were after chosen steps. The training adds 3, 6, 9 and 12.
@Suite struct KeptStepsTests {
  private let project: FakeProject
  private let start: [Instance] = [.source(value: 3), .training()]

  init() throws { project = try FakeProject() }

  private func sum(_ result: PlannedInstance) throws -> Int {
    try HDF5Reader(result.folder.appending(path: "sum.h5")).read("/value")[0]
  }

  /// The sums that the kept instances of a run hold, by their names.
  private func sums(_ summary: RunSummary) throws -> [String: Int] {
    let kept = summary.plan.results.filter { $0.instance.keptStep != nil }
    return try Dictionary(uniqueKeysWithValues: kept.map { ($0.name, try sum($0)) })
  }

  private func runs(_ name: String = "trained") -> Int {
    project.notes.count { $0 == "ran \(name)" }
  }

  private func isCached(_ key: String?) throws -> Bool {
    if case .present = project.cache.lookUp(try #require(key)) { true } else { false }
  }

  @Test func areKeptWhileTheTrainingRuns() throws {
    let plan = try project.plan(start + [.kept(2), .kept(4)])
    #expect(plan.items[2].reason == "kept while trained runs")
    let summary = try project.executor().run(plan)
    #expect(summary.exitCode == 0, "\(summary.outcomes)")
    #expect(try sums(summary) == ["trained.at[step=2]": 9, "trained.at[step=4]": 30])
    #expect(runs() == 1)
    let last = try #require(summary.plan.items[3].artifact)
    #expect(
      try Data(contentsOf: last.output("sum"))
        == Data(contentsOf: summary.plan.results[1].folder.appending(path: "sum.h5")))
    let record = try #require(summary.plan.items[2].artifact?.record)
    #expect(record.producers == ["sum": "trained"])
    #expect(record.parameters == ["step": 2])
    let lock = try RecipeLock(recipeFolder: project.recipeFolder)
    #expect(lock.keys["trained.at[step=2]"] == record.key)
    let again = try project.run(start + [.kept(2), .kept(4)])
    #expect((again.ran, again.cached, runs()) == (0, 4, 1))
  }

  @Test func theTrainingsKeyDoesNotDependOnThem() throws {
    let alone = try project.plan(start)
    let kept = try project.plan(start + [.kept(2), .kept(3)])
    #expect(alone.items[1].key == kept.items[1].key)
    #expect(kept.items[2].key != kept.items[3].key)
    #expect(kept.items[2].fields?.identity == ["step": 2])
    #expect(kept.items[2].fields?.inputs["sum"]?.key == alone.items[1].key)
  }

  @Test(arguments: 1...4) func surviveTheTraining(failure: Int) throws {
    let instances = start + [.kept(1), .kept(2), .kept(3), .kept(4)]
    try project.ask("fail-at-\(failure)")
    let plan = try project.plan(instances)
    #expect(try project.executor().run(plan).exitCode == 1)
    let there = try (1...4).filter { try isCached(plan.items[$0 + 1].key) }
    #expect(there == Array(1...failure))
    let records = try there.map {
      let folder = project.cache.artifactFolder(try #require(plan.items[$0 + 1].key))
      return try Data(contentsOf: folder.appending(path: "record.json"))
    }
    let resumed = try project.run(instances)
    #expect(resumed.exitCode == 0, "\(resumed.outcomes)")
    #expect(
      try sums(resumed) == [
        "trained.at[step=1]": 3, "trained.at[step=2]": 9, "trained.at[step=3]": 18,
        "trained.at[step=4]": 30,
      ])
    #expect(runs() == 2)
    for (step, record) in zip(there, records) {
      let folder = resumed.plan.results[step + 1].folder
      #expect(try Data(contentsOf: folder.appending(path: "record.json")) == record)
    }
  }

  @Test func onesAskedForLaterAreMadeByRunningAgain() throws {
    let other = try FakeProject()
    let before = try other.run(start + [.kept(1), .kept(2)]).plan.results
    _ = try project.run(start)
    let plan = try project.plan(start + [.kept(1), .kept(2), .kept(4)])
    #expect(
      plan.items[2...3].map(\.reason)
        == Array(
          repeating: "trained is to run again, once for all steps that are missing (it took 0 s)",
          count: 2))
    #expect(plan.items[4].reason == "what trained ended with")
    let summary = try project.executor().run(plan)
    #expect(summary.exitCode == 0, "\(summary.outcomes)")
    #expect((summary.ran, summary.cached, runs()) == (2, 3, 2))
    for index in 2...3 {
      #expect(
        try Data(contentsOf: before[index].folder.appending(path: "sum.h5"))
          == Data(contentsOf: summary.plan.results[index].folder.appending(path: "sum.h5")))
    }
    #expect(try sum(summary.plan.results[4]) == 30)
    let work = project.cache.folder.appending(path: "work")
    #expect(try FileManager.default.contentsOfDirectory(atPath: work.path).isEmpty)
  }

  /// Of a large output, what lies beside its file is kept with it, also by running again.
  @Test func whatLiesBesideAnOutputIsKeptWithIt() throws {
    try project.ask("large-outputs")
    let first = try project.run(start + [.kept(1)])
    let later = try project.run(start + [.kept(1), .kept(2), .kept(3)])
    #expect((first.exitCode, later.exitCode, runs()) == (0, 0, 2), "\(later.outcomes)")
    for (result, text) in zip(later.plan.results.dropFirst(2), ["3", "9", "18"]) {
      let file = result.folder.appending(path: "beside.txt")
      #expect(try String(contentsOf: file, encoding: .utf8) == text)
      #expect(result.artifact?.record.companions == ["beside.txt"])
    }
    let work = project.cache.folder.appending(path: "work")
    #expect(try FileManager.default.contentsOfDirectory(atPath: work.path).isEmpty)
  }

  @Test func theLastStepNeedsNoTraining() throws {
    _ = try project.run(start)
    let summary = try project.run(start + [.kept(4)])
    #expect((summary.ran, summary.exitCode, runs()) == (1, 0, 1))
    #expect(try sums(summary) == ["trained.at[step=4]": 30])
  }

  @Test func aStepThatIsNotThereFails() throws {
    let summary = try project.run(start + [.kept(5)])
    #expect(summary.outcomes[2] == .failed("'trained' has only 4 steps"))
    #expect((summary.ran, runs()) == (2, 1))
  }

  @Test func nothingIsKeptOfATrainingThatEndsOtherwise() throws {
    let result = try project.run(start).plan.results[1]
    try project.ask("slip-at-3")
    let plan = try project.plan(start + [.kept(2)])
    let summary = try project.executor().run(plan)
    guard case .failed(let sentence) = summary.outcomes[2] else {
      Issue.record("it did not fail: \(summary.outcomes)")
      return
    }
    #expect(
      sentence.hasPrefix("'trained' ran again and ended with another sum.h5 than the one in the"))
    #expect(try !isCached(plan.items[2].key))
    #expect(try sum(result) == 30)
    // The next attempt begins at the first step, and ends as the training did.
    #expect(try sums(project.run(start + [.kept(2)])) == ["trained.at[step=2]": 9])
  }

  /// What a newer program writes beside an output does not make it another one.
  @Test func stepsOfAnOlderResultAreKeptWhereSupplementsCame() throws {
    _ = try project.run(start)
    try project.ask("supplement")
    #expect(try sums(project.run(start + [.kept(2)])) == ["trained.at[step=2]": 9])
  }

  @Test func aRepetitionGoesOnWhereItStopped() throws {
    _ = try project.run(start)
    try project.ask("stop-at-3")
    let interruption = Interruption()
    let stopped = try project.executor(interruption: interruption)
      .run(project.plan(start + [.kept(2)]))
    #expect(stopped.outcomes[2] == .interrupted)
    let plan = try project.plan(start + [.kept(2)])
    #expect(plan.items[2].state == .toRun)
    #expect(plan.items[2].reason.hasPrefix("trained is to run again, from step 3, once for"))
    let summary = try project.executor().run(plan)
    #expect(try sums(summary) == ["trained.at[step=2]": 9])
    #expect(summary.plan.results[2].artifact?.record.resumedFrom == 3)
  }

  @Test func aStepBeforeTheCheckpointBeginsAnew() throws {
    _ = try project.run(start)
    try project.ask("stop-at-3")
    _ = try project.executor(interruption: Interruption())
      .run(project.plan(start + [.kept(2)]))
    let summary = try project.run(start + [.kept(1), .kept(2)])
    #expect(try sums(summary) == ["trained.at[step=1]": 3, "trained.at[step=2]": 9])
    #expect(summary.plan.results[2].artifact?.record.resumedFrom == nil)
  }

  @Test func twoRunsAtOnceKeepOneEach() async throws {
    let project = project
    let long = 40
    let training: [Instance] = [.source(value: 3), .training(steps: long)]
    _ = try project.run(training)
    let wanted = [[1, 2, 3], [3, 20]]
    let all = try await withThrowingTaskGroup(of: RunSummary.self) { group in
      for steps in wanted {
        let instances = training + steps.map { .kept($0) }
        let plan = try project.plan(instances)
        let executor = project.executor()
        group.addTask { try executor.run(plan) }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(all.map(\.exitCode) == [0, 0], "\(all.map(\.outcomes))")
    for summary in all {
      for result in summary.plan.results.dropFirst(2) {
        let step = try #require(result.instance.keptStep)
        #expect(try sum(result) == 3 * step * (step + 1) / 2)
      }
    }
  }
}
