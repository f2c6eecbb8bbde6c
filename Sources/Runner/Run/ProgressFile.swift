import Base
import Foundation
import Synchronization

/// `work/<key>/progress.json`: how far a process elsewhere says it is, for whoever waits for it.
struct ProgressFile: Sendable {
  private let url: URL

  init(in work: URL) { url = work.appending(path: "progress.json") }

  /// What it says; nil where there is none, or where it is being written.
  func read() -> StageProgress? {
    guard let data = try? Data(contentsOf: url), let json = try? JSONValue(parsing: data),
      let done = json["done"]?.integer, let total = json["total"]?.integer,
      let unit = json["unit"]?.string
    else { return nil }
    return StageProgress(done, of: total, unit, remark: json["remark"]?.string ?? "")
  }

  /// Nothing depends on it: where it cannot be written, nobody sees how far the process is.
  fileprivate func write(_ progress: StageProgress) {
    let json: JSONValue = [
      "done": .integer(progress.done), "total": .integer(progress.total),
      "unit": .string(progress.unit), "remark": .string(progress.remark),
    ]
    try? AtomicFile.writeUnsynced(json.text + "\n", to: url)
  }
}

/// Writes how far an instance is into a file, every few seconds.
final class ProgressWriter: RunDisplay {
  private static let seconds = 2.0

  private let file: ProgressFile
  private let now: @Sendable () -> Double
  private let last = Mutex<Double?>(nil)

  init(
    _ file: ProgressFile, now: @escaping @Sendable () -> Double = DisplayOutput.standardError.now
  ) {
    self.file = file
    self.now = now
  }

  func begin(_ title: InstanceTitle) {}
  func end(_ title: InstanceTitle, _ outcome: InstanceOutcome) {}

  func update(_ title: InstanceTitle, _ progress: StageProgress) {
    let now = now()
    let isDue = last.withLock { last in
      if let last, now - last < Self.seconds { return false }
      last = now
      return true
    }
    if isDue { file.write(progress) }
  }
}
