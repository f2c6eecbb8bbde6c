import Foundation
import Synchronization

/// `metrics.jsonl`: one JSON object a step, appended as the stage goes.
///
/// After a kill the log may reach beyond the last checkpoint, so a stage that resumes calls
/// `truncate` first: the log then ends as if it had never been interrupted.
public final class MetricsLog: Sendable {
  /// Names of metrics that measure time; they stay out of what identifies a result.
  public static let timings: Set<String> = ["step_time", "tokens_per_second", "time"]

  private let file: URL
  private let handle: Mutex<FileHandle>

  /// Opens the log, making it where there is none.
  public init(file: URL) throws {
    self.file = file
    if !FileManager.default.fileExists(atPath: file.path) { try Data().write(to: file) }
    let handle = try FileHandle(forUpdating: file)
    try handle.seekToEnd()
    self.handle = Mutex(handle)
  }

  /// Appends a step. Steps count from 1.
  public func log(step: Int, _ values: [String: Double]) throws {
    var row = values.mapValues { JSONValue.number($0) }
    row["step"] = .integer(step)
    let line = JSONValue.object(row).text + "\n"
    try handle.withLock { try $0.write(contentsOf: Data(line.utf8)) }
  }

  /// Forgets every step after `step`, and a line that was cut off by a kill.
  public func truncate(after step: Int) throws {
    let kept = try rows().filter { ($0["step"]?.integer ?? 0) <= step }
    let text = kept.map { $0.text + "\n" }.joined()
    try handle.withLock { handle in
      try handle.truncate(atOffset: 0)
      try handle.write(contentsOf: Data(text.utf8))
    }
  }

  /// The steps logged so far, without a last line that was cut off.
  public func rows() throws -> [JSONValue] {
    try Data(contentsOf: file).split(separator: 0x0A).compactMap { try? JSONValue(parsing: $0) }
  }
}
