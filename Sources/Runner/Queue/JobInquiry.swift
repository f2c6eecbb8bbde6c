import Base

/// What Slurm is asked about single jobs.
extension SlurmCommands {
  /// Whether a job is at work no more: over, forgotten, or waiting in the queue for its next begin.
  /// - Returns: nil where Slurm does not answer.
  package func isOver(_ job: String) -> Bool? {
    do {
      let state = try run("squeue", ["-h", "-t", "all", "-j", job, "-o", "%T"])
      if state.isEmpty { return true }
      return QueuedJob(number: job, state: state).isOver
        || ["PENDING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SPECIAL_EXIT"].contains(state)
    } catch {
      // What squeue says of a job that Slurm has forgotten.
      if case .failed(_, let words) = error, words.contains("Invalid job id") { return true }
      return nil
    }
  }

  /// What the accounts say of a job that the queue has forgotten.
  /// - Returns: nil where they do not know it, or say that it is not over.
  /// - Throws: `SlurmError` where none are kept.
  package func accounted(_ job: String) throws(SlurmError) -> QueuedJob? {
    let text = try run(
      "sacct", ["--noheader", "--allocations", "--parsable2", "--jobs=\(job)", "--format=State"])
    // A job that was requeued has a line for each time; the last counts. `CANCELLED by 1000`.
    guard let state = text.split(separator: "\n").last?.split(separator: " ").first else {
      return nil
    }
    let found = QueuedJob(number: job, state: String(state))
    return found.isOver ? found : nil
  }

  /// Asks whether a job would be taken, without submitting it.
  /// - Parameter words: the options and the script.
  /// - Throws: `SlurmError`, with what Slurm says against it.
  package func test(_ words: [String]) throws(SlurmError) {
    _ = try run("sbatch", ["--test-only"] + words)
  }

  /// Slurm's version, such as `slurm 22.05.8`.
  /// - Throws: `SlurmError`.
  package func version() throws(SlurmError) -> String { try run("sbatch", ["--version"]) }
}
