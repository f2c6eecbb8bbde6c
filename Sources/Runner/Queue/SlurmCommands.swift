import Base
import Foundation
import Subprocess
import SystemPackage

#if canImport(Glibc)
  import Glibc
#endif

/// Slurm's own programs: `sbatch`, `squeue`, `scancel`, `scontrol` and `sacct`, found by `PATH`.
package struct SlurmCommands: Sendable {
  private let environment: [String: String]

  /// - Parameter environment: without what belongs to a job that this process may run in: an `sbatch`
  ///   in a job would take that job's options for its own.
  package init(_ environment: [String: String] = ProcessInfo.processInfo.environment) {
    self.environment = environment.filter { name, _ in
      name == "SLURM_CONF" || !(name.hasPrefix("SLURM_") || name.hasPrefix("SBATCH_"))
    }
  }

  /// Submits a job.
  /// - Parameter words: the options and the script.
  /// - Returns: its number.
  /// - Throws: `SlurmError`.
  func submit(_ words: [String]) throws(SlurmError) -> String {
    let text = try run("sbatch", ["--parsable"] + words)
    // Where there are several clusters, `number;cluster`.
    let number = text.prefix { $0.isNumber }
    if number.isEmpty { throw .failed("sbatch", "it named no job: \(text)") }
    return String(number)
  }

  /// The jobs of a name, of all states that Slurm still knows.
  func jobs(named name: String) throws(SlurmError) -> [QueuedJob] {
    let user = String(getuid())
    let text = try run(
      "squeue", ["-h", "-t", "all", "-u", user, "-n", name, "-o", QueuedJob.format])
    return text.split(separator: "\n").compactMap { QueuedJob(line: $0) }
  }

  /// Ends jobs.
  /// - Parameter pendingOnly: whether those that have begun go on.
  func cancel(_ jobs: [String], pendingOnly: Bool = false) throws(SlurmError) {
    // A command line holds only so much.
    for start in stride(from: 0, to: jobs.count, by: 500) {
      let some = Array(jobs[start..<min(start + 500, jobs.count)])
      _ = try run("scancel", (pendingOnly ? ["--state=PENDING"] : []) + some)
    }
  }

  /// Puts the job that this process is back into the queue, unless Slurm is about to end it, as where
  /// somebody has cancelled it.
  /// - Returns: whether it did.
  package func requeueIfRunning(_ job: String) -> Bool {
    guard let state = try? run("squeue", ["-h", "-j", job, "-o", "%T"]), state == "RUNNING" else {
      return false
    }
    return (try? run("scontrol", ["requeue", job])) != nil
  }

  /// A program's standard output. Blocks until it has ended.
  func run(_ program: String, _ arguments: [String]) throws(SlurmError) -> String {
    guard let path = ProgramPath.find(program, environment) else { throw .missing(program) }
    let variables = environment.map { (Environment.Key(stringLiteral: $0.key), $0.value) }
    do {
      let result = try BlockingTask.run(Interruption()) {
        try await Subprocess.run(
          .path(FilePath(path)), arguments: Arguments(arguments),
          environment: .custom(Dictionary(uniqueKeysWithValues: variables)),
          output: .string(limit: 64 << 20), error: .string(limit: 1 << 20))
      }
      if result.terminationStatus.isSuccess {
        return result.standardOutput.trimmingCharacters(in: .whitespacesAndNewlines)
      }
      let words = result.standardError.split(separator: "\n").suffix(3).joined(separator: "; ")
      throw SlurmError.failed(program, words.isEmpty ? "\(result.terminationStatus)" : words)
    } catch let error as SlurmError {
      throw error
    } catch {
      throw .failed(program, sentence(for: error))
    }
  }
}

/// What Slurm says of a job.
package struct QueuedJob: Sendable, Equatable {
  package let number: String
  /// Such as `PENDING`.
  package let state: String
  /// The comment: the key of what it makes.
  package let key: String
  /// Why it waits, or why it ended.
  package let reason: String

  static let format = "%i|%T|%k|%r"

  /// Nil for a line that is none of Slurm's.
  package init?(line: some StringProtocol) {
    let parts = line.split(separator: "|", maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count == 4, !parts[0].isEmpty else { return nil }
    (number, state, key, reason) = (
      String(parts[0]), String(parts[1]), String(parts[2]), String(parts[3])
    )
  }

  package init(number: String, state: String, key: String = "", reason: String = "None") {
    (self.number, self.state, self.key, self.reason) = (number, state, key, reason)
  }

  /// Whether it will not run any more, unless somebody requeues it.
  package var isOver: Bool { Self.ends.contains(state) }
  package var isWaiting: Bool { !isOver && !isRunning }
  package var isRunning: Bool {
    state == "RUNNING" || state == "COMPLETING" || state == "SUSPENDED"
  }

  private static let ends: Set<String> = [
    "COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "OUT_OF_MEMORY", "NODE_FAIL", "PREEMPTED",
    "BOOT_FAIL", "DEADLINE", "REVOKED",
  ]
}

/// What can go wrong with Slurm.
package enum SlurmError: Error, Sendable, Equatable, CustomStringConvertible {
  case missing(String)
  case failed(String, String)
  /// A job has no result; the sentence says why.
  case job(String)

  package var description: String {
    switch self {
    case .missing(let program):
      "there is no program '\(program)'; run this where jobs are submitted, or without --executor slurm"
    case .failed(let program, let words): "\(program) failed: \(words.visible)"
    case .job(let sentence): sentence
    }
  }
}
