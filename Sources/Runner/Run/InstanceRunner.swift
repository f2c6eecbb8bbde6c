import Base
import Foundation
import HDF5
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// Brings one instance's result about: finds it in the cache, or runs the stage and publishes.
struct InstanceRunner {
  let cache: Cache
  let folders: DataFolders
  let threads: Int
  let keys: ServerKeys
  let site: Site
  let interruption: Interruption
  let display: any ProgressSink
  let versions: [String: String]
  /// Whether nothing may run in the place of what is damaged.
  var isLocked = false

  /// The result, and whether the stage ran for it.
  typealias Obtained = InstanceResult

  /// Takes the result from the cache, or runs the stage under the key's lock.
  /// - Parameters:
  ///   - keeping: the steps of a training whose output is published as well, as it reaches them.
  ///   - holding: the key's lock, where it is held already.
  ///   - begin: called before the work begins, if there is any.
  /// - Throws: whatever the stage throws, `StageError`, `CacheError`.
  func obtain(
    _ instance: Instance, _ key: String, _ fields: KeyFields, _ inputs: [String: InputArtifact],
    keeping steps: [WantedStep], holding claim: KeyLock? = nil, begin: () -> Void
  ) throws -> Obtained {
    let (artifact, isNew) = try cache.obtain(
      key, holding: claim, isLeased: !instance.isQuick, interruption: interruption,
      waiting: { display.notice("\(instance.name): waiting, \($0)") }, begin: begin,
      aside: { display.notice("\(instance.name) is damaged: \($0)") }, defersSync: true,
      make: { output, work in
        let keeper = StepPublisher(runner: self, training: instance.name, steps: steps)
        return record(
          key, fields, of: instance,
          try attempt(
            instance, inputs, output: output, work, keeper: keeper, external: fields.external),
          producers: inputs.mapValues(\.instance))
      })
    return (artifact, isNew ? artifact.record.seconds : nil)
  }

  /// What is known of a stage that has just run.
  struct Attempt {
    var started = Date()
    var seconds = 0.0
    /// The step from which it went on.
    var resumedFrom: Int?
    var stopSeconds: Double?
    var parts: [String: String] = [:]
    var values: [String: JSONValue] = [:]
  }

  /// Runs an instance's stage and checks that it did what it must.
  func attempt(
    _ instance: Instance, _ inputs: [String: InputArtifact], output: URL, _ work: WorkFolder,
    keeper: any StepKeeper, external: [String: String] = [:]
  ) throws -> Attempt {
    guard let stage = instance.stage else {
      throw StageError.failed("it is known from its record only, and cannot run")
    }
    let parts = PartRunner(
      cache: cache, kind: instance.kind.name, instance: instance.name, interruption: interruption,
      display: display, versions: versions, isLeased: !instance.isQuick, isLocked: isLocked)
    let context = try StageContext(
      instance: instance.name, inputs: inputs, outputDirectory: output, workDirectory: work.url,
      folders: folders, threads: threads, keys: keys, site: site,
      interruption: work.lock?.interruption ?? interruption, progress: display, parts: parts,
      keeper: keeper, external: external, fence: { try work.lock?.check() })
    let resumedFrom = work.newestStep
    // Steps that an attempt without checkpoints logged are about to be logged again.
    if resumedFrom == nil { try context.metrics.truncate(after: 0) }

    let started = Date()
    let elapsed = try ContinuousClock().measure {
      try StageThread.run { try stage.run(context) }
    }
    try context.checkWatched()
    try Postconditions.check(instance.kind, context)
    #if DEBUG
      try Postconditions.checkNames(of: type(of: stage), context)
    #endif
    try context.metrics.table(without: type(of: stage).metrics.timings)?
      .write(to: output.appending(path: Artifact.metricsName))
    try parts.origin?.write(to: output)
    return Attempt(
      started: started, seconds: elapsed / .seconds(1), resumedFrom: resumedFrom,
      stopSeconds: try context.stopSeconds(), parts: parts.keys, values: context.values)
  }

  func record(
    _ key: String, _ fields: KeyFields, of instance: Instance, _ attempt: Attempt,
    producers: [String: String]
  ) -> ArtifactRecord {
    var record = ArtifactRecord(
      key: key, fields: fields, instance: instance.name, parameters: instance.parameters,
      producers: producers, parts: attempt.parts, values: attempt.values,
      started: attempt.started, seconds: attempt.seconds, resumedFrom: attempt.resumedFrom,
      machine: .current(), versions: versions)
    record.stopSeconds = attempt.stopSeconds
    return record
  }
}

/// Finds the parts of a stage in the cache, or has them made and publishes them.
final class PartRunner: StagePartStore {
  private let cache: Cache
  private let kind: String
  private let instance: String
  private let interruption: Interruption
  private let display: any ProgressSink
  private let versions: [String: String]
  private let isLeased: Bool
  private let isLocked: Bool
  private let used = Mutex<[String: String]>([:])
  private let foreign = Mutex<ArtifactOrigin?>(nil)

  /// Where a part came from that was not made here.
  var origin: ArtifactOrigin? { foreign.withLock { $0 } }

  init(
    cache: Cache, kind: String, instance: String, interruption: Interruption,
    display: any ProgressSink, versions: [String: String], isLeased: Bool, isLocked: Bool = false
  ) {
    self.isLeased = isLeased
    self.isLocked = isLocked
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
    var (artifact, isNew) = try obtain(key, fields, part, inputs, make)
    if !isNew, let damaged = damage(of: part, artifact) {
      if isLocked { throw damaged.inLockedRun }
      let place = try cache.setAside(damaged, interruption: interruption) { _ in }
      if let place {
        display.notice("\(instance): of its \(part.name), \(damaged.reason); \(place)")
      }
      (artifact, isNew) = try obtain(key, fields, part, inputs, make)
    }
    used.withLock { $0[part.name] = key }
    if let origin = artifact.origin {
      let origin = ArtifactOrigin(
        file: origin.file, sha256: origin.sha256, host: origin.host, part: part.name)
      foreign.withLock { $0 = origin }
      display.notice("\(instance): \(origin.words)")
    }
    return artifact.output(part.name)
  }

  private func damage(of part: StagePart, _ artifact: Artifact) -> DamagedArtifact? {
    do {
      _ = try artifact.whole("\(part.name).h5")
      return nil
    } catch {
      return error as? DamagedArtifact
    }
  }

  private func obtain(
    _ key: String, _ fields: KeyFields, _ part: StagePart, _ inputs: [String: InputArtifact],
    _ make: (_ file: URL, _ workFolder: URL) throws -> Void
  ) throws -> (Artifact, isNew: Bool) {
    try cache.obtain(
      key, isLeased: isLeased, interruption: interruption,
      waiting: { display.notice("\(instance): waiting, \($0)") },
      aside: { display.notice("\(instance): of its \(part.name), \($0)") },
      make: { output, work in
        let started = Date()
        let elapsed = try ContinuousClock().measure {
          try make(output.appending(path: "\(part.name).h5"), work.url)
        }
        return ArtifactRecord(
          key: key, fields: fields, instance: instance, parameters: part.identity,
          producers: inputs.mapValues(\.instance), parts: [:], values: [:], started: started,
          seconds: elapsed / .seconds(1), resumedFrom: nil, machine: .current(),
          versions: versions)
      })
  }
}

/// Runs a stage's work on a thread of its own, because it blocks for long.
enum StageThread {
  private static let stackBytes = 16 << 20

  /// Runs the work and waits for it.
  /// - Throws: what the work throws, or `StageError.failed` where there is no memory for a thread.
  static func run(_ work: @escaping @Sendable () throws -> Void) throws {
    let failure = Failure()
    let thread = try begin { do { try work() } catch { failure.set(error) } }
    pthread_join(thread, nil)
    if let error = failure.error { throw error }
  }

  /// Runs the work and does not wait for it.
  /// - Throws: `StageError.failed` where there is no memory for a thread.
  static func start(_ work: @escaping @Sendable () -> Void) throws {
    pthread_detach(try begin(work))
  }

  /// Foundation's threads do not say when the system refuses them.
  private static func begin(_ work: @escaping @Sendable () -> Void) throws -> pthread_t {
    let body = Unmanaged.passRetained(ThreadBody(work))
    let attributes = UnsafeMutablePointer<pthread_attr_t>.allocate(capacity: 1)
    pthread_attr_init(attributes)
    pthread_attr_setstacksize(attributes, stackBytes)
    defer {
      pthread_attr_destroy(attributes)
      attributes.deallocate()
    }
    var thread = pthread_t()
    let code = pthread_create(
      &thread, attributes,
      { body in
        if let body { Unmanaged<ThreadBody>.fromOpaque(body).takeRetainedValue().run() }
        return nil
      }, body.toOpaque())
    guard code == 0 else {
      body.release()
      throw StageError.failed(
        "no thread could be started for it: \(systemMessage(code)); raise the limits on memory "
          + "('ulimit -v') and processes ('ulimit -u')")
    }
    return thread
  }
}

private final class ThreadBody: Sendable {
  let run: @Sendable () -> Void

  init(_ run: @escaping @Sendable () -> Void) { self.run = run }
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
  static func check(_ kind: KindDescription, _ context: StageContext) throws {
    for port in kind.outputs {
      let file = context.output(port.name)
      guard FileManager.default.fileExists(atPath: file.path) else {
        throw StageError.failed("it ended without writing its output '\(port.name)'")
      }
      do {
        _ = try HDF5Reader(file)
      } catch let error as HDF5Error {
        let reason = error.reason
        throw StageError.failed("its output '\(port.name)' is not a complete HDF5 file: \(reason)")
      }
    }
    for (name, value) in context.values.sorted(by: { $0.key < $1.key }) where !value.isFinite {
      throw StageError.failed("its value '\(name)' is not a finite number")
    }
  }

  /// Checks that whatever was published and logged is declared. That is the kind's mistake and not
  /// the recipe's, so a release loses no result for it.
  /// - Throws: `StageError.failed`.
  static func checkNames(of kind: any Stage.Type, _ context: StageContext) throws {
    guard kind.names.isKnown else { return }
    let logged = Set(try context.metrics.rows().flatMap { ($0.object ?? [:]).keys })
    let undeclared = kind.names.undeclared(
      values: context.values, metrics: logged.subtracting(["step"]), timings: kind.metrics.timings)
    guard undeclared.isEmpty else {
      let list = undeclared.map { "'\($0)'" }.joined(separator: ", ")
      throw StageError.failed("\(list): the kind \(kind.kind) does not declare it in 'names'")
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
