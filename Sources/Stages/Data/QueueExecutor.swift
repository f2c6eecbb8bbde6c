import Dispatch

/// Runs tasks on a queue of their own, so that somebody who blocks a thread of Swift's pool while
/// waiting for them waits for something that can go on.
final class QueueExecutor: TaskExecutor {
  private let queue = DispatchQueue(label: "blocking work")

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
