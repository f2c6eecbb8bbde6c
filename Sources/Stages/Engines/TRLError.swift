import Base

/// Why a training with TRL does not come out.
enum TRLError: Error, CustomStringConvertible {
  /// There is no such program.
  case noPython(String)
  /// The adapter says why, of which sort it is.
  case failed(kind: String, sentence: String)
  /// It ended without saying anything; the log is a file, whose last lines are shown.
  case died(status: Int, log: String, lastLines: String)
  /// A line that is no event, or is not one that may come now.
  case unreadable(String)
  /// It says that it is done, and is not.
  case incomplete(String)

  var description: String {
    switch self {
    case .noPython(let python):
      "there is no program '\(python.visible)' to run TRL with; name a Python that has it as 'python' in "
        + "the site file (~/.config/warmup/site.yaml, or --site)"
    case .failed("memory", let sentence):
      "TRL ran out of the device's memory (\(sentence.visible)); a smaller trl.per_device, "
        + "'gradient_checkpointing: true' or shorter traces need less"
    case .failed("not finite", let sentence):
      "\(sentence.visible) in TRL; nothing was published. Try a smaller learning_rate or more "
        + "warmup_steps"
    case .failed("worker", let sentence):
      "TRL got no reward for a completion: \(sentence.visible). Run again to go on from its last checkpoint"
    case .failed("refused", let sentence): "TRL was not started: \(sentence.visible)"
    case .failed(_, let sentence): "TRL failed: \(sentence.visible)"
    case .died(let status, let log, let lines):
      "TRL ended with status \(status) and without a word; run again to go on from its last "
        + "checkpoint. Its log, \(log), ends with:\n\(lines.visible)"
    case .unreadable(let line):
      "the adapter of TRL said what it may not say now: \(line.visible); nothing was published"
    case .incomplete(let what): "TRL says that it is done, but \(what); nothing was published"
    }
  }
}
