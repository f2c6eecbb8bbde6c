import CKernels
import COpenBLAS
import Foundation
import Synchronization

/// Threads that share out the tasks of one loop at a time.
///
/// How a loop is cut into tasks never depends on how many threads there are, so that results are
/// bit-equal on one thread or many. OpenBLAS is held to one thread: the pool calls it from each.
package final class WorkerPool: Sendable {
  package let threadCount: Int
  /// Where the time of what it does is added up, if anywhere.
  let profile: EngineProfile?
  private let crew = WorkerCrew()
  private let busy = Atomic<Bool>(false)
  private let isReserved: Bool

  /// Starts `threads - 1` threads; the one that calls ``parallel(_:_:)`` is the last.
  package convenience init(threads: Int) {
    self.init(threads: threads, isReserved: false, profile: nil)
  }

  private init(threads: Int, isReserved: Bool, profile: EngineProfile?) {
    precondition(threads >= 1, "a pool needs at least one thread")
    openblas_set_num_threads(1)
    threadCount = threads
    self.profile = profile
    self.isReserved = isReserved
    for worker in 1..<max(1, threads) {
      let crew = crew
      Thread.detachNewThread { crew.work(as: worker) }
    }
  }

  /// Starts them once it is sure that the matrix library has memory for each.
  /// - Throws: `MemoryShortageError`.
  package convenience init(
    reserving threads: Int, profile: EngineProfile? = nil
  ) throws(MemoryShortageError) {
    openblas_set_num_threads(1)
    try MatrixLibrary.reserve(threads: threads)
    self.init(threads: threads, isReserved: true, profile: profile)
  }

  deinit {
    crew.dismiss()
    if isReserved { MatrixLibrary.release(threads: threadCount) }
  }

  /// Cuts 0..<count into pieces whose lengths differ by at most one.
  static func split(_ count: Int, into pieces: Int) -> [Range<Int>] {
    (0..<pieces).map { count * $0 / pieces..<count * ($0 + 1) / pieces }
  }

  /// Calls `body` once for each task in 0..<count, on any thread and in any order, and returns when
  /// all are done.
  ///
  /// `body` gets the task and the number of the worker that runs it, 0..<threadCount, which never
  /// runs two at a time. A pool that is busy, as in a nested call, runs the tasks on the calling
  /// thread alone, as worker 0.
  package func parallel(_ count: Int, _ body: (_ task: Int, _ worker: Int) -> Void) {
    let free = busy.compareExchange(
      expected: false, desired: true, ordering: .acquiringAndReleasing
    ).exchanged
    defer { if free { busy.store(false, ordering: .releasing) } }
    guard free, threadCount > 1, count > 1 else {
      for task in 0..<count { body(task, 0) }
      return
    }
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: body) { crew.run(WorkerCrew.Job(count: count, body: $0)) }
    }
  }
}

/// The threads of a pool and the job that they are at.
private final class WorkerCrew: @unchecked Sendable {
  struct Job {
    let count: Int
    let body: UnsafePointer<(Int, Int) -> Void>
  }

  /// About ten microseconds: longer than the serial stretches between two loops of a layer.
  private let spins = 500

  private let condition = NSCondition()
  private let generation = Atomic<Int>(0)
  private let nextTask = Atomic<Int>(0)
  private let active = Atomic<Int>(0)
  // Guarded by the condition.
  private var job: Job?
  private var sleeping = 0
  private var dismissed = false

  func run(_ newJob: Job) {
    condition.lock()
    job = newJob
    nextTask.store(0, ordering: .relaxed)
    generation.add(1, ordering: .releasing)
    if sleeping > 0 { condition.broadcast() }
    condition.unlock()

    takeTasks(of: newJob, as: 0)

    condition.lock()
    job = nil  // who has not begun by now need not
    condition.unlock()
    waitForOthers()
  }

  private func waitForOthers() {
    for _ in 0..<spins {
      if active.load(ordering: .acquiring) == 0 { return }
      ck_pause()
    }
    condition.lock()
    while active.load(ordering: .acquiring) > 0 { condition.wait() }
    condition.unlock()
  }

  func work(as worker: Int) {
    var seen = 0
    while let job = begin(after: &seen) {
      takeTasks(of: job, as: worker)
      if active.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 {
        condition.lock()
        condition.broadcast()
        condition.unlock()
      }
    }
  }

  /// Waits for a job that this worker has not seen; nil when there will be none.
  private func begin(after seen: inout Int) -> Job? {
    while true {
      for _ in 0..<spins where generation.load(ordering: .acquiring) == seen { ck_pause() }
      condition.lock()
      defer { condition.unlock() }
      while generation.load(ordering: .relaxed) == seen && !dismissed {
        sleeping += 1
        condition.wait()
        sleeping -= 1
      }
      if dismissed { return nil }
      seen = generation.load(ordering: .relaxed)
      guard let job else { continue }
      active.add(1, ordering: .relaxed)
      return job
    }
  }

  private func takeTasks(of job: Job, as worker: Int) {
    while true {
      let task = nextTask.add(1, ordering: .relaxed).oldValue
      guard task < job.count else { return }
      job.body.pointee(task, worker)
    }
  }

  func dismiss() {
    condition.lock()
    dismissed = true
    condition.broadcast()
    condition.unlock()
  }
}
