import Base
import Foundation
import Synchronization

/// What there is to do for an instance, with all that it takes.
struct InstanceJob: Sendable {
  let instance: Instance
  let key: String
  let fields: KeyFields
  let inputs: [String: InputArtifact]
  /// The training that runs again for it, where it is a kept step of one that is done.
  let training: FinishedTraining?
  /// What to publish of a training while it runs.
  let keeping: [WantedStep]
  /// The key's lock, where it is held already.
  let claim: KeyLock?
  let runner: InstanceRunner

  /// Brings the result about.
  /// - Parameter begin: called before the work begins, if there is any.
  /// - Throws: `DamagedArtifact` for an input that must be made again first, or what the stage throws.
  func perform(begin: () -> Void) throws -> InstanceRunner.Obtained {
    defer { claim?.release() }
    if claim == nil, let artifact = runner.cache.existing(key) { return (artifact, nil) }
    // Known before hours of work; what stages read beyond it is checked when they do.
    for port in inputs.keys.sorted() { _ = try inputs[port]?.file }
    let again = try training.flatMap { try runner.runAgain($0, begin: begin) }
    let obtained = try runner.obtain(
      instance, key, fields, inputs, keeping: keeping, holding: claim, begin: begin)
    return (obtained.artifact, obtained.seconds ?? again)
  }
}

/// Instances at work, each on a thread, and what they came to.
final class JobQueue: Sendable {
  struct Ended: Sendable {
    let index: Int
    let title: InstanceTitle
    let result: Result<InstanceRunner.Obtained, any Error>
  }

  private let ended = Mutex<[Ended]>([])
  private let arrivals = DispatchSemaphore(value: 0)

  /// Starts work on a thread of its own.
  /// - Throws: `StageError.failed` where there is no memory for a thread.
  func start(
    _ index: Int, _ title: InstanceTitle,
    _ work: @escaping @Sendable () throws -> InstanceRunner.Obtained
  ) throws {
    try StageThread.start { [self] in run(index, title, work) }
  }

  /// Does the work on the calling thread.
  func run(
    _ index: Int, _ title: InstanceTitle, _ work: () throws -> InstanceRunner.Obtained
  ) {
    end(index, title, Result { try work() })
  }

  /// Takes what work elsewhere came to.
  func end(
    _ index: Int, _ title: InstanceTitle, _ result: Result<InstanceRunner.Obtained, any Error>
  ) {
    ended.withLock { $0.append(Ended(index: index, title: title, result: result)) }
    arrivals.signal()
  }

  /// What has ended, the earliest first; waits for it.
  /// - Parameter seconds: how long to wait; for as long as it takes where nil.
  func next(within seconds: Double? = nil) -> Ended? {
    guard let seconds else {
      arrivals.wait()
      return ended.withLock { $0.removeFirst() }
    }
    guard arrivals.wait(timeout: .now() + seconds) == .success else { return nil }
    return ended.withLock { $0.removeFirst() }
  }
}
