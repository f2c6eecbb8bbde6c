import Foundation
import Testing

/// Runs a test on threads of its own, with few others like it at a time. Tests that block until a program
/// or a server answers would otherwise hold threads of Swift's pool, or of Dispatch's, which the answer
/// needs to arrive: there is one for each processor in the one, and there are 64 in the other.
package struct OwnThread: TestTrait, SuiteTrait, TestScoping {
  package let isRecursive = true
  private static let gate = Gate(16)

  package func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    await Self.gate.enter()
    do {
      try await withTaskExecutorPreference(ThreadExecutor()) { try await function() }
    } catch {
      await Self.gate.leave()
      throw error
    }
    await Self.gate.leave()
  }
}

extension Trait where Self == OwnThread {
  package static var ownThread: OwnThread { OwnThread() }
}

private final class ThreadExecutor: TaskExecutor {
  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let thread = Thread { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    thread.stackSize = 8 << 20
    thread.start()
  }
}

/// Lets in a number of tests at a time; the others wait without a thread.
private actor Gate {
  private var free: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  init(_ count: Int) { free = count }

  func enter() async {
    if free > 0 {
      free -= 1
    } else {
      await withCheckedContinuation { waiting.append($0) }
    }
  }

  func leave() {
    if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
  }
}
