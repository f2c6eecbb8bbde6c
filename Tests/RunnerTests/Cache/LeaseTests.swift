import Base
import Foundation
import Runner
import Synchronization
import TestSupport
import Testing

/// Leases between processes that share a folder and no lock of a system.
@Suite struct LeaseTests {
  private let scratch: ScratchFolder
  private let folder: URL

  init() throws {
    scratch = try ScratchFolder()
    folder = scratch.file("ab12.lease")
  }

  private func taken(_ court: LeaseCourt) throws -> Lease? {
    if case .taken(let lease) = try Lease.attempt(folder, court: court) { lease } else { nil }
  }

  private func refusal(_ court: LeaseCourt) throws -> String? {
    if case .held(let sentence) = try Lease.attempt(folder, court: court) { sentence } else { nil }
  }

  @Test func excludesOtherMachinesUntilReleased() throws {
    let first = try #require(try taken(.machine("n1", job: "7")))
    let words = try #require(try refusal(.machine("n2")))
    #expect(words.hasPrefix("process 12 on n1 (job 7 of Slurm) has been working on it since 20"))
    #expect(Lease.holder(of: folder, court: .machine("n2")) == words)
    try first.check()
    first.release()
    first.release()
    #expect(!FileManager.default.fileExists(atPath: folder.path))
    #expect(Lease.holder(of: folder, court: .machine("n2")) == nil)
    try #require(try taken(.machine("n2"))).release()
  }

  @Test func isTakenOverOnlyWhereItIsOldAndItsOwnerDead() throws {
    let stale = try #require(try taken(.machine("n1", job: "7")))
    let isOver = LeaseCourt.machine("n2", isJobOver: true)
    #expect(try taken(isOver) == nil, "it was touched a moment ago")
    try folder.makeOld(seconds: 290)
    #expect(try taken(isOver) == nil)
    try folder.makeOld(seconds: 310)
    #expect(try taken(.machine("n2", isJobOver: false)) == nil)
    let doubt = try #require(try refusal(.machine("n2", isJobOver: nil)))
    #expect(
      doubt.hasPrefix(
        "process 12 on n1 (job 7 of Slurm) was working on it and has not been heard of for 5 min"))
    #expect(doubt.hasSuffix("If it is, type: rm -r '\(folder.path)'"))
    try stale.check()

    let heir = try #require(try taken(isOver))
    #expect(throws: LeaseError.lost("process 12 on n2")) { try stale.check() }
    stale.release()
    try heir.check()
    #expect(try taken(.machine("n3")) == nil, "the stale owner gave back only its own")
    heir.release()
    #expect(!FileManager.default.fileExists(atPath: folder.path))
  }

  /// A file system that fails for a moment takes no lease away.
  @Test func isNotLostWhereItCannotBeRead() throws {
    let lease = try #require(try taken(.machine("n1")))
    let file = folder.appending(path: "1")
    let content = try Data(contentsOf: file)
    try Data().write(to: file)
    try lease.check()
    try content.write(to: file)
    try lease.check()
    lease.release()
    #expect(!FileManager.default.fileExists(atPath: folder.path))
  }

  /// The file is removed by hand, as the sentence says.
  @Test func isLostWhenItsFileIsRemoved() throws {
    let lease = try #require(try taken(.machine("n1")))
    try FileManager.default.removeItem(at: folder)
    #expect(throws: LeaseError.lost(nil)) { try lease.check() }
  }

  @Test func whatWasBegunAndNeverWrittenGoesOnceItIsOld() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data().write(to: folder.appending(path: "1"))
    #expect(try taken(.machine("n2")) == nil)
    try folder.makeOld(seconds: 310)
    try #require(try taken(.machine("n2"))).release()
  }

  @Test func ofManyHeirsOneTakesIt() async throws {
    for _ in 0..<10 {
      let stale = try #require(try taken(.machine("n1", job: "7")))
      try folder.makeOld(seconds: 310)
      let folder = folder
      let heirs = try await withThrowingTaskGroup(of: Lease?.self) { group in
        for number in 2..<8 {
          group.addTask {
            let court = LeaseCourt.machine("n\(number)", isJobOver: true)
            let attempt = try Lease.attempt(folder, court: court)
            return if case .taken(let lease) = attempt { lease } else { nil }
          }
        }
        return try await group.reduce(into: [Lease]()) { if let lease = $1 { $0.append(lease) } }
      }
      #expect(heirs.count == 1)
      stale.release()
      for heir in heirs {
        try heir.check()
        heir.release()
      }
    }
  }
}

/// Who counts as dead.
@Suite struct LeaseCourtTests {
  private static let here = LeaseOwner(
    host: "n1", boot: "boot-1", process: 50, processStart: 900, namespace: "pid:[1]")

  private func verdict(
    on owner: LeaseOwner, age: Double = 0, own: LeaseOwner = here, processes: [Int: Int] = [:],
    isJobOver: Bool? = nil
  ) -> LeaseVerdict {
    LeaseCourt(
      own: own, processStart: { processes[$0] }, isProcess: { processes[$0] != nil },
      isJobOver: { _ in isJobOver }
    ).verdict(on: owner, age: age)
  }

  @Test func aProcessOfThisMachineIsDeadWhenItIsGone() {
    var owner = Self.here
    owner.process = 12
    owner.processStart = 800
    #expect(verdict(on: owner, age: 1e6, processes: [12: 800]) == .alive)
    #expect(verdict(on: owner, processes: [12: 801]) == .dead, "another of the same number")
    #expect(verdict(on: owner) == .dead)
    owner.namespace = "pid:[2]"
    #expect(verdict(on: owner, processes: [12: 800]) == .dead, "its container holds no lock")
    owner.namespace = "pid:[1]"
    owner.processStart = nil
    #expect(verdict(on: owner, processes: [12: 801]) == .alive)
  }

  @Test func aMachineThatStartedAnewHasNoneOfItsProcesses() {
    var owner = Self.here
    owner.boot = "boot-0"
    #expect(verdict(on: owner, age: 59, processes: [50: 900]) == .alive)
    #expect(verdict(on: owner, age: 60, processes: [50: 900]) == .dead)
    owner.boot = ""
    #expect(verdict(on: owner, age: 1e6, processes: [50: 900]) == .unknown)
  }

  private static let answers: [(Bool?, LeaseVerdict)] = [
    (true, .dead), (false, .alive), (nil, .unknown),
  ]

  @Test(arguments: answers)
  func slurmSaysWhetherAJobIsOver(isOver: Bool?, expected: LeaseVerdict) {
    let owner = LeaseOwner(host: "n2", boot: "boot-2", process: 50, job: "7")
    #expect(verdict(on: owner, age: 299, isJobOver: isOver) == .alive)
    #expect(verdict(on: owner, age: 300, isJobOver: isOver) == expected)
  }

  @Test func aJobThatBeganAgainTakesItsOwn() {
    var owner = LeaseOwner(host: "n2", boot: "boot-2", process: 50, job: "7", restarts: 1)
    var own = Self.here
    own.job = "7"
    own.restarts = 2
    #expect(verdict(on: owner, own: own) == .dead)
    owner.restarts = 2
    #expect(verdict(on: owner, own: own) == .alive)
    owner.job = "8"
    owner.restarts = 1
    #expect(verdict(on: owner, own: own) == .alive)
  }

  @Test func whoeverIsStartedUnderTheSameNameComesAfterIt() {
    var owner = LeaseOwner(host: "n2", boot: "boot-2", process: 50, name: "night")
    var own = Self.here
    own.name = "night"
    #expect(verdict(on: owner, age: 299, own: own) == .alive)
    #expect(verdict(on: owner, age: 300, own: own) == .dead)
    owner.name = nil
    own.name = nil
    #expect(verdict(on: owner, age: 1e6, own: own) == .unknown)
  }

  /// One that was killed and whose parent has not asked for it holds nothing any more.
  @Test(.timeLimit(.minutes(1))) func aProcessThatHasEndedIsNone() throws {
    var child: pid_t = 0
    let arguments = [strdup("true"), nil]
    defer { free(arguments[0]) }
    try #require(posix_spawn(&child, "/bin/true", nil, nil, arguments, nil) == 0)
    defer { waitpid(child, nil, 0) }
    while LeaseOwner.isAtWork(process: Int(child)) { usleep(1000) }
    #expect(kill(child, 0) == 0, "it has its number still")
    #expect(LeaseOwner.isAtWork(process: Int(getpid())))
  }

  @Test func thisProcessIsKnown() {
    let court = LeaseCourt()
    #expect(court.own.processStart != nil && !court.own.boot.isEmpty && !court.own.host.isEmpty)
    #expect(court.own.process == Int(ProcessInfo.processInfo.processIdentifier))
    #expect(court.verdict(on: court.own, age: 1e6) == .alive)
  }
}

/// Runs on several machines with one cache.
@Suite struct LeasedRunTests {
  private let project: FakeProject

  init() throws { project = try FakeProject() }

  private func leaseFolder(_ plan: Plan, _ index: Int) throws -> URL {
    let key = try #require(plan.items[index].key)
    return project.cache.folder.appending(path: "locks/\(key).lease")
  }

  private func run(
    _ plan: Plan, on court: LeaseCourt, display: any RunDisplay = SilentDisplay()
  ) throws -> RunSummary {
    try Executor(
      cache: Cache(folder: project.cache.folder, court: court),
      recipeFolder: project.recipeFolder, folders: project.folders, budget: RunBudget(threads: 1),
      display: display
    ).run(plan)
  }

  /// Another machine takes over after a step, the last one or one before: whoever was thought dead
  /// writes no checkpoint more and publishes nothing.
  @Test(arguments: [2, 4]) func aStaleOwnerCannotPublish(step: Int) throws {
    let plan = try project.plan([.source(), .training()])
    let folder = try leaseFolder(plan, 1)
    let heir = Mutex<Lease?>(nil)
    let display = StepDisplay(step: { reached in
      guard reached == step else { return }
      try? folder.makeOld(seconds: 310)
      let attempt = try? Lease.attempt(folder, court: .machine("n2", isJobOver: true))
      if case .taken(let lease) = attempt { heir.withLock { $0 = lease } }
    })
    let summary = try run(plan, on: .machine("n1", job: "7"), display: display)
    #expect(
      summary.failures.map(\.sentence) == [
        "process 12 on n2 took the work over because this process had not been heard of; nothing was "
          + "published by this one. Run again to see what came of it"
      ], "\(summary.outcomes)")
    let key = try #require(plan.items[1].key)
    #expect(project.cache.lookUp(key) == .absent)
    #expect(project.cache.workFolder(key).newestStep == step)

    try #require(heir.withLock { $0 }).release()
    let again = try run(try project.plan([.source(), .training()]), on: .machine("n2"))
    #expect(again.exitCode == 0 && again.ran == 1, "\(again.outcomes)")
    #expect(try project.cache.isWhole(key))
    #expect(again.plan.results.last?.artifact?.record.resumedFrom == step)
  }

  /// A run that was killed between publishing and giving its lease back.
  @Test func theLeaseOfADeadOwnerOfAResultGoes() throws {
    let stages: [Instance] = [.source()]
    let first = try run(try project.plan(stages), on: .machine("n1"))
    #expect(first.ran == 1)
    let folder = try leaseFolder(first.plan, 0)
    let attempt = try Lease.attempt(folder, court: .machine("n1", job: "7"))
    try Data().write(to: folder.appending(path: "now-1"))
    try folder.makeOld(seconds: 310)
    #expect(try run(try project.plan(stages), on: .machine("n2", isJobOver: false)).cached == 1)
    #expect(FileManager.default.fileExists(atPath: folder.path), "it may be at work")
    #expect(try run(try project.plan(stages), on: .machine("n2", isJobOver: true)).cached == 1)
    #expect(!FileManager.default.fileExists(atPath: folder.path), "\(attempt)")
  }

  @Test func aRunWaitsForAnotherMachineAndSaysForWhom() throws {
    let plan = try project.plan([.source()])
    try project.cache.prepare()
    let folder = try leaseFolder(plan, 0)
    let attempt = try Lease.attempt(folder, court: .machine("n1"))
    guard case .taken(let lease) = attempt else { throw StageError.failed("not taken") }
    let notices = Mutex<[String]>([])
    let display = StepDisplay(
      notice: { sentence in
        let count = notices.withLock {
          $0.append(sentence)
          return $0.count
        }
        if count == 1 { try? folder.makeOld(seconds: 1000) } else { lease.release() }
      })
    let summary = try run(plan, on: .machine("n2"), display: display)
    #expect(summary.ran == 1)
    let said = notices.withLock { $0 }
    #expect(said.count == 2)
    #expect(said[0].hasPrefix("numbers: waiting, process 12 on n1 has been working on it since"))
    #expect(said[1].contains("not been heard of for 16 min") && said[1].contains("type: rm -r '"))
  }

  @Test func nothingIsRemovedUnderARunOfAnotherMachine() throws {
    let other = Cache(folder: project.cache.folder, court: .machine("n1"))
    let presence = try other.enter()
    // The system's lock does not reach here, and whoever enters next must not take it for left behind.
    let locks = project.cache.folder.appending(path: "locks")
    for name in try FileManager.default.contentsOfDirectory(atPath: locks.path)
    where name.hasSuffix(".lock") {
      try FileManager.default.removeItem(at: locks.appending(path: name))
    }
    let here = Cache(folder: project.cache.folder, court: .machine("n2"))
    try here.enter().release()
    func remove() throws {
      _ = try CacheRemoval.carryOut(
        in: here, interruption: Interruption(), look: { throw InterruptedError() },
        saying: { _ in })
    }
    let error = #expect(throws: CacheInUseError.self) { try remove() }
    #expect(try #require(error).description.contains("is in use: process 12 on n1"))
    presence.release()
    #expect(throws: InterruptedError.self, "it came to look") { try remove() }
    #expect(try FileManager.default.contentsOfDirectory(atPath: locks.path) == [])
  }
}

extension LeaseCourt {
  /// That of process 12 of another machine, which has a kernel of its own. What it takes grows old only
  /// where a test says so, but is not touched while one waits.
  fileprivate static func machine(
    _ host: String, job: String? = nil, isJobOver: Bool? = nil
  ) -> LeaseCourt {
    var court = LeaseCourt(
      own: LeaseOwner(host: host, boot: "boot of \(host)", process: 12, job: job),
      processStart: { _ in nil }, isProcess: { _ in true }, isJobOver: { _ in isJobOver })
    court.isBeating = false
    return court
  }
}

extension URL {
  /// As if nothing in a folder had been touched for so long.
  fileprivate func makeOld(seconds: Double) throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: path) {
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: -seconds)],
        ofItemAtPath: appending(path: name).path)
    }
  }
}

/// Calls back at each step and each notice.
private final class StepDisplay: RunDisplay {
  private let step: @Sendable (Int) -> Void
  private let said: @Sendable (String) -> Void

  init(
    notice: @escaping @Sendable (String) -> Void = { _ in },
    step: @escaping @Sendable (Int) -> Void = { _ in }
  ) {
    self.step = step
    said = notice
  }

  func begin(_ title: InstanceTitle) {}
  func update(_ title: InstanceTitle, _ progress: StageProgress) { step(progress.done) }
  func end(_ title: InstanceTitle, _ outcome: InstanceOutcome) {}
  func notice(_ sentence: String) { said(sentence) }
}
