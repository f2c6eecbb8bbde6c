import Base
import Foundation
import Runner
import Synchronization
import TestSupport
import Testing

/// What gates do to runs.
@Suite struct GateRunTests {
  private let project: FakeProject

  init() throws { project = try FakeProject() }

  private static let registry = KindRegistry([
    FakeSource.self, FakeTraining.self, FakeKept.self, FakeGather.self,
  ])

  /// Three seeds with sums 3, 6 and 9 at the gate, and two arms.
  private func instances(
    require: String = "{sum: {at_least: 5}}", arms: String = "null", overrides: [String] = [],
    more: String = ""
  ) throws -> [Instance] {
    let text = """
      version: 1
      name: fake
      axes: {seed: [1, 2, 3], arm: [1, 2]}
      stages:
        numbers: {kind: fake_source, params: {value: "${seed}"}}
        arms:
          kind: fake_training
          inputs: {numbers: numbers}
          params: {steps: "${arm}"}
          require: \(arms)
        more: {kind: fake_training, inputs: {numbers: arms.sum}}
        skill:
          kind: fake_training
          inputs: {numbers: numbers}
          params: {steps: 2, rate: 2e-6}
          require: \(require)
        free: {kind: fake_source, params: {value: 9}}
      \(more)
      """
    return try Recipe.parse(
      text, file: project.folder.file("fake.yaml"), overrides: overrides, registry: Self.registry
    ).instances
  }

  private func names(_ plan: Plan, _ state: PlannedInstance.State) -> [String] {
    plan.items.filter { $0.state == state }.map(\.name)
  }

  private static let stopped = [
    "arms[seed=1,arm=1]", "arms[seed=1,arm=2]", "more[seed=1,arm=1]", "more[seed=1,arm=2]",
  ]
  private static let words =
    "gate skill failed at seed=1: sum 3 is below 5; 4 instances of seed=1 are not run"

  @Test func aFailedGateStopsItsPointAndIsNoError() throws {
    let instances = try instances()
    let summary = try project.run(instances)
    #expect((summary.ran, summary.stopped, summary.failed, summary.skipped) == (15, 4, 0, 0))
    #expect(summary.exitCode == 0)
    #expect(summary.plan.gateFailures == [Self.words])
    #expect(names(summary.plan, .stopped) == Self.stopped)
    #expect(project.notes.count == 15 && !project.notes.contains("ran arms[seed=1,arm=1]"))
    let plan = try project.plan(instances)
    #expect(names(plan, .stopped) == Self.stopped && plan.count(.cached) == 15)
    #expect(plan.gateFailures == [Self.words])
    #expect(
      plan.items.first { $0.state == .stopped }?.reason == "stopped by the gate skill at seed=1")
    let again = try project.run(instances)
    #expect((again.ran, again.cached, again.stopped, again.exitCode) == (0, 15, 4, 0))
    #expect(project.notes.count == 15)
  }

  /// Only the outcome is told; nothing is computed for another bound.
  @Test func anotherBoundComputesNothingAgain() throws {
    _ = try project.run(instances())
    let looser = try project.run(instances(require: "{sum: {at_least: 2}}"))
    #expect((looser.ran, looser.cached, looser.stopped) == (4, 15, 0))
    let tighter = try project.run(instances(require: "{sum: {at_least: 7, at_most: 8}}"))
    #expect((tighter.ran, tighter.cached, tighter.stopped, tighter.exitCode) == (0, 7, 12, 0))
    #expect(
      tighter.plan.gateFailures == [
        "gate skill failed at seed=1: sum 3 is below 7; 4 instances of seed=1 are not run",
        "gate skill failed at seed=2: sum 6 is below 7; 4 instances of seed=2 are not run",
        "gate skill failed at seed=3: sum 9 is above 8; 4 instances of seed=3 are not run",
      ])
    // What is stopped counts as not there, although the cache has it.
    #expect(tighter.plan.results.count == 7)
    let none = try project.run(instances(require: "null"))
    #expect((none.ran, none.cached, none.stopped) == (0, 19, 0))
  }

  @Test func aMarkedPointRuns() throws {
    let summary = try project.run(instances(require: "{sum: {at_most: 5}, otherwise: mark}"))
    #expect((summary.ran, summary.stopped, summary.exitCode) == (19, 0, 0))
    #expect(
      summary.plan.gateFailures == [
        "gate skill failed at seed=2: sum 6 is above 5; everything of seed=2 runs, and is marked",
        "gate skill failed at seed=3: sum 9 is above 5; everything of seed=3 runs, and is marked",
      ])
  }

  @Test func whatIsMissingFails() throws {
    let summary = try project.run(instances(require: "{sum: {at_least: 1}, solved: {at_least: 0}}"))
    #expect(summary.stopped == 12)
    #expect(
      summary.plan.gateFailures.first?.hasPrefix(
        "gate skill failed at seed=1: there is no value 'solved'; 4") == true)
  }

  /// Values that follow from what was written are read, and NaN passes nothing.
  @Test(arguments: [(0.5, 0), (0.9, 12), (Double.nan, 12)])
  func valuesThatFollow(value: Double, stopped: Int) throws {
    let reader: ValueReader = { name, result in
      name == "derived" ? value : result.values[name]?.number
    }
    let planner = Planner(cache: project.cache, folders: project.folders, values: reader)
    let instances = try instances(require: "{derived: {at_most: 0.5}, sum: {at_least: 0}}")
    let executor = Executor(
      cache: project.cache, recipeFolder: project.recipeFolder, folders: project.folders,
      budget: RunBudget(threads: 1), values: reader)
    #expect(try executor.run(planner.plan(instances)).stopped == stopped)
    #expect(planner.plan(instances).count(.stopped) == stopped)
  }

  /// A gate over two axes stops single arms of a seed, and whatever is made from them.
  @Test func aGateOverTwoAxes() throws {
    // arm 1 sums to the seed, arm 2 to three times as much.
    let instances = try instances(require: "null", arms: "{sum: {at_least: 3}}")
    let summary = try project.run(instances)
    #expect(
      names(summary.plan, .stopped) == ["more[seed=1,arm=1]", "more[seed=2,arm=1]"])
    #expect(
      summary.plan.gateFailures == [
        "gate arms failed at seed=1, arm=1: sum 1 is below 3; 1 instance of seed=1, arm=1 is not run",
        "gate arms failed at seed=2, arm=1: sum 2 is below 3; 1 instance of seed=2, arm=1 is not run",
      ])
  }

  /// The later gate is itself stopped where the earlier one fails.
  @Test func severalGates() throws {
    let later = """
        late:
          kind: fake_training
          inputs: {numbers: arms.sum}
          params: {rate: 3e-6}
          require: {sum: {at_most: 25}}
        end: {kind: fake_training, inputs: {numbers: late.sum}}
      """
    let summary = try project.run(instances(more: later))
    // `late` is ten times its arm's sum: 20 and 60, 30 and 90.
    #expect(
      summary.plan.gateFailures == [
        "gate skill failed at seed=1: sum 3 is below 5; 8 instances of seed=1 are not run",
        "gate late failed at seed=2, arm=2: sum 60 is above 25; 2 instances of seed=2, arm=2 are not run",
        "gate late failed at seed=3, arm=1: sum 30 is above 25; 2 instances of seed=3, arm=1 are not run",
        "gate late failed at seed=3, arm=2: sum 90 is above 25; 2 instances of seed=3, arm=2 are not run",
      ])
    #expect(
      names(summary.plan, .stopped).filter { $0.hasPrefix("late") }
        == ["late[seed=1,arm=1]", "late[seed=1,arm=2]"])
    #expect(summary.ran == 31 - 8 - 6 && summary.exitCode == 0)
  }

  @Test func aGateWithoutAxesStopsTheRest() throws {
    let instances = try instances(
      require: "null",
      more: "  gate: {kind: fake_training, inputs: {numbers: free}, require: {sum: {at_most: 1}}}")
    let summary = try project.run(instances)
    #expect((summary.ran, summary.stopped, summary.exitCode) == (2, 18, 0))
    #expect(
      summary.plan.gateFailures == ["gate gate failed: sum 90 is above 1; 18 instances are not run"]
    )
  }

  /// What gathers over seeds cannot run without the stopped one.
  @Test func whatIsMadeFromStoppedInputsIsStopped() throws {
    let gathered = """
        all: {kind: fake_gather, over: [seed, arm], inputs: {numbers: arms.sum}}
        last: {kind: fake_training, inputs: {numbers: all}}
      """
    let plan = try project.run(instances(more: gathered)).plan
    #expect(names(plan, .stopped) == Self.stopped + ["all", "last"])
    #expect(
      plan.items[19].reason == "its input 'numbers[seed=1,arm=1]' (arms[seed=1,arm=1]) is stopped")
    #expect(plan.gateFailures.first?.hasSuffix("6 instances of seed=1 are not run") == true)
    let whole = try project.run(instances(require: "null", more: gathered))
    #expect((whole.ran, whole.stopped) == (6, 0))
  }

  // MARK: Failures, and runs that are cut off

  @Test func whatAFailedStageWouldHaveJudgedIsNotBegun() throws {
    try project.ask("fail-at-2")
    let instances = try instances()
    let summary = try project.run(instances, keepsGoing: true)
    #expect((summary.failed, summary.stopped, summary.skipped) == (1, 0, 4))
    #expect(summary.exitCode == 1)
    #expect(summary.outcomes.contains(.skipped("its gate 'skill[seed=1]' did not come out")))
    let again = try project.run(instances, keepsGoing: true)
    #expect((again.ran, again.stopped, again.skipped, again.exitCode) == (1, 4, 0, 0))
  }

  @Test func aMarkingGateHoldsNobodyBack() throws {
    try project.ask("fail-at-2")
    let summary = try project.run(
      instances(require: "{sum: {at_least: 5}, otherwise: mark}"), keepsGoing: true)
    #expect((summary.failed, summary.skipped, summary.ran) == (1, 0, 18))
  }

  @Test func aBlockedGateBlocksWhatWaitsForIt() throws {
    let blocked =
      "  gate: {kind: fake_source, params: {needs_content: true}, require: {sum: {at_most: 1}}}"
    let plan = try project.plan(instances(require: "null", more: blocked))
    #expect(plan.count(.blocked) == 20)
    #expect(plan.items.last?.reason == "its gate 'gate' is blocked")
  }

  @Test func aRunThatWasCutOffEndsAlike() throws {
    let whole = try project.run(instances())
    let other = try GateRunTests()
    for event in ["stop-at-1", "fail-at-2", "stop-at-2", "stop-at-4"] {
      try other.project.ask(event)
      _ = try other.project.executor(interruption: Interruption()).run(
        other.project.plan(other.instances()))
    }
    var ended = try other.project.run(other.instances())
    while ended.exitCode != 0 { ended = try other.project.run(other.instances()) }
    #expect(names(ended.plan, .stopped) == Self.stopped)
    #expect(ended.plan.gateFailures == whole.plan.gateFailures)
    #expect(ended.plan.results.map(\.key) == whole.plan.results.map(\.key))
    let locks = try [project, other.project].map {
      try String(contentsOf: $0.recipeFolder.appending(path: "lock.json"), encoding: .utf8)
    }
    #expect(locks[0] == locks[1])
  }

  @Test func twoRunsAtOnceAgree() async throws {
    let project = project
    let plan = try project.plan(instances())
    let all = try await withThrowingTaskGroup(of: RunSummary.self) { group in
      for _ in 0..<2 {
        let executor = project.executor()
        group.addTask { try executor.run(plan) }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(all.map(\.stopped) == [4, 4] && all.map(\.exitCode) == [0, 0])
    #expect(all[0].ran + all[1].ran == 15)
    #expect(all[0].plan.gateFailures == all[1].plan.gateFailures)
  }

  @Test func aFailureIsSaidAtOnce() throws {
    let display = LineDisplay()
    _ = try project.executor(display: display).run(project.plan(instances()))
    let lines = display.lines
    let index = try #require(lines.firstIndex(of: Self.words))
    #expect(lines[index - 1] == "skill[seed=1] ran")
    #expect(lines[index + 1] == "skill[seed=2] ran")
    #expect(lines.contains("arms[seed=1,arm=1] stopped by the gate skill at seed=1"))
  }

  // MARK: Locks

  @Test func theLockHoldsWhatIsStopped() throws {
    let instances = try instances()
    _ = try project.run(instances)
    let lock = try RecipeLock(recipeFolder: project.recipeFolder)
    #expect(lock.entries.count == 19 && lock.keys.count == 15)
    #expect(lock.entries.filter { $0.value.isStopped }.keys.sorted() == Self.stopped)
    try lock.check(project.plan(instances), path: "x")
    // Where nothing has run yet it is the same experiment.
    let other = try FakeProject()
    try lock.check(other.plan(instances), path: "x")
    #expect(lock.entries == RecipeLock(try project.plan(instances)).entries)
    let changed = try self.instances(overrides: ["stages.more.params.steps=9"])
    #expect(lock.differences(from: try project.plan(changed)).count == 6)
  }

  @Test func whatWasStoppedHasNeverRun() throws {
    _ = try project.run(instances())
    let plan = try project.plan(instances(require: "null"))
    #expect(names(plan, .toRun) == Self.stopped)
    #expect(
      plan.items.filter { $0.state == .toRun }.map(\.reason)
        == Array(repeating: "never run", count: 4))
  }
}

/// Takes the first of the numbers along some axes.
private struct FakeGather: Stage {
  struct Parameters: ParameterSet {
    static var fields: [Field<Self>] { [] }
  }

  static let kind = "fake_gather"
  static let version = 1
  static let gathers = true
  static let summary = "gathers"
  static let inputs = [StagePort("numbers", ArtifactType("Numbers"), "the numbers")]
  static let outputs = [StagePort("numbers", ArtifactType("Numbers"), "the first")]

  init(parameters: Parameters) {}

  func run(_ context: StageContext) throws {
    let first = try #require(context.inputs(gatheredBy: "numbers").first)
    try FileManager.default.copyItem(at: first.file, to: context.output("numbers"))
  }
}

/// What a display is told, a line each.
private final class LineDisplay: RunDisplay {
  private let kept = Mutex<[String]>([])
  var lines: [String] { kept.withLock { $0 } }

  func begin(_ title: InstanceTitle) {}
  func update(_ title: InstanceTitle, _ progress: StageProgress) {}
  func notice(_ sentence: String) { kept.withLock { $0.append(sentence) } }
  func end(_ title: InstanceTitle, _ outcome: InstanceOutcome) {
    let words =
      switch outcome {
      case .ran: "ran"
      case .stopped(let reason): reason
      default: "\(outcome)"
      }
    kept.withLock { $0.append("\(title.name) \(words)") }
  }
}
