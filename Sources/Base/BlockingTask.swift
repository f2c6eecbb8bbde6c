import Dispatch
import Synchronization

/// Runs asynchronous work from code that blocks.
package enum BlockingTask {
  private final class PendingResult<Value: Sendable>: Sendable {
    let result = Mutex<Result<Value, any Error>?>(nil)
  }

  /// Waits for the work; cancels it when somebody asks to stop.
  /// - Throws: what the work throws, or `InterruptedError`.
  package static func run<Value: Sendable>(
    _ interruption: Interruption, _ work: @escaping @Sendable () async throws -> Value
  ) throws -> Value {
    let outcome = PendingResult<Value>()
    let isDone = DispatchSemaphore(value: 0)
    let task = Task.detached {
      do {
        let value = try await work()
        outcome.result.withLock { $0 = .success(value) }
      } catch {
        outcome.result.withLock { $0 = .failure(error) }
      }
      isDone.signal()
    }
    while isDone.wait(timeout: .now() + .milliseconds(100)) == .timedOut {
      if interruption.isRequested { task.cancel() }
    }
    try interruption.check()
    guard let result = outcome.result.withLock({ $0 }) else { throw InterruptedError() }
    return try result.get()
  }
}
