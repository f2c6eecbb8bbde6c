import Base
import Foundation
import HDF5
import OrderedCollections
import Runner
import Synchronization
import TestSupport
import Testing

/// Several instances at work in one run.
@Suite(.ownThread) struct SideBySideTests {
  private let project: FakeProject

  init() throws { project = try FakeProject() }

  /// Two chains and a lone source, with stages of equal keys among them.
  private let instances: [Instance] = [
    .source(value: 3), .source("twin", value: 3), .training(), .training("of_twin", of: 1),
    .chained("more", of: 2), .training("wide", of: 1, seed: 1, steps: 40), .source("z", value: 9),
  ]

  @Test func resultsAndTheirOrderAreThoseOfOneAfterTheOther() throws {
    let other = try FakeProject()
    let one = try project.run(instances)
    let three = try other.run(instances, jobs: 3)
    #expect((one.ran, one.cached) == (5, 2))
    #expect((three.ran, three.cached, three.exitCode) == (5, 2, 0))
    #expect(three.outcomes[1] == .cached && three.outcomes[3] == .cached, "the first ran")
    #expect(three.plan.results.map(\.name) == one.plan.results.map(\.name))
    #expect(other.notes.sorted() == project.notes.sorted())
    for (mine, its) in zip(one.plan.results, three.plan.results) {
      #expect(mine.artifact?.record.files == its.artifact?.record.files)
      #expect(mine.artifact?.record.instance == its.artifact?.record.instance)
    }
    let locks = try [project, other].map {
      try Data(contentsOf: $0.recipeFolder.appending(path: "lock.json"))
    }
    #expect(locks[0] == locks[1])
    #expect(try other.run(instances, jobs: 3).cached == 7)
  }

  @Test func stagesMeetAndShareTheThreads() throws {
    let meeting: [Instance] = (1...3).map { .meeting($0, of: 3) }
    let budget = RunBudget(jobs: 3, threads: 4)
    let summary = try project.executor(budget: budget).run(project.plan(meeting))
    #expect(summary.ran == 3, "\(summary.failures)")
    let threads = summary.plan.results.compactMap { $0.values["threads"]?.number }
    #expect(threads.sorted() == [1, 1, 2])
  }

  @Test func whatMustRunAloneHasAllThreads() throws {
    let summary = try project.executor(budget: RunBudget(jobs: 3, threads: 4)).run(
      project.plan([.meeting(1, of: 1), .chained("later", of: 0), .chained("last", of: 1)]))
    #expect(summary.plan.results.first?.values["threads"]?.number == 4, "\(summary.failures)")
  }

  @Test(arguments: [(4, 2), (6, 1)])
  func twoBeginOnlyWhereBothFit(need: Int, atOnce: Int) throws {
    let display = CountingDisplay()
    let names = (1...3).map { "meeting[seed=\($0)]" }
    let budget = RunBudget(
      jobs: 3, threads: 3, memory: Dictionary(names.map { ($0, need) }) { $1 }, freeMemory: { 10 })
    let summary = try project.executor(budget: budget, display: display).run(
      project.plan((1...3).map { .meeting($0, of: atOnce) }))
    #expect(summary.ran == 3, "\(summary.failures)")
    #expect(display.most == atOnce)
  }

  @Test func whatFindsNoMemoryBesideOthersRunsByItself() throws {
    try project.ask("short-of-memory")
    let display = CountingDisplay()
    let pair: [Instance] = [.meeting(1, of: 1), .meeting(2, of: 1)]
    let budget = RunBudget(jobs: 2, threads: 2, freeMemory: { 10 })
    let summary = try project.executor(budget: budget, display: display).run(project.plan(pair))
    #expect(summary.ran == 2, "\(summary.failures)")
    #expect(
      display.notices.contains { $0.contains("waits until nothing else is at work: it needs") },
      "\(display.notices)")
    try project.ask("short-of-memory")
    let alone = try project.run([.meeting(3, of: 1)])
    #expect(alone.failed == 1, "one at a time has all that there is")
  }

  @Test func afterAFailureTheOthersEndAndNothingMoreBegins() throws {
    try project.ask("fail-at-2")
    // The first ends only when the second has failed.
    let all: [Instance] = [
      .meeting(1, of: 3), .meeting(2, of: 2), .source(), .training(of: 2), .chained("more", of: 3),
    ]
    let summary = try project.run(all, jobs: 2)
    if case .ran = summary.outcomes[0] {} else { Issue.record("\(summary.outcomes)") }
    #expect(summary.outcomes[1] == .failed("no more chalk"))
    #expect(summary.outcomes[4] == .skipped("skipped after the failure"))
    try project.ask("fail-at-2")
    let going = try project.run(all, keepsGoing: true, jobs: 2)
    #expect((going.ran + going.cached, going.failed, going.skipped) == (4, 1, 0))
  }

  @Test func allStopAtCheckpointsWhenAsked() throws {
    let trainings: [Instance] = [
      .source(), .training("a", seed: 1, steps: 5000), .training("b", seed: 2, steps: 5001),
      .training("c", seed: 3, steps: 5002),
    ]
    let interruption = Interruption()
    let display = CountingDisplay(onUpdate: { title, progress in
      if title.name.hasPrefix("b"), progress.done > 3 { interruption.request() }
    })
    let summary = try project.executor(
      budget: RunBudget(jobs: 2, threads: 2), interruption: interruption, display: display
    ).run(project.plan(trainings))
    #expect(summary.outcomes[1] == .interrupted && summary.outcomes[2] == .interrupted)
    #expect(summary.outcomes[3] == .skipped("skipped: interrupted before it started"))
    #expect(summary.exitCode == 130)
    let reasons = try project.plan(trainings).items.map(\.reason)
    #expect(reasons[1].hasPrefix("resumes from step") && reasons[2].hasPrefix("resumes from step"))
  }

  @Test func whatIsDamagedIsMadeAgainOnce() throws {
    let folder = try project.run([.source(value: 3)]).plan.results[0].folder
    let file = folder.appending(path: "numbers.h5")
    var bytes = try Data(contentsOf: file)
    bytes[bytes.count - 1] ^= 1
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file.path)
    let handle = try FileHandle(forWritingTo: file)
    try handle.write(contentsOf: bytes)
    try handle.close()
    let all: [Instance] = [
      .source(value: 3), .training("a", seed: 1), .training("b", seed: 2, steps: 5),
    ]
    let summary = try project.run(all, jobs: 3)
    #expect((summary.ran, summary.failed) == (3, 0), "\(summary.failures)")
    #expect(project.notes.count { $0 == "ran numbers" } == 2)
    let damaged = project.cache.folder.appending(path: "damaged")
    #expect(try FileManager.default.contentsOfDirectory(atPath: damaged.path).count == 1)
  }

  @Test func keptStepsOfAFinishedTrainingNeedItOnce() throws {
    _ = try project.run([.source(), .training()])
    let summary = try project.run(
      [.source(), .training(), .kept(1), .kept(2), .kept(3), .kept(4)], jobs: 3)
    #expect((summary.failed, summary.exitCode) == (0, 0), "\(summary.failures)")
    #expect(project.notes == ["ran numbers", "ran trained", "ran trained"])
  }

  /// Another process holds a key: the rest is done meanwhile, with one job as with two.
  @Test(arguments: [1, 2]) func aKeyThatIsHeldIsReturnedTo(jobs: Int) throws {
    let plan = try project.plan([.source(), .training(), .source("z", value: 9)])
    try project.cache.prepare()
    let key = try #require(plan.items[0].key)
    let file = project.cache.folder.appending(path: "locks/\(key).lock")
    let lock = try #require(try FileLock.attempt(file))
    let project = project
    let display = CountingDisplay(onNotice: { _ in
      if project.notes == ["ran z"] { lock.release() }
    })
    let summary = try project.executor(
      budget: RunBudget(jobs: jobs, threads: jobs), display: display
    ).run(plan)
    #expect(summary.outcomes.allSatisfy { if case .ran = $0 { true } else { false } })
    #expect(project.notes == ["ran z", "ran numbers", "ran trained"])
    #expect(display.notices.count == 1 && display.notices[0].hasPrefix("numbers: waiting, process"))
  }

  /// Runs that are started at once begin with different instances, and each runs once.
  @Test func severalRunsShareTheWork() async throws {
    let all: [Instance] = (1...3).map { .meeting($0, of: 3) }
    let plan = try project.plan(all)
    let summaries = try await withThrowingTaskGroup(of: RunSummary.self) { group in
      for _ in 0..<3 {
        let executor = project.executor()
        group.addTask { try executor.run(plan) }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(summaries.map(\.exitCode) == [0, 0, 0], "\(summaries.map(\.failures))")
    #expect(summaries.map(\.ran) == [1, 1, 1], "each had to be at work for the others to end")
  }
}

/// Counts what is at work, and keeps what it is told.
private final class CountingDisplay: RunDisplay {
  private struct State {
    var running: Set<Int> = []
    var most = 0
    var notices: [String] = []
  }

  private let state = Mutex(State())
  private let onUpdate: @Sendable (InstanceTitle, StageProgress) -> Void
  private let onNotice: @Sendable (String) -> Void

  init(
    onNotice: @escaping @Sendable (String) -> Void = { _ in },
    onUpdate: @escaping @Sendable (InstanceTitle, StageProgress) -> Void = { _, _ in }
  ) {
    self.onNotice = onNotice
    self.onUpdate = onUpdate
  }

  var most: Int { state.withLock { $0.most } }
  var notices: [String] { state.withLock { $0.notices } }

  func begin(_ title: InstanceTitle) {
    state.withLock {
      $0.running.insert(title.number)
      $0.most = max($0.most, $0.running.count)
    }
  }
  func end(_ title: InstanceTitle, _ outcome: InstanceOutcome) {
    state.withLock { _ = $0.running.remove(title.number) }
  }
  func putOff(_ title: InstanceTitle) {
    state.withLock { _ = $0.running.remove(title.number) }
  }
  func update(_ title: InstanceTitle, _ progress: StageProgress) { onUpdate(title, progress) }
  func notice(_ sentence: String) {
    state.withLock { $0.notices.append(sentence) }
    onNotice(sentence)
  }
}

/// A stage that ends only when so many of its kind have been at work, that one among them.
private struct MeetingStage: Stage {
  struct Parameters: ParameterSet {
    var seed = 1
    var count = 2
    static var fields: [Field<Self>] {
      [
        Field("seed", \.seed, "which"), Field("count", \.count, identity: false, "how many meet"),
      ]
    }
  }

  static let kind = "meeting"
  static let version = 1
  static let summary = "meets"
  static let inputs: [StagePort] = []
  static let outputs = [StagePort("sum", ArtifactType("Numbers"), "nothing")]
  let parameters: Parameters

  func run(_ context: StageContext) throws {
    let control = context.folders.searchPaths[0]
    if (try? FileManager.default.removeItem(at: control.appending(path: "short-of-memory"))) != nil
    {
      try MemoryLimit.check(
        11, of: "it", for: "words", advice: "say less",
        limit: MemoryLimit(name: "the test", total: 10, free: 10))
    }
    let arrived = control.appending(path: "arrived-\(parameters.seed)")
    try Data().write(to: arrived)
    let deadline = ContinuousClock.now + .seconds(60)
    while try FileManager.default.contentsOfDirectory(atPath: control.path)
      .count(where: { $0.hasPrefix("arrived-") }) < parameters.count
    {
      if ContinuousClock.now > deadline { throw StageError.failed("nobody came") }
      Thread.sleep(forTimeInterval: 0.005)
    }
    let fault = control.appending(path: "fail-at-\(parameters.seed)")
    if (try? FileManager.default.removeItem(at: fault)) != nil {
      try Data().write(to: control.appending(path: "arrived-and-failed"))
      throw StageError.failed("no more chalk")
    }
    context.publish(Double(context.threads), as: "threads")
    try HDF5File.create(context.output("sum")) { try $0.write([parameters.seed], to: "/value") }
  }
}

extension Instance {
  fileprivate static func meeting(_ seed: Int, of count: Int) -> Instance {
    var parameters = MeetingStage.Parameters()
    parameters.seed = seed
    parameters.count = count
    return Instance(
      stageName: "meeting", point: ["seed": .integer(seed)],
      stage: MeetingStage(parameters: parameters), parameters: parameters.json,
      identity: parameters.identity, inputs: [])
  }
}
