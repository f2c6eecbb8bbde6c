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
    for job in jobs where job.isWaiting { removeUnbegun(cache.workFolder(job.key)) }
    return jobs.count
  }

  /// Removes the work folder of a job that was cancelled before it began; nothing is lost with it.
  static func removeUnbegun(_ work: WorkFolder) {
    if StageExit(in: work.url) != nil || work.newestStep != nil { return }
    for name in [StageRequest.fileName, SlurmJob.scriptName] {
      unlink(work.url.appending(path: name).path)
    }
    // Where anything else lies in it, it stays.
    rmdir(work.url.path)
  }
}
