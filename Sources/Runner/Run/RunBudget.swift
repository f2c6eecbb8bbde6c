import Base

/// What a run may take of the machine.
package struct RunBudget: Sendable {
  /// How many instances may be at work side by side.
  package let jobs: Int
  /// How many threads they may have together.
  package let threads: Int
  /// The memory that instances take, in bytes by name, as far as it is known.
  let memory: [String: Int]
  /// How much memory is free, in bytes; nil where that is not known.
  let freeMemory: @Sendable () -> Int?

  package init(
    jobs: Int = 1, threads: Int, memory: [String: Int] = [:],
    freeMemory: @escaping @Sendable () -> Int? = { MemoryLimit.tightest()?.free }
  ) {
    self.jobs = max(1, jobs)
    self.threads = max(1, threads)
    self.memory = memory
    self.freeMemory = freeMemory
  }

  /// How many instances of hours are at work at most: each has a thread.
  var width: Int { min(jobs, threads) }
}
