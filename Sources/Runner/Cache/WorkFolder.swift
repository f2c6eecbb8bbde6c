import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// Where an instance works, attempt after attempt, until it publishes.
public struct WorkFolder: Sendable {
  /// The folder.
  public let url: URL

  /// The step of the newest checkpoint, if an earlier attempt left one. Changes nothing.
  public var newestStep: Int? { CheckpointStore.checkpoints(in: checkpoints).first?.step }

  var checkpoints: URL { url.appending(path: "checkpoints") }
  var metrics: URL { url.appending(path: "metrics.jsonl") }

  /// Removes what dead attempts left half-written, and makes an empty folder for the outputs of a
  /// new one. Only whoever holds the key's lock may call this.
  func prepare() throws -> URL {
    let manager = FileManager.default
    try manager.createDirectory(at: checkpoints, withIntermediateDirectories: true)
    for name in try manager.contentsOfDirectory(atPath: url.path)
    where name.hasPrefix("output-") || AtomicFile.isLeftover(name) {
      try manager.removeItem(at: url.appending(path: name))
    }
    for name in try manager.contentsOfDirectory(atPath: checkpoints.path)
    where AtomicFile.isLeftover(name) {
      try manager.removeItem(at: checkpoints.appending(path: name))
    }
    let output = url.appending(path: "output-\(getpid())")
    try manager.createDirectory(at: output, withIntermediateDirectories: false)
    return output
  }
}
