import Base

/// Why a training with TRL does not come out.
enum TRLError: Error, CustomStringConvertible {
  /// There is no such program.
  case noPython(String)
  /// The adapter says why, of which sort it is.
  case failed(kind: String, sentence: String)
  /// It ended without saying anything; the log is a file, whose last lines are shown.
  case died(status: Int, log: String, lastLines: String)
  /// It ended without saying anything where nothing more can be written.
  case full(disk: String, bytes: Int)
  /// A line that is no event, or is not one that may come now.
  case unreadable(String)
  /// It resumes behind steps of which nothing is known; a folder.
  case forgotten(String)
  /// It says that it is done, and is not.
  case incomplete(String)

  var description: String {
    switch self {
    case .noPython(let python):
      "there is no program '\(python.visible)' to run TRL with; name a Python that has it as 'python' in "
        + "the site file (~/.config/warmup/site.yaml, or --site)"
    case .failed("memory", let sentence):
      "TRL ran out of the device's memory: \(sentence.visible). Also 'gradient_checkpointing: true', parts "
        + "of the model in more processes (trl.sharding) and shorter texts need less"
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
    case .full(let folder, let bytes):
      "TRL ended without a word, and the disk of \(folder.visible) has \(bytes / 1000) kB left: free some "
        + "space, and run again to go on from its last checkpoint"
    case .unreadable(let line):
      "the adapter of TRL said what it may not say now: \(line.visible); nothing was published"
    case .forgotten(let folder):
      "TRL resumes from a checkpoint, but what it said of the steps before is gone; remove "
        + "\(folder.visible), and run again to begin anew"
    case .incomplete(let what): "TRL says that it is done, but \(what); nothing was published"
    }
  }
}
