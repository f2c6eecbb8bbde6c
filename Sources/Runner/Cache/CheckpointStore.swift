import Foundation

/// The checkpoints of one instance: HDF5 files `step-<n>.h5` in its work folder, the newest two.
///
/// A checkpoint is written beside, synced and renamed, so whoever sees one sees it whole.
public struct CheckpointStore: Sendable {
  private let folder: URL
  private let kept = 2

  /// Opens the store, making its folder.
  public init(folder: URL) throws {
    self.folder = folder
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  /// The checkpoints there are, the newest first.
  public func checkpoints() throws -> [Checkpoint] { Self.checkpoints(in: folder) }

  /// Writes a checkpoint and removes those that are no longer needed.
  /// - Parameters:
  ///   - step: how many steps are done.
  ///   - write: writes the file at the place that it is given.
  public func save(step: Int, write: (URL) throws -> Void) throws {
    let file = folder.appending(path: "step-\(step).h5")
    try AtomicFile.write(to: file, write)
    for old in try checkpoints().dropFirst(kept) {
      try FileManager.default.removeItem(at: old.file)
    }
  }

  /// Reads the newest checkpoint that can be read, falling back to older ones.
  ///
  /// One that cannot be read is renamed to `….damaged`, so that it counts no longer.
  /// - Parameter read: reads a checkpoint, throwing where something is wrong with it.
  /// - Returns: what was read; nil where a stage begins at its first step.
  public func resume<State>(_ read: (Checkpoint) throws -> State) throws -> State? {
    for checkpoint in try checkpoints() {
      if let state = try? read(checkpoint) { return state }
      let aside = checkpoint.file.appendingPathExtension("damaged")
      try? FileManager.default.removeItem(at: aside)
      try FileManager.default.moveItem(at: checkpoint.file, to: aside)
    }
    return nil
  }

  /// The checkpoints in a folder, the newest first; none where there is no folder.
  static func checkpoints(in folder: URL) -> [Checkpoint] {
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

/// A checkpoint on disk.
public struct Checkpoint: Sendable {
  /// How many steps were done when it was written.
  public let step: Int
  /// The HDF5 file.
  public let file: URL
}
