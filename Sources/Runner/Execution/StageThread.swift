import Dispatch
import Foundation
import Synchronization

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
