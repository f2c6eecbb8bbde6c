import Foundation
import OrderedCollections
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

  /// Opens the log, making it where there is none. A last line that a kill cut off goes.
  public init(file: URL) throws {
    self.file = file
    if !FileManager.default.fileExists(atPath: file.path) { try Data().write(to: file) }
    let handle = try Self.open(file)
    let content = try Data(contentsOf: file)
    let whole = content.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    if whole < content.count { try handle.truncate(atOffset: UInt64(whole)) }
    self.handle = Mutex(handle)
  }

  /// Appends a step. Steps count from 1.
  public func log(step: Int, _ values: [String: Double]) throws {
    var row = values.mapValues { JSONValue.number($0) }
    row["step"] = .integer(step)
    let line = JSONValue.object(row).text + "\n"
    try handle.withLock { try $0.write(contentsOf: Data(line.utf8)) }
  }

  /// Waits until the steps are on the disk, so that a checkpoint never outlives its metrics.
  public func sync() throws { try handle.withLock { try $0.synchronize() } }

  /// Forgets every step after `step`.
  public func truncate(after step: Int) throws {
    // The lines stay as they were written, to the byte.
    let kept = try lines().filter { line in
      guard let row = try? JSONValue(parsing: line) else { return false }
      return (row["step"]?.integer ?? 0) <= step
    }
    let content = Data(kept.flatMap { $0 + [0x0A] })
    try handle.withLock { handle in
      // A kill between emptying and filling the file would lose the steps before.
      try AtomicFile.write(to: file) { try content.write(to: $0) }
      try handle.close()
      handle = try Self.open(file)
    }
  }

  /// The steps logged so far.
  public func rows() throws -> [JSONValue] {
    try lines().compactMap { try? JSONValue(parsing: $0) }
  }

  private func lines() throws -> [Data] { try Data(contentsOf: file).split(separator: 0x0A) }

  /// The steps as a table without timings: `step` first, then the metrics by name, NaN where a step
  /// has none. Nil where nothing was logged.
  func table() throws -> RowTable? {
    let rows = try rows()
    if rows.isEmpty { return nil }
    let names = Set(rows.flatMap { ($0.object ?? [:]).keys })
    var table: [(String, RowTable.Column)] = []
    table.append(("step", .integers(rows.map { $0["step"]?.integer ?? 0 })))
    for name in names.subtracting(Self.timings).subtracting(["step"]).sorted() {
      table.append((name, .numbers(rows.map { $0[name]?.number ?? .nan })))
    }
    return try RowTable(columns: .init(uniqueKeysWithValues: table))
  }

  private static func open(_ file: URL) throws -> FileHandle {
    let handle = try FileHandle(forUpdating: file)
    try handle.seekToEnd()
    return handle
  }
}
