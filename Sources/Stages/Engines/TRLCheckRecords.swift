import Base
import Foundation

/// What `warmup engine check trl` found on this machine, a line for each check that passed, so that the
/// records of trainings can say whether their TRL was ever compared with native training.
package struct TRLCheckRecords {
  package let file: URL

  package init(file: URL) { self.file = file }

  /// Those of a user: `warmup/engine-checks.jsonl` among the user's data.
  /// - Returns: nil where the environment names no folder.
  package init?(_ environment: [String: String] = ProcessInfo.processInfo.environment) {
    guard let folder = UserFolder.data.url(environment) else { return nil }
    file = folder.appending(path: "engine-checks.jsonl")
  }

  /// Adds what a check found.
  /// - Throws: what the file system says.
  package func add(_ check: TRLCheck, processes: Int, sharding: TRLSharding, now: Date = Date())
    throws
  {
    var fields: [String: JSONValue] = [
      "date": .string(now.formatted(.iso8601.year().month().day())), "engine": check.description,
      "processes": .integer(processes), "sharding": .string(sharding.rawValue),
      "distilled": .number(check.distilled.map(\.share).max() ?? 0),
      "reinforced": .number(check.reinforced.difference),
    ]
    fields["sampling"] = check.sampling.map { .number($0) }
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    if !FileManager.default.fileExists(atPath: file.path) { try Data().write(to: file) }
    let handle = try FileHandle(forWritingTo: file)
    defer { try? handle.close() }
    try handle.seekToEnd()
    try handle.write(contentsOf: Data((JSONValue.object(fields).text + "\n").utf8))
  }

  /// The newest check of the same versions on the same device; nil where there is none.
  package func newest(of engine: JSONValue) -> JSONValue? {
    let lines = (try? Data(contentsOf: file))?.split(separator: 0x0A) ?? []
    let checks = lines.compactMap { try? JSONValue(parsing: Data($0)) }
    let found = checks.last { $0["engine"] == engine }?.object
    return found.map { .object($0.filter { $0.key != "engine" }) }
  }

  /// What trained, with what is known of it: under `checked` the newest check, or null.
  static func described(_ engine: JSONValue) -> JSONValue {
    guard var fields = engine.object else { return engine }
    fields["checked"] = TRLCheckRecords()?.newest(of: engine) ?? .null
    return .object(fields)
  }
}
