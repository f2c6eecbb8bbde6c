import Base
import Foundation
import HDF5
import OrderedCollections
import Runner
import Synchronization
import TestSupport
import Testing

/// Results that lost something without changing their size.
@Suite struct DamagedInputTests {
  private let project: FakeProject
  private let notices = NoticeList()

  init() throws { project = try FakeProject() }

  private func run(
    _ instances: [Instance], isLocked: Bool = false, keepsGoing: Bool = false
  ) throws -> RunSummary {
    let executor = Executor(
      cache: Cache(folder: project.cache.folder), recipeFolder: project.recipeFolder,
      folders: project.folders, budget: RunBudget(threads: 1), keepsGoing: keepsGoing,
      display: notices,
      isLocked: isLocked)
    return try executor.run(project.plan(instances))
  }

  private func value(_ result: PlannedInstance, _ file: String) throws -> Int {
    try HDF5Reader(result.folder.appending(path: file)).read("/value")[0]
  }

  /// Flips a bit of a file in its place, whatever its permissions.
  private func flip(_ file: URL, at place: Int? = nil) throws {
    chmod(file.path, 0o644)
    var bytes = try Data(contentsOf: file)
    let index = place ?? bytes.count - 1
    bytes[index] ^= 1
    let handle = try FileHandle(forWritingTo: file)
    try handle.write(contentsOf: bytes)
    try handle.close()
  }

  private var damaged: [String] {
    let folder = project.cache.folder.appending(path: "damaged")
    return (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
  }

  @Test func anInputIsComparedBeforeItIsUsedAndMadeAgain() throws {
    let first = try run([.source(value: 3), .source("twin", value: 3)]).plan.results[0]
    try flip(first.folder.appending(path: "numbers.h5"))
    let summary = try run([.source(value: 3), .source("twin", value: 3), .training()])
    #expect((summary.ran, summary.cached, summary.failed) == (2, 1, 0))
    #expect(try value(summary.plan.results[2], "sum.h5") == 30)
    #expect(damaged.count == 1 && damaged[0].hasPrefix(first.artifact?.key ?? "?"))
    let notice = try #require(notices.all.first)
    #expect(notices.all.count == 1, "it came out as before")
    #expect(
      notice.hasPrefix(
        "'numbers' is damaged: the bytes of numbers.h5 are not those that were published ("))
    #expect(notice.hasSuffix(", and numbers is made again"))
    #expect(try CacheVerification(project.cache, isDeep: true).faults.isEmpty)
  }

  /// Two stages upstream: what is made again is made from whole inputs, too.
  @Test func whatItIsMadeAgainFromIsComparedAsWell() throws {
    let results = try run([.source(), .training()]).plan.results
    try flip(results[0].folder.appending(path: "numbers.h5"))
    try flip(results[1].folder.appending(path: "sum.h5"))
    let summary = try run([.source(), .training(), .chained("more", of: 1)])
    #expect((summary.ran, summary.cached) == (3, 0))
    #expect(try value(summary.plan.results[2], "sum.h5") == 100)
    #expect(damaged.count == 2)
  }

  @Test func whatComesOutOtherwiseIsSaid() throws {
    let folder = try run([.source(), .training()]).plan.results[1].folder
    try flip(folder.appending(path: "sum.h5"))
    try project.ask("slip-at-2")
    let summary = try run([.source(), .training(), .chained("more", of: 1)])
    #expect(summary.exitCode == 0)
    #expect(notices.all.last?.hasPrefix("trained came out with other bytes than before") == true)
  }

  @Test func aLockedRunStopsAndLeavesItThere() throws {
    let first = try run([.source()]).plan.results[0]
    try flip(first.folder.appending(path: "numbers.h5"))
    let summary = try run(
      [.source(), .training(), .source("z", value: 9)], isLocked: true, keepsGoing: true)
    guard case .failed(let sentence) = summary.outcomes[1] else {
      Issue.record("\(summary.outcomes)")
      return
    }
    #expect(sentence.contains("run without --locked to make it again"))
    #expect(summary.outcomes[2] == .skipped("skipped after a result was found damaged"))
    #expect(damaged.isEmpty && project.cache.keys().count == 1)
  }

  /// What nothing consumes is not read; once it has been, everybody knows.
  @Test func whatWasFoundDamagedStaysKnown() throws {
    let artifact = try #require(try run([.source()]).plan.results[0].artifact)
    try flip(artifact.output("numbers"))
    let cache = Cache(folder: project.cache.folder)
    guard case .present(let found) = cache.lookUp(artifact.key) else {
      Issue.record("nobody has read it yet")
      return
    }
    let error = #expect(throws: DamagedArtifact.self) { try found.whole("numbers.h5") }
    #expect(error?.description.hasSuffix("'warmup run' makes it again") == true)
    let words = "the bytes of numbers.h5 are not those that were published"
    #expect(Cache(folder: cache.folder).lookUp(artifact.key) == .damaged(words))
    #expect(try project.plan([.source()]).items[0].reason == "damaged: \(words)")
    #expect(try run([.source()]).ran == 1)
    #expect(notices.all.first?.hasPrefix("numbers is damaged: \(words); it was moved to ") == true)
  }

  @Test func anEditedRecordIsNoticedAndAnOldOneRead() throws {
    let artifact = try #require(try run([.source(), .training()]).plan.results[1].artifact)
    let file = artifact.folder.appending(path: "record.json")
    let text = try String(contentsOf: file, encoding: .utf8)
    func found(_ text: String) throws -> CachedArtifact {
      try FileManager.default.removeItem(at: file)
      try Data(text.utf8).write(to: file)
      return project.cache.lookUp(artifact.key)
    }
    let noticed = CachedArtifact.damaged(
      "record.json cannot be used: it was changed after it was written")
    #expect(try found(text.replacing("\"sum\": 10", with: "\"sum\": 99")) == noticed)
    #expect(try found(text.replacing("\"host\": \"", with: "\"host\": \"x")) == noticed)
    #expect(try found(text + " ") == noticed)
    #expect(try found(text.replacing("\"digest\": \"", with: "\"digest\": \"0")) == noticed)
    var members = try #require(try JSONValue(parsing: Data(text.utf8)).object)
    members["digest"] = 1
    #expect(try found(JSONValue.object(members).prettyText) == noticed)
    members["digest"] = nil
    guard case .present(let old) = try found(JSONValue.object(members).prettyText) else {
      Issue.record("records of older versions have no digest")
      return
    }
    #expect(!old.record.isSealed && old.record.values == artifact.record.values)
    #expect(try CacheVerification(project.cache, isDeep: false).unsealed == 1)
    // What the key is made of is covered in all records.
    members["key_fields"] = .object(
      (members["key_fields"]?.object ?? [:]).merging(["kind_version": 9]) { $1 })
    #expect(
      try found(JSONValue.object(members).prettyText)
        == .damaged("its key is not the one that its record comes to"))
    #expect(try project.cache.isWhole(artifact.key) == false && found(text) != noticed)
    #expect(try project.cache.isWhole(artifact.key))
  }

  /// What is not asked for and is the same result is the one that was made again, too.
  @Test func aTwinThatIsNotAskedForIsTheOneMadeAgain() throws {
    let both: [Instance] = [.source(), .training(seed: 1), .training(seed: 2)]
    let old = try #require(try run(both).plan.results[2].artifact)
    try flip(old.folder.appending(path: "sum.h5"))
    let part = try PlanPart(["seed=1"], of: ["seed": [1, 2]])
    let plan = try project.plan(both + [.chained("more", of: 1)]).only(part)
    let items = try project.executor().run(plan).plan.items
    #expect(items.map(\.isDone) == [true, true, true, true] && items[2].state == .notAsked)
    #expect(items[2].artifact == items[1].artifact)
    #expect(items[2].artifact?.record.started != old.record.started)
  }

  @Test func verificationFindsWhatWasTouchedAndDeepWhatWasNot() throws {
    let results = try run([.source(), .training()]).plan.results
    func faults(deep: Bool) throws -> [String] {
      try CacheVerification(Cache(folder: project.cache.folder), isDeep: deep).faults.map {
        "\($0.place.lastPathComponent): \($0.reason)"
      }
    }
    #expect(try faults(deep: false) == [] && faults(deep: true) == [])
    try flip(results[0].folder.appending(path: "numbers.h5"))
    let flipped = "the bytes of numbers.h5 are not those that were published"
    #expect(try faults(deep: false) == ["numbers.h5: \(flipped)"])

    // A copy has other inodes, of which nothing is remembered.
    let copy = project.folder.file("copy")
    try FileManager.default.copyItem(at: project.cache.folder, to: copy)
    try FileManager.default.removeItem(at: copy.appending(path: "digests.jsonl"))
    let quick = try CacheVerification(Cache(folder: copy), isDeep: false)
    #expect(quick.faults.isEmpty && (quick.files, quick.compared) == (3, 0))
    #expect(quick.text.hasSuffix("'--deep' reads all bytes.\n"))
    let deep = try CacheVerification(Cache(folder: copy), isDeep: true)
    #expect(deep.faults.map(\.instance) == ["numbers"] && deep.compared == 3)
    #expect(deep.text.contains("1 fault found; 2 artifacts, the bytes of 3 of 3 files compared"))
  }

  @Test func verificationCanBeInterrupted() throws {
    _ = try run([.source()])
    let interruption = Interruption()
    interruption.request()
    #expect(throws: InterruptedError.self) {
      try CacheVerification(project.cache, isDeep: false, interruption: interruption)
    }
  }

  @Test func verificationFindsWhatIsMissingOrDoesNotBelong() throws {
    let results = try run([.source(), .training()]).plan.results
    try FileManager.default.removeItem(at: results[0].folder.appending(path: "numbers.h5"))
    try Data().write(to: results[1].folder.appending(path: "stray"))
    let found = try CacheVerification(project.cache, isDeep: false).faults.map(\.reason)
    #expect(Set(found) == ["numbers.h5 is missing", "it is not a file of the artifact"])
  }

  @Test func whatIsWrittenToWhileItIsReadIsNotUsed() throws {
    try project.ask("content", "first")
    try project.ask("write-meanwhile")
    let summary = try run([.source(needsContent: true)])
    guard case .failed(let sentence) = summary.outcomes[0] else {
      Issue.record("it was published")
      return
    }
    #expect(sentence.contains("content was written to while it was read"))
    #expect(project.cache.keys().isEmpty)
    #expect(try run([.source(needsContent: true)]).ran == 1)
  }

  @Test func aDamagedCheckpointIsNotGoneOnFrom() throws {
    try project.ask("fail-at-4")
    let instances: [Instance] = [.source(), .training()]
    #expect(try run(instances).failed == 1)
    let key = try #require(try project.plan(instances).items[1].key)
    let folder = project.cache.workFolder(key).url.appending(path: "checkpoints")
    // The sum itself: what is read is a whole HDF5 file with another number.
    let file = folder.appending(path: "step-3.h5")
    let bytes = try Data(contentsOf: file)
    let place = try #require(bytes.lastRange(of: Data([6, 0, 0, 0, 0, 0, 0, 0]))?.lowerBound)
    try flip(file, at: place)
    #expect(try HDF5Reader(file).read("/sum") == [7])
    let found = try CacheVerification(project.cache, isDeep: true)
    #expect(found.checkpoints == 2 && found.faults.map(\.place.lastPathComponent) == ["step-3.h5"])
    let result = try run(instances).plan.results[1]
    #expect(try value(result, "sum.h5") == 10)
  }
}

/// What a run says.
final class NoticeList: RunDisplay {
  private let notices = Mutex<[String]>([])

  var all: [String] { notices.withLock { $0 } }

  func begin(_ title: InstanceTitle) {}
  func end(_ title: InstanceTitle, _ outcome: InstanceOutcome) {}
  func update(_ title: InstanceTitle, _ progress: StageProgress) {}
  func notice(_ text: String) { notices.withLock { $0.append(text) } }
}
