import Dispatch
import Testing

/// Runs a test on a thread of its own. Tests that block until a program or a server answers would
/// otherwise hold threads of Swift's pool, which the answer needs to arrive: there is one for each
/// processor only.
package struct OwnThread: TestTrait, SuiteTrait, TestScoping {
  package let isRecursive = true

  package func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    try await withTaskExecutorPreference(QueueExecutor()) { try await function() }
  }
}

extension Trait where Self == OwnThread {
  package static var ownThread: OwnThread { OwnThread() }
}

private final class QueueExecutor: TaskExecutor {
  private let queue = DispatchQueue(label: "a test that blocks")

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
