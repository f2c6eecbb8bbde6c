import Base
import Foundation
import HDF5
import OrderedCollections
import Runner
import Synchronization
import TestSupport
import Testing

@Suite struct ExecutorTests {
  private let project: FakeProject

  init() throws { project = try FakeProject() }

  private func sum(_ result: PlannedInstance) throws -> Int {
    try HDF5Reader(result.folder.appending(path: "sum.h5")).read("/value")[0]
  }

  @Test func runsOnceAndThenReuses() throws {
    let first = try project.run([.source(value: 3), .training(), .chained("more", of: 1)])
    #expect((first.ran, first.cached, first.failed, first.exitCode) == (3, 0, 0, 0))
    #expect(try sum(first.plan.results[1]) == 30)
    #expect(first.plan.results[2].values["sum"] == .number(300))
    let second = try project.run([.source(value: 3), .training(), .chained("more", of: 1)])
    #expect((second.ran, second.cached, second.exitCode) == (0, 3, 0))
    #expect(second.plan.results.map(\.folder) == first.plan.results.map(\.folder))
    #expect(project.notes == ["ran numbers", "ran trained", "ran more"])
  }

  @Test func equalStagesOfDifferentNamesRunOnce() throws {
    let summary = try project.run([.source("a"), .source("b")])
    #expect(summary.outcomes[1] == .cached)
    #expect(project.notes == ["ran a"])
  }

  /// Such as on a full disk: the lock is written now and then, too, and what has come out is no failure.
  @Test(.timeLimit(.minutes(1)), arguments: [0, 1.1])
  func aLockThatCannotBeWrittenEndsTheRun(secondsBefore pause: Double) throws {
    let plan = try project.plan([.source(), .training(), .chained("more", of: 1)])
    try FileManager.default.createDirectory(
      at: project.cache.folder, withIntermediateDirectories: true)
    try Data().write(to: project.recipeFolder)
    let display = SlowDisplay(pause: pause)
    #expect(throws: FileError.self) { try project.executor(display: display).run(plan) }
    let ended = display.ended.withLock { $0 }
    #expect(ended.count == (pause > 0 ? 1 : 3) && !ended.contains { $0.contains("failed") })
    #expect(project.notes.count == ended.count)
  }

  /// Keeps how instances ended, and takes its time where they begin.
  private final class SlowDisplay: RunDisplay {
    private let pause: Double
    let ended = Mutex<[String]>([])

    init(pause: Double) { self.pause = pause }

    func begin(_ title: InstanceTitle) { Thread.sleep(forTimeInterval: pause) }
    func update(_ title: InstanceTitle, _ progress: StageProgress) {}
    func end(_ title: InstanceTitle, _ outcome: InstanceOutcome) {
      ended.withLock { $0.append("\(outcome)") }
    }
  }

  @Test func recordsHowAResultCameAbout() throws {
    let plan = try project.plan([.source(), .training("t", seed: 2)])
    let result = try project.executor().run(plan).plan.results[1]
    let record = try ArtifactRecord(contentsOf: result.folder.appending(path: "record.json"))
    #expect(record.key == plan.items[1].key)
    #expect(record.fields == plan.items[1].fields)
    #expect(record.instance == "t[seed=2]")
    #expect(record.producers == ["numbers": "numbers"])
    #expect(record.values.mapValues(\.number) == ["sum": 10, "steps": 4])
    #expect(Set(record.versions.keys) == ["HDF5", "warmup"])
    #expect(record.files.keys.sorted() == ["metrics.h5", "sum.h5"])
    #expect(record.machine == .current())
    #expect(record.seconds > 0)
    #expect(record.resumedFrom == nil)
    // The longest step says that it took 4 s; the slowest checkpoint took less.
    let stop = try #require(record.stopSeconds)
    #expect(stop > 4 && stop < 60)
    let metrics = try RowTable(contentsOf: result.folder.appending(path: "metrics.h5"))
    #expect(try metrics.integers("step") == [1, 2, 3, 4])
    #expect(try metrics.numbers("sum") == [1, 3, 6, 10])
    #expect(metrics.columns["step_time"] == nil)
    let lock = try RecipeLock(recipeFolder: project.recipeFolder)
    #expect(lock.keys == ["numbers": plan.items[0].key, "t[seed=2]": plan.items[1].key])
    let work = project.cache.workFolder(record.key).url
    #expect(!FileManager.default.fileExists(atPath: work.path))
  }

  /// Logs two steps, keeps no checkpoint, and fails where it is asked to.
  struct LoggingStage: Stage {
    static let kind = "logs"
    static let version = 1
    static let summary = "logs"
    static let metrics = LoggedMetrics(timings: [])
    static let inputs: [StagePort] = []
    static let outputs = FakeSource.outputs
    let parameters: FakeSource.Parameters

    func run(_ context: StageContext) throws {
      for step in [1, 2] { try context.metrics.log(step: step, ["x": Double(step)]) }
      let fault = context.folders.searchPaths[0].appending(path: "fault")
      if (try? FileManager.default.removeItem(at: fault)) != nil {
        throw StageError.failed("no more chalk")
      }
      try HDF5File.create(context.output("numbers")) { try $0.write([1], to: "/value") }
    }
  }

  @Test func anAttemptWithoutCheckpointsLogsAnew() throws {
    let parameters = FakeSource.Parameters()
    let logging = Instance(
      stageName: "logs", point: [:], stage: LoggingStage(parameters: parameters),
      parameters: parameters.json, identity: parameters.identity, inputs: [])
    try project.ask("fault")
    #expect(try project.run([logging]).failed == 1)
    let result = try project.run([logging]).plan.results[0]
    let metrics = try RowTable(contentsOf: result.folder.appending(path: "metrics.h5"))
    #expect(try metrics.integers("step") == [1, 2])
  }

  @Test func aResumedRunEndsBitEqual() throws {
    let whole = try project.run([.source(), .training()]).plan.results[1].folder
    let other = try FakeProject()
    try other.ask("fail-at-3")
    let failed = try other.run([.source(), .training()])
    #expect(failed.outcomes[1] == .failed("no more chalk"))
    #expect(failed.exitCode == 1)
    // Whatever a killed attempt may leave behind.
    let key = try #require(try other.plan([.source(), .training()]).items[1].key)
    let work = other.cache.workFolder(key).url
    try FileManager.default.createDirectory(
      at: work.appending(path: "output-999999"), withIntermediateDirectories: true)
    try Data("half".utf8).write(to: work.appending(path: "output-999999/sum.h5"))
    try Data("half".utf8).write(to: work.appending(path: "checkpoints/step-3.h5.tmp-9-9"))
    try Data("half".utf8).write(to: work.appending(path: "checkpoints/step-3.h5"))
    let metrics = try FileHandle(forWritingTo: work.appending(path: "metrics.jsonl"))
    try metrics.seekToEnd()
    try metrics.write(contentsOf: Data("{\"step\": 4, \"su".utf8))
    try metrics.close()

    let resumed = try other.run([.source(), .training()]).plan.results[1].folder
    for name in ["sum.h5", "metrics.h5"] {
      #expect(
        try Data(contentsOf: whole.appending(path: name))
          == Data(contentsOf: resumed.appending(path: name)))
    }
  }

  @Test func stopsAtTheFirstFailure() throws {
    try project.ask("fail-at-1")
    let summary = try project.run([
      .source(), .training(), .chained("more", of: 1), .source("z", value: 9),
    ])
    #expect(
      summary.outcomes.dropFirst() == [
        .failed("no more chalk"), .skipped("skipped after the failure"),
        .skipped("skipped after the failure"),
      ])
    #expect(summary.exitCode == 1)
  }

  @Test func keepsGoingWithWhatDoesNotDependOnAFailure() throws {
    try project.ask("fail-at-1")
    let instances: [Instance] = [
      .source(), .training(), .chained("more", of: 1), .source("z", value: 9),
    ]
    let summary = try project.run(instances, keepsGoing: true)
    #expect(summary.outcomes[2] == .skipped("its input 'numbers' (trained) did not come out"))
    #expect((summary.ran, summary.failed, summary.skipped) == (2, 1, 1))
    #expect(summary.plan.results.map(\.name) == ["numbers", "z"])
  }

  @Test func runsNothingWhileSomethingIsBlocked() throws {
    let instances: [Instance] = [.source("free"), .source("bound", needsContent: true)]
    let summary = try project.run(instances)
    #expect((summary.failed, summary.skipped, summary.exitCode) == (1, 1, 1))
    let going = try project.run(instances, keepsGoing: true)
    #expect((going.ran, going.failed) == (1, 1))
  }

  @Test(arguments: [
    ("no-output", "it ended without writing its output 'sum'"),
    ("half-output", "its output 'sum' is not a complete HDF5 file: file signature not found"),
    ("nan-at-end", "its value 'sum' is not a finite number"),
  ])
  func publishesNothingThatIsNotWhole(event: String, sentence: String) throws {
    try project.ask(event)
    let summary = try project.run([.source(), .training()])
    #expect(summary.outcomes[1] == .failed(sentence))
    #expect(project.cache.keys().count == 1)
    #expect(try project.run([.source(), .training()]).exitCode == 0)
  }

  @Test func stopsAtACheckpointWhenAsked() throws {
    try project.ask("stop-at-2")
    let instances: [Instance] = [.source(), .training(), .source("z", value: 9)]
    let interruption = Interruption()
    let summary = try project.executor(interruption: interruption).run(project.plan(instances))
    #expect(summary.outcomes[1] == .interrupted)
    #expect(summary.outcomes[2] == .skipped("skipped: interrupted before it started"))
    #expect(summary.exitCode == 130)
    #expect(try project.plan(instances).items[1].reason == "resumes from step 2")
    let again = try project.run(instances)
    #expect(again.exitCode == 0)
    #expect(try sum(again.plan.results[1]) == 10)
    let record = try ArtifactRecord(
      contentsOf: again.plan.results[1].folder.appending(path: "record.json"))
    #expect(record.resumedFrom == 2)
  }

  @Test func repairsADamagedArtifactAndKeepsTheOldOne() throws {
    let folder = try project.run([.source(), .training()]).plan.results[1].folder
    let file = folder.appending(path: "sum.h5")
    let handle = try FileHandle(forUpdating: file)
    try handle.truncate(atOffset: 100)
    try handle.close()
    let summary = try project.run([.source(), .training()])
    #expect((summary.ran, summary.cached) == (1, 1))
    #expect(try sum(summary.plan.results[1]) == 10)
    let damaged = project.cache.folder.appending(path: "damaged")
    #expect(try FileManager.default.contentsOfDirectory(atPath: damaged.path).count == 1)
  }

  @Test func twoRunsShareTheirWork() async throws {
    let project = project
    let instances: [Instance] = [.source(), .training(), .training("wide", seed: 1, steps: 40)]
    let plan = try project.plan(instances)
    let all = try await withThrowingTaskGroup(of: RunSummary.self) { group in
      for _ in 0..<2 {
        let executor = project.executor()
        group.addTask { try executor.run(plan) }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(all.map(\.exitCode) == [0, 0])
    #expect(all[0].ran + all[1].ran == 3, "each stage runs once")
    #expect(all[0].plan.results.map(\.folder) == all[1].plan.results.map(\.folder))
    #expect(project.notes.sorted() == ["ran numbers", "ran trained", "ran wide[seed=1]"])
  }

  @Test func waitsForWhoeverHoldsTheKeyAndSaysSo() throws {
    let plan = try project.plan([.source()])
    try project.cache.prepare()
    let key = try #require(plan.items[0].key)
    let file = project.cache.folder.appending(path: "locks/\(key).lock")
    let lock = try #require(try FileLock.attempt(file))
    let display = NoticeDisplay { lock.release() }
    let summary = try project.executor(display: display).run(plan)
    #expect(summary.ran == 1)
    let notice = try #require(display.notices.first)
    #expect(
      notice.hasPrefix("numbers: waiting, process \(ProcessInfo.processInfo.processIdentifier) on"))
  }

  @Test func saysThatResultsCannotBeWritten() throws {
    try Data().write(to: project.folder.file("results"))
    let plan = try project.plan([.source()])
    #expect {
      _ = try project.executor().run(plan)
    } throws: { error in
      "\(error)".hasPrefix("could not make the folder \(project.folder.file("results").path)")
        && "\(error)".contains("Not a directory; a file stands")
    }
  }
}

/// Keeps what it is told, and does something at the first notice.
private final class NoticeDisplay: RunDisplay {
  private let kept = Mutex<[String]>([])
  private let onNotice: @Sendable () -> Void

  init(onNotice: @escaping @Sendable () -> Void) { self.onNotice = onNotice }

  var notices: [String] { kept.withLock { $0 } }

  func begin(_ title: InstanceTitle) {}
  func end(_ title: InstanceTitle, _ outcome: InstanceOutcome) {}
  func update(_ title: InstanceTitle, _ progress: StageProgress) {}
  func notice(_ sentence: String) {
    kept.withLock { $0.append(sentence) }
    onNotice()
  }
}
