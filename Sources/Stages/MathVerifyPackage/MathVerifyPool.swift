import Foundation
import Synchronization

/// Workers that are kept from one batch of answers to the next, since loading takes a second.
package final class MathVerifyPool: Sendable {
  /// The pool of this program.
  package static let shared = MathVerifyPool()

  /// How long one answer may take. The package stops itself after three times five seconds, except
  /// where it hangs.
  package static let limit = Duration.seconds(20)

  /// A worker passes from thread to thread, and only one of them has it at a time.
  private struct Idle: @unchecked Sendable { let worker: MathVerifyWorker }

  private let idle = Mutex<[Idle]>([])
  private let start: @Sendable () throws -> MathVerifyWorker

  package init(
    start: @escaping @Sendable () throws -> MathVerifyWorker = {
      try MathVerifyWorker(try MathVerifyInstallation.locate())
    }
  ) {
    self.start = start
  }

  /// Asks all questions, several at a time, and returns the answers in their order.
  /// - Throws: `MathVerifyError` or `SandboxError` where no worker can be started.
  package func ask(
    _ requests: [MathVerifyWorker.Request], threads: Int, limit: Duration = MathVerifyPool.limit
  ) throws -> [MathVerifyWorker.Reply] {
    let next = Atomic<Int>(0)
    let found = Mutex<[Int: MathVerifyWorker.Reply]>([:])
    let failure = Mutex<(any Error)?>(nil)
    let first = try worker()
    give(back: first)
    DispatchQueue.concurrentPerform(iterations: max(1, min(threads, requests.count))) { _ in
      do {
        var worker = try self.worker()
        while case let index = next.wrappingAdd(1, ordering: .relaxed).oldValue,
          index < requests.count
        {
          if !worker.isAlive { worker = try self.worker() }
          let reply = worker.ask(requests[index], limit: limit)
          found.withLock { $0[index] = reply }
        }
        give(back: worker)
      } catch {
        failure.withLock { $0 = error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
    return found.withLock { found in requests.indices.map { found[$0] ?? .timedOut } }
  }

  private func worker() throws -> MathVerifyWorker {
    if let kept = idle.withLock({ $0.popLast() }) { return kept.worker }
    return try start()
  }

  private func give(back worker: MathVerifyWorker) {
    guard worker.isAlive else { return }
    let kept = Idle(worker: worker)
    idle.withLock { $0.append(kept) }
  }
}
