import Foundation
import Model
import Synchronization
import Testing

@Suite("Worker pool", .serialized)
struct WorkerPoolTests {
  @Test("each task runs once, and no worker twice at a time", arguments: [1, 2, 4])
  func tasks(threads: Int) {
    let pool = WorkerPool(threads: threads)
    for round in 0..<300 {
      let count = round % 7
      let runs = Mutex([Int](repeating: 0, count: count))
      let working = Mutex(Set<Int>())
      pool.parallel(count) { task, worker in
        let isNew = working.withLock { $0.insert(worker).inserted }
        #expect(isNew && worker < threads)
        runs.withLock { $0[task] += 1 }
        working.withLock { _ = $0.remove(worker) }
      }
      #expect(runs.withLock { $0.allSatisfy { $0 == 1 } })
    }
  }

  @Test("workers that have gone to sleep wake up")
  func sleeping() {
    let pool = WorkerPool(threads: 2)
    for _ in 0..<3 {
      Thread.sleep(forTimeInterval: 0.01)
      let workers = Mutex(Set<Int>())
      pool.parallel(2) { _, worker in
        Thread.sleep(forTimeInterval: 0.05)
        workers.withLock { _ = $0.insert(worker) }
      }
      #expect(workers.withLock(\.self) == [0, 1])
    }
  }

  @Test("a nested loop runs on its own thread")
  func nested() {
    let pool = WorkerPool(threads: 2)
    let runs = Mutex(0)
    pool.parallel(3) { _, _ in
      pool.parallel(4) { _, worker in
        #expect(worker == 0)
        runs.withLock { $0 += 1 }
      }
    }
    #expect(runs.withLock(\.self) == 12)
  }
}
