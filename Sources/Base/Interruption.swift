import Synchronization

/// Tells stages that they should write a checkpoint and leave.
package final class Interruption: Sendable {
  private let flag = Atomic<Bool>(false)
  private let outer: Interruption?

  package init() { outer = nil }

  /// One for a part of the work, which stops with the whole and by itself.
  package init(within outer: Interruption) { self.outer = outer }

  /// Whether somebody has asked to stop.
  package var isRequested: Bool {
    flag.load(ordering: .relaxed) || outer?.isRequested ?? false
  }

  /// Asks to stop after the step at hand.
  package func request() { flag.store(true, ordering: .relaxed) }

  /// Leaves a stage that keeps no checkpoints.
  /// - Throws: `InterruptedError` when somebody has asked to stop.
  package func check() throws {
    if isRequested { throw InterruptedError() }
  }
}

/// Work stopped because somebody asked for it, at a checkpoint where there are any.
package struct InterruptedError: Error, CustomStringConvertible {
  package init() {}

  package var description: String { "stopped at the last checkpoint; run again to continue" }
}

package struct StageProgress: Sendable, Equatable {
  /// What is being counted, such as `steps` or `completions`.
  package let unit: String
  /// How many are done, those of earlier attempts included.
  package let done: Int
  /// How many there will be.
  package let total: Int
  /// A short remark, such as `loss 1.93` or `reward -0.41`.
  package let remark: String

  package init(_ done: Int, of total: Int, _ unit: String, remark: String = "") {
    self.unit = unit
    self.done = done
    self.total = total
    self.remark = remark
  }
}

/// Takes what stages say of their progress.
package protocol ProgressSink: Sendable {
  /// Called as often as a stage likes; must be cheap.
  func update(_ progress: StageProgress)
  /// Something that people should know meanwhile, such as a wait for another process.
  func notice(_ sentence: String)
}

extension ProgressSink {
  package func notice(_ sentence: String) {}
}

package struct SilentProgress: ProgressSink {
  package init() {}
  package func update(_ progress: StageProgress) {}
}
