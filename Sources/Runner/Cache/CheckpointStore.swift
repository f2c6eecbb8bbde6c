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
  public func checkpoints() throws -> [Checkpoint] {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    let found = names.compactMap { name -> Checkpoint? in
      guard name.hasPrefix("step-"), name.hasSuffix(".h5"),
        let step = Int(name.dropFirst(5).dropLast(3))
      else { return nil }
      return Checkpoint(step: step, file: folder.appending(path: name))
    }
    return found.sorted { $0.step > $1.step }
  }

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
}

/// A checkpoint on disk.
public struct Checkpoint: Sendable {
  /// How many steps were done when it was written.
  public let step: Int
  /// The HDF5 file.
  public let file: URL
}
