import Base
import Foundation
import OrderedCollections
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// The checkpoints of one instance: HDF5 files `step-<n>.h5` in its work folder, the newest two.
///
/// A checkpoint is written beside, synced and renamed, so nobody sees half of one. Its SHA-256 stands
/// in `step-<n>.h5.sha256`, as `sha256sum --check` reads it.
package struct CheckpointStore: Sendable {
  /// Throws where another process has taken the work over, whose checkpoints must stay as they are.
  package typealias Fence = @Sendable () throws -> Void

  private let folder: URL
  private let fence: Fence
  private let longest = LongestTime()
  private let kept = 2

  /// Opens the store; its folder is made with the first checkpoint.
  package init(folder: URL, fence: @escaping Fence = {}) {
    self.folder = folder
    self.fence = fence
  }

  /// The checkpoints there are, the newest first.
  package func checkpoints() throws -> [Checkpoint] { Self.checkpoints(in: folder) }

  /// Writes a checkpoint and removes those that are no longer needed.
  /// - Parameters:
  ///   - step: how many steps are done.
  ///   - write: writes the file at the place that it is given.
  package func save(step: Int, write: (URL) throws -> Void) throws {
    try fence()
    try Folder.make(folder)
    let file = folder.appending(path: "step-\(step).h5")
    let time = try ContinuousClock().measure {
      try AtomicFile.write(to: file) { beside in
        try write(beside)
        // The digest comes first: a checkpoint is never there without it.
        let line = "\(try SHA256Digest.hex(ofFile: beside))  \(file.lastPathComponent)\n"
        try AtomicFile.write(line, to: Checkpoint(step: step, file: file).digestFile)
      }
    }
    longest.note(time / .seconds(1))
    for old in try checkpoints().dropFirst(kept) {
      try FileManager.default.removeItem(at: old.file)
      try? FileManager.default.removeItem(at: old.digestFile)
    }
  }

  /// How long the slowest took to write, in seconds; nil where none was written.
  var longestSeconds: Double? { longest.seconds }

  /// Reads the newest checkpoint that can be read, falling back to older ones.
  ///
  /// One that cannot be read, or has other bytes than were written, is renamed to `….damaged`, so that it counts no longer.
  /// - Parameter read: reads a checkpoint, throwing where something is wrong with it.
  /// - Returns: what was read; nil where a stage begins at its first step.
  package func resume<State>(_ read: (Checkpoint) throws -> State) throws -> State? {
    for checkpoint in try checkpoints() {
      if checkpoint.isWhole, let state = try? read(checkpoint) { return state }
      let aside = checkpoint.file.appendingPathExtension("damaged")
      try? FileManager.default.removeItem(at: aside)
      try FileManager.default.moveItem(at: checkpoint.file, to: aside)
    }
    return nil
  }

  /// The checkpoints in a folder, the newest first; none where there is no folder.
  static func checkpoints(in folder: URL) -> [Checkpoint] {
    guard access(folder.path, F_OK) == 0 else { return [] }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let found = names.compactMap { name -> Checkpoint? in
      guard name.hasPrefix("step-"), name.hasSuffix(".h5"),
        let step = Int(name.dropFirst(5).dropLast(3))
      else { return nil }
      return Checkpoint(step: step, file: folder.appending(path: name))
    }
    return found.sorted { $0.step > $1.step }
  }
}

/// The longest of some times, in seconds.
private final class LongestTime: Sendable {
  private let storage = Mutex<Double?>(nil)

  var seconds: Double? { storage.withLock { $0 } }

  func note(_ seconds: Double) { storage.withLock { $0 = max($0 ?? 0, seconds) } }
}

package struct Checkpoint: Sendable {
  /// How many steps were done when it was written.
  package let step: Int
  /// The HDF5 file.
  package let file: URL

  fileprivate var digestFile: URL { file.appendingPathExtension("sha256") }

  /// Whether its bytes are those that were written. Those of older versions have no digest and count.
  var isWhole: Bool {
    guard let line = try? String(contentsOf: digestFile, encoding: .utf8) else { return true }
    return (try? SHA256Digest.hex(ofFile: file)) == String(line.prefix { $0 != " " })
  }
}

/// `metrics.jsonl`: one JSON object per step, appended as the stage goes.
///
/// After a kill the log may reach beyond the last checkpoint, so a stage that resumes calls
/// `truncate` first: the log then ends as if it had never been interrupted.
package final class MetricsLog: Sendable {
  /// What a stage logs of how long a step took.
  package static let stepSeconds = "step_seconds"

  private let file: URL
  /// Open once there is anything to log: most stages log nothing.
  private let handle = Mutex<FileHandle?>(nil)

  /// Takes up the log that is there, if any. A last line that a kill cut off goes.
  package init(file: URL) throws {
    self.file = file
    let content = try content()
    let whole = content.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    if whole < content.count {
      let handle = try FileHandle(forUpdating: file)
      try handle.truncate(atOffset: UInt64(whole))
      try handle.close()
    }
  }

  /// Appends a step. Steps count from 1.
  package func log(step: Int, _ values: [String: Double]) throws {
    var row = values.mapValues { JSONValue.number($0) }
    row["step"] = .integer(step)
    let line = JSONValue.object(row).text + "\n"
    try handle.withLock { handle in
      let open = try handle ?? Self.open(file)
      handle = open
      try open.write(contentsOf: Data(line.utf8))
    }
  }

  /// Waits until the steps are on the disk, so that a checkpoint never outlives its metrics.
  package func sync() throws { try handle.withLock { try $0?.synchronize() } }

  /// Forgets every step after `step`.
  package func truncate(after step: Int) throws {
    // The lines stay as they were written, to the byte.
    let kept = try lines().filter { line in
      guard let row = try? JSONValue(parsing: line) else { return false }
      return (row["step"]?.integer ?? 0) <= step
    }
    let content = Data(kept.flatMap { $0 + [0x0A] })
    if try content == self.content() { return }
    try handle.withLock { handle in
      // A kill between emptying and filling the file would lose the steps before.
      try AtomicFile.write(to: file) { try content.write(to: $0) }
      try handle?.close()
      handle = nil
    }
  }

  package func rows() throws -> [JSONValue] {
    try lines().compactMap { try? JSONValue(parsing: $0) }
  }

  private func lines() throws -> [Data] { try content().split(separator: 0x0A) }

  /// What the file says; nothing where there is none.
  private func content() throws -> Data {
    access(file.path, F_OK) == 0 ? try Data(contentsOf: file) : Data()
  }

  /// The steps as a table without timings: `step` first, then the metrics by name, NaN where a step
  /// has none. Nil where nothing was logged.
  func table(without timings: Set<String>) throws -> RowTable? {
    let rows = try rows()
    if rows.isEmpty { return nil }
    let names = Set(rows.flatMap { ($0.object ?? [:]).keys })
    var table: [(String, RowTable.Column)] = []
    table.append(("step", .integers(rows.map { $0["step"]?.integer ?? 0 })))
    for name in names.subtracting(timings).subtracting(["step"]).sorted() {
      table.append((name, .numbers(rows.map { $0[name]?.number ?? .nan })))
    }
    return try RowTable(columns: .init(uniqueKeysWithValues: table))
  }

  private static func open(_ file: URL) throws -> FileHandle {
    if access(file.path, F_OK) != 0 { try Data().write(to: file) }
    let handle = try FileHandle(forUpdating: file)
    try handle.seekToEnd()
    return handle
  }
}
