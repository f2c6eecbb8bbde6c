import Base

/// Has instances made outside of this process, such as in jobs of a batch system. Another system is
/// another type that conforms, and one line where the command line chooses.
///
/// A run calls it from one thread. What it takes may be asked of the system at once; what it has not been
/// told to start may come out all the same, and is then found in the cache.
package protocol BatchExecutor: Sendable {
  /// What it takes of a plan, as indices; the rest runs in this process.
  func accept(_ plan: Plan) throws -> Set<Int>

  /// Asks the system for all that it may be asked for by now. Called whenever something is settled.
  /// - Throws: where the system does not answer at all; what it refuses fails when it is started.
  func submit(_ progress: BatchProgress) throws

  /// Tells of an instance whose inputs are there, once it begins, now and then how far it is, and once
  /// it ends.
  /// - Parameter ended: called once, with the result and how long it took, in seconds, or with why there
  ///   is none: `BatchError` for what did not fail.
  func start(
    _ index: Int, began: @escaping @Sendable () -> Void,
    progress: @escaping @Sendable (StageProgress) -> Void,
    ended: @escaping @Sendable (Result<InstanceResult, any Error>) -> Void)

  /// Takes back what has not begun, because something failed.
  func withdraw()

  /// The run has come to its end.
  func finish()
}

/// What came of an instance elsewhere.
package typealias InstanceResult = (artifact: Artifact, seconds: Double?)

/// How far a run is, as far as it decides what may be asked of a batch system.
package struct BatchProgress: Sendable {
  let plan: [PlannedInstance]
  let isMade: @Sendable (Int) -> Bool
  let isSettled: @Sendable (Int) -> Bool

  init(_ run: RunState) {
    let (settled, artifacts, outcomes) = (run.settledItems, run.artifacts, run.outcomes)
    plan = settled
    isMade = { artifacts[$0] != nil }
    isSettled = { outcomes[$0] != nil }
  }

  /// Whether a gate stops it, or may: nobody knows yet.
  func isHeld(_ index: Int) -> Bool {
    let item = plan[index]
    return item.stop(after: plan) != nil || item.unknownGate(after: plan) != nil
  }
}

/// Why an instance has no result, though it did not fail.
package enum BatchError: Error, CustomStringConvertible {
  /// This process leaves; the job stays. The words name it.
  case left(String)
  /// It was taken back before it began.
  case withdrawn

  package var description: String {
    switch self {
    case .left(let job): "left with \(job)"
    case .withdrawn: "skipped after the failure"
    }
  }
}
