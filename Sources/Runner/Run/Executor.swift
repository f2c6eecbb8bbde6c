import Base
import Dispatch
import Foundation
import HDF5
import Synchronization

/// Carries out a plan, one instance after the other.
package struct Executor: Sendable {
  private let cache: Cache
  private let recipeFolder: URL
  private let environment: DataFolders
  private let threads: Int
  private let keepsGoing: Bool
  private let interruption: Interruption
  private let display: any RunDisplay
  private let versions: [String: String]

  /// Prepares an executor.
  /// - Parameters:
  ///   - recipeFolder: `results/<recipe>`, where the recipe's lock is kept.
  ///   - threads: how many threads a stage may use.
  ///   - keepsGoing: whether a failure stops only what depends on it.
  ///   - interruption: asks stages to stop; whoever handles signals requests it.
  ///   - versions: what to record beside the version of HDF5, such as this program's.
  package init(
    cache: Cache, recipeFolder: URL, environment: DataFolders, threads: Int,
    keepsGoing: Bool = false, interruption: Interruption = Interruption(),
    display: any RunDisplay = SilentDisplay(), versions: [String: String] = [:]
  ) {
    self.cache = cache
    self.recipeFolder = recipeFolder
    self.environment = environment
    self.threads = threads
    self.keepsGoing = keepsGoing
    self.interruption = interruption
    self.display = display
    self.versions = versions
  }

  /// Runs what is not in the cache yet. Blocks; stages run on threads of their own.
  ///
  /// Unless the executor keeps going, nothing runs while an instance is blocked, and nothing more
  /// runs after a failure.
  /// - Throws: `CacheError` when results cannot be written; what happens to single instances is in
  ///   the summary.
  package func run(_ plan: Plan) throws -> RunSummary {
    try cache.prepare()
    let start = ContinuousClock.now
    var run = Run(plan: plan)
    if !keepsGoing, plan.count(.blocked) > 0 {
      run.stop = "not begun, because other instances are blocked"
    }
    for (index, item) in plan.items.enumerated() {
      let title = InstanceTitle(
        name: item.instance.name, kind: item.instance.kind.kind, number: index + 1,
        total: plan.items.count)
      let outcome = settle(item, title, &run)
      run.outcomes.append(outcome)
      display.end(title, outcome)
      if case .failed = outcome, !keepsGoing, run.stop == nil {
        run.stop = "not begun after the failure"
      }
    }
    try RecipeLock.settle(
      run.cached, only: Set(plan.items.map(\.instance.name)), in: recipeFolder)
    return RunSummary(
      outcomes: run.outcomes, results: run.results, wasInterrupted: run.wasInterrupted,
      seconds: (ContinuousClock.now - start) / .seconds(1))
  }

  private func settle(
    _ item: PlannedInstance, _ title: InstanceTitle, _ run: inout Run
  ) -> InstanceOutcome {
    guard item.state != .blocked, let key = item.key, let fields = item.fields else {
      return .failed(item.reason)
    }
    if let reason = run.stop ?? run.missingInput(of: item.instance) { return .skipped(reason) }
    if interruption.isRequested {
      run.interrupt()
      return .skipped("not begun before the interruption")
    }
    do {
      let inputs = try run.inputs(of: item.instance)
      let obtained = try runner.obtain(item.instance, key, fields, inputs) { display.begin(title) }
      let entry = [item.instance.name: RecipeLock.Entry(key: key, fields: fields)]
      // Many may be cached, so the lock is not read and written for each of them.
      if obtained.seconds == nil {
        run.cached.merge(entry) { $1 }
      } else {
        try RecipeLock.update(entry, in: recipeFolder)
      }
      run.artifacts[title.number - 1] = obtained.artifact
      return obtained.seconds.map { .ran(seconds: $0) } ?? .cached
    } catch is InterruptedError {
      run.interrupt()
      return .interrupted
    } catch {
      return .failed(sentence(for: error))
    }
  }

  private var runner: InstanceRunner {
    InstanceRunner(
      cache: cache, environment: environment, threads: threads, interruption: interruption,
      display: display, versions: versions)
  }
}

/// What a run has come to so far.
private struct Run {
  let plan: Plan
  var outcomes: [InstanceOutcome] = []
  var artifacts: [Int: Artifact] = [:]
  var cached: [String: RecipeLock.Entry] = [:]
  var stop: String?
  var wasInterrupted = false

  init(plan: Plan) { self.plan = plan }

  mutating func interrupt() {
    wasInterrupted = true
    stop = "not begun before the interruption"
  }

  var results: [InstanceResult] {
    plan.items.enumerated().compactMap { index, item in
      artifacts[index].map { InstanceResult(item.instance, $0) }
    }
  }

  func missingInput(of instance: Instance) -> String? {
    let missing = instance.inputs.first { artifacts[$0.producer] == nil }
    return missing.map { input in
      let producer = plan.items[input.producer].instance.name
      return "its input '\(input.port)' (\(producer)) did not come out"
    }
  }

  func inputs(of instance: Instance) throws -> [String: InputArtifact] {
    var inputs: [String: InputArtifact] = [:]
    for input in instance.inputs {
      let producer = plan.items[input.producer].instance
      guard let artifact = artifacts[input.producer],
        let port = producer.kind.outputs.first(where: { $0.name == input.output })
      else { throw StageError.unbound(port: input.port) }
      inputs[input.port] = InputArtifact(
        file: artifact.output(input.output), key: artifact.key, instance: producer.name,
        type: port.type)
    }
    return inputs
  }
}

/// Brings one instance's result about: finds it in the cache, or runs the stage and publishes.
struct InstanceRunner {
  let cache: Cache
  let environment: DataFolders
  let threads: Int
  let interruption: Interruption
  let display: any RunDisplay
  let versions: [String: String]

  /// The result, and whether the stage ran for it.
  typealias Obtained = (artifact: Artifact, seconds: Double?)

  /// Takes the result from the cache, or runs the stage under the key's lock.
  /// - Parameter begin: called before the work begins, if there is any.
  /// - Throws: whatever the stage throws, `StageError`, `CacheError`.
  func obtain(
    _ instance: Instance, _ key: String, _ fields: KeyFields, _ inputs: [String: InputArtifact],
    begin: () -> Void
  ) throws -> Obtained {
    let (artifact, isNew) = try cache.obtain(
      key, interruption: interruption,
      waiting: { display.notice("\(instance.name): waiting, \($0)") }, begin: begin
    ) { output, work in
      try run(instance, key, fields, inputs, output: output, work)
    }
    return (artifact, isNew ? artifact.record.seconds : nil)
  }

  private func run(
    _ instance: Instance, _ key: String, _ fields: KeyFields, _ inputs: [String: InputArtifact],
    output: URL, _ work: WorkFolder
  ) throws -> ArtifactRecord {
    let parts = PartRunner(
      cache: cache, kind: instance.kind.kind, instance: instance.name, interruption: interruption,
      display: display, versions: versions)
    let context = try StageContext(
      instance: instance.name, inputs: inputs, outputDirectory: output, workDirectory: work.url,
      environment: environment, threads: threads, interruption: interruption, progress: display,
      parts: parts)
    let resumedFrom = work.newestStep
    // Steps that an attempt without checkpoints logged are about to be logged again.
    if resumedFrom == nil { try context.metrics.truncate(after: 0) }

    let started = Date()
    let clock = ContinuousClock()
    let elapsed = try clock.measure {
      try StageThread.run(instance.name) { try instance.stage.run(context) }
    }
    try Postconditions.check(instance.kind, context)
    try context.metrics.table()?.write(to: output.appending(path: Artifact.metricsName))
    return ArtifactRecord(
      key: key, fields: fields, instance: instance.name, parameters: instance.parameters,
      producers: inputs.mapValues(\.instance), parts: parts.keys, values: context.values,
      started: started, seconds: elapsed / .seconds(1), resumedFrom: resumedFrom,
      machine: .current(),
      versions: versions.merging(["HDF5": HDF5Library.version]) { $1 })
  }
}

/// A result inside a stage that is worth an artifact of its own, because it is dear and stays valid
/// when the rest of the stage changes: the completions of an evaluation, when its verifier does.
package struct StagePart: Sendable {
  /// What it is, such as `completions`. A stage has one part of a name.
  package let name: String
  /// Raised whenever the same identity and inputs would give another result.
  package let version: Int
  /// The parameters that can change it.
  package let identity: JSONValue
  /// The stage's input ports that it is made from.
  package let inputs: [String]

  /// Describes a part.
  package init(name: String, version: Int, identity: JSONValue, inputs: [String]) {
    self.name = name
    self.version = version
    self.identity = identity
    self.inputs = inputs
  }
}

/// Finds the parts of a stage in the cache, or has them made and publishes them.
final class PartRunner: Sendable {
  private let cache: Cache
  private let kind: String
  private let instance: String
  private let interruption: Interruption
  private let display: any RunDisplay
  private let versions: [String: String]
  private let used = Mutex<[String: String]>([:])

  init(
    cache: Cache, kind: String, instance: String, interruption: Interruption,
    display: any RunDisplay, versions: [String: String]
  ) {
    self.cache = cache
    self.kind = kind
    self.instance = instance
    self.interruption = interruption
    self.display = display
    self.versions = versions
  }

  /// The keys of the parts that the stage has asked for, by their names.
  var keys: [String: String] { used.withLock { $0 } }

  /// The HDF5 file of a part.
  /// - Parameter make: writes the file; it is lent a folder that survives a kill.
  func file(
    of part: StagePart, inputs: [String: InputArtifact],
    make: (_ file: URL, _ workFolder: URL) throws -> Void
  ) throws -> URL {
    let fields = KeyFields(
      kind: "\(kind)/\(part.name)", kindVersion: part.version, identity: part.identity,
      inputs: inputs.mapValues { KeyFields.Input(key: $0.key, output: $0.output) })
    let key = try fields.key()
    let (artifact, _) = try cache.obtain(
      key, interruption: interruption,
      waiting: { display.notice("\(instance): waiting, \($0)") }
    ) { output, work in
      let started = Date()
      let elapsed = try ContinuousClock().measure {
        try make(output.appending(path: "\(part.name).h5"), work.url)
      }
      return ArtifactRecord(
        key: key, fields: fields, instance: instance, parameters: part.identity,
        producers: inputs.mapValues(\.instance), parts: [:], values: [:], started: started,
        seconds: elapsed / .seconds(1), resumedFrom: nil, machine: .current(),
        versions: versions.merging(["HDF5": HDF5Library.version]) { $1 })
    }
    used.withLock { $0[part.name] = key }
    return artifact.output(part.name)
  }
}

/// Runs a stage's work on a thread of its own, because it blocks for long.
enum StageThread {
  private static let stackBytes = 16 << 20

  /// Runs the work and waits for it.
  /// - Throws: what the work throws.
  static func run(_ name: String, _ work: @escaping @Sendable () throws -> Void) throws {
    let failure = Failure()
    let done = DispatchSemaphore(value: 0)
    let thread = Thread {
      do { try work() } catch { failure.set(error) }
      done.signal()
    }
    thread.name = name
    thread.stackSize = stackBytes
    thread.start()
    done.wait()
    if let error = failure.error { throw error }
  }
}

private final class Failure: Sendable {
  private let storage = Mutex<(any Error)?>(nil)

  var error: (any Error)? { storage.withLock { $0 } }

  func set(_ error: any Error) { storage.withLock { $0 = error } }
}

/// What a stage must have done before its result is published.
enum Postconditions {
  /// Checks that every declared output can be read and that every number published is one.
  /// - Throws: `StageError.failed`.
  static func check(_ kind: any Stage.Type, _ context: StageContext) throws {
    for port in kind.outputs {
      let file = context.output(port.name)
      guard FileManager.default.fileExists(atPath: file.path) else {
        throw StageError.failed("it ended without writing its output '\(port.name)'")
      }
      do {
        try HDF5File.open(file).close()
      } catch let error as HDF5Error {
        let reason = error.reason
        throw StageError.failed("its output '\(port.name)' is no whole HDF5 file: \(reason)")
      }
    }
    for (name, value) in context.values.sorted(by: { $0.key < $1.key }) where !value.isFinite {
      throw StageError.failed("its value '\(name)' is not a finite number")
    }
  }
}

extension JSONValue {
  fileprivate var isFinite: Bool {
    switch self {
    case .number(let value): value.isFinite
    case .array(let values): values.allSatisfy(\.isFinite)
    case .object(let entries): entries.values.allSatisfy(\.isFinite)
    default: true
    }
  }
}

/// What became of one instance in a run.
package enum InstanceOutcome: Sendable, Equatable {
  /// It ran and published, in so many seconds.
  case ran(seconds: Double)
  /// Its result was there.
  case cached
  /// It failed; the sentence says why.
  case failed(String)
  /// It was not begun; the words say why.
  case skipped(String)
  /// It stopped at a checkpoint because it was asked to.
  case interrupted
}

/// What became of a run.
package struct RunSummary: Sendable {
  /// What became of each instance of the plan, in its order.
  package let outcomes: [InstanceOutcome]
  /// The result of each instance that has one, in the plan's order.
  package let results: [InstanceResult]
  /// Whether the run stopped because it was asked to.
  package let wasInterrupted: Bool
  /// How long the run took, in seconds.
  package let seconds: Double

  /// How many instances ran.
  package var ran: Int { outcomes.count { if case .ran = $0 { true } else { false } } }
  /// How many instances had their results already.
  package var cached: Int { outcomes.count { $0 == .cached } }
  /// How many instances failed.
  package var failed: Int { outcomes.count { if case .failed = $0 { true } else { false } } }
  /// How many instances were not begun.
  package var skipped: Int { outcomes.count { if case .skipped = $0 { true } else { false } } }

  /// The program's exit code: 130 interrupted, 1 a stage failed, 0 done.
  package var exitCode: Int32 { wasInterrupted ? 130 : failed > 0 ? 1 : 0 }
}
