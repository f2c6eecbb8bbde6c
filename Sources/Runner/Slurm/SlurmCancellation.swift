import Base
import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// Ending what runs left in the queue.
package enum SlurmCancellation {
  /// Cancels the jobs of a name that work for a cache: another folder may have a recipe of that name.
  /// - Returns: how many there were.
  /// - Throws: `SlurmError`.
  package static func cancel(
    jobsNamed name: String, in cache: Cache, commands: SlurmCommands = SlurmCommands()
  ) throws(SlurmError) -> Int {
    let jobs = try commands.jobs(named: name).filter { job in
      !job.isOver && access(StageRequest.file(job.key, in: cache).path, F_OK) == 0
    }
    if !jobs.isEmpty { try commands.cancel(jobs.map(\.number)) }
    return jobs.count
  }
}
