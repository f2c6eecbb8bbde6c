import Base
import Foundation

/// What the adapter says of a training, a line each in `events.jsonl`.
enum TRLEvent {
  /// It begins behind a step, from the start or a checkpoint.
  case started(step: Int, description: JSONValue)
  /// A step was done; seconds since the one before.
  case step(Int, loss: Double, gradientNorm: Double, seconds: Double)
  case checkpoint(step: Int)
  /// It left after a step, with a checkpoint, because it was asked to.
  case stopped(step: Int)
  case failed(kind: String, sentence: String)
  case done(step: Int)

  /// - Throws: `TRLError.unreadable`.
  init(_ line: Data) throws {
    guard let event = try? JSONValue(parsing: line), let read = Self.read(event) else {
      throw TRLError.unreadable(String(decoding: line.prefix(200), as: UTF8.self))
    }
    self = read
  }

  private static func read(_ event: JSONValue) -> TRLEvent? {
    let step = event["step"]?.integer
    switch (event["event"]?.string, step) {
    case ("started", let step?):
      let kept = event.object?.filter { ["device", "versions"].contains($0.key) } ?? [:]
      return .started(step: step, description: .object(kept))
    case ("step", let step?):
      guard let loss = event["metrics"]?["loss"]?.number,
        let norm = event["metrics"]?["grad_norm"]?.number, loss.isFinite, norm.isFinite,
        let seconds = event["seconds"]?.number
      else { return nil }
      return .step(step, loss: loss, gradientNorm: norm, seconds: seconds)
    case ("checkpoint", let step?): return .checkpoint(step: step)
    case ("stopped", let step?): return .stopped(step: step)
    case ("done", let step?): return .done(step: step)
    case ("failed", _):
      guard let kind = event["class"]?.string, let sentence = event["sentence"]?.string else {
        return nil
      }
      return .failed(kind: kind, sentence: sentence)
    default: return nil
    }
  }
}

/// Reads a file of lines while another program writes it.
struct GrowingLines {
  let file: URL
  private var offset: UInt64 = 0

  init(file: URL) { self.file = file }

  /// The lines that were finished since the last call.
  mutating func next() throws -> [Data] {
    guard let handle = try? FileHandle(forReadingFrom: file) else { return [] }
    defer { try? handle.close() }
    try handle.seek(toOffset: offset)
    let content = try handle.readToEnd() ?? Data()
    guard let end = content.lastIndex(of: 0x0A) else { return [] }
    let whole = content[...end]
    offset += UInt64(whole.count)
    return whole.split(separator: 0x0A).map { Data($0) }
  }
}

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
