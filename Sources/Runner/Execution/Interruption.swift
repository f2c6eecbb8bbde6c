import Synchronization

/// Tells stages that they should write a checkpoint and leave.
public final class Interruption: Sendable {
  private let flag = Atomic<Bool>(false)

  /// Not interrupted yet.
  public init() {}

  /// Whether somebody has asked to stop.
  public var isRequested: Bool { flag.load(ordering: .relaxed) }

  /// Asks to stop after the step at hand.
  public func request() { flag.store(true, ordering: .relaxed) }

  /// Leaves a stage that keeps no checkpoints.
  /// - Throws: `StageError.interrupted` when somebody has asked to stop.
  public func check() throws {
    if isRequested { throw StageError.interrupted }
  }
}
