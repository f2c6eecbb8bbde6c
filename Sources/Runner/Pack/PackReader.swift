import Foundation
import HDF5

/// Takes a packed file apart. Nothing in it is believed: names, keys and digests are checked before
/// anything is used.
struct PackReader {
  private let path: String
  private let main: String
  private let overrides: [String]
  private let lock: RecipeLock
  private let artifacts: [PackedArtifactReader]

  /// Writes everything into a folder.
  /// - Throws: `PackError`, or what writing throws.
  init(_ packed: PackedFile, folder: URL) throws {
    path = packed.url.relativePath
    do {
      let file = try HDF5File.open(packed.url)
      let limit = try packed.url.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
      func texts(_ path: String) throws -> [String] {
        let shape = try file.describe(path).shape
        guard shape.count <= 1, shape.allSatisfy({ $0 <= limit }) else {
          throw PackFault("'\(path)' holds too much")
        }
        return try file.readStrings(path)
      }
      main = try Self.writeRecipe(
        texts(PackLayout.recipePaths), texts(PackLayout.recipeTexts), folder)
      overrides = try texts(PackLayout.overrides)
      lock = try Self.readLock(texts(PackLayout.lock).first ?? "", folder)
      artifacts = try file.members(of: PackLayout.artifacts).map { key in
        try PackedArtifactReader(key, in: file, limit: limit, folder: folder)
      }
    } catch let fault as PackFault {
      throw PackError.contradictory(path, fault.reason)
    } catch let error as HDF5Error {
      throw PackError.contradictory(path, "a part of it cannot be read (\(error.reason))")
    }
  }

  /// What was written, once the folder is where it stays.
  func experiment(in folder: URL) -> UnpackedExperiment {
    let found = artifacts.map { ($0.record.key, $0.artifact(in: folder)) }
    return UnpackedExperiment(
      folder: folder, recipeFile: folder.appending(path: "recipe").appending(path: main),
      overrides: overrides, lock: lock, artifacts: Dictionary(found) { $1 })
  }

  /// Writes the recipe's files.
  /// - Returns: the path of the recipe itself.
  private static func writeRecipe(
    _ paths: [String], _ texts: [String], _ folder: URL
  ) throws -> String {
    guard let main = paths.first, paths.count == texts.count else {
      throw PackFault("it holds no recipe")
    }
    for path in paths where !PackLayout.isInnerPath(path) {
      throw PackFault("it would write the file '\(path)'")
    }
    for (path, text) in zip(paths, texts) {
      let target = folder.appending(path: "recipe").appending(path: path)
      try Cache.makeFolder(target.deletingLastPathComponent())
      try Data(text.utf8).write(to: target, options: .withoutOverwriting)
    }
    return main
  }

  private static func readLock(_ text: String, _ folder: URL) throws -> RecipeLock {
    guard let json = try? JSONValue(parsing: Data(text.utf8)) else {
      throw PackFault("its lock is no JSON")
    }
    do {
      let lock = try RecipeLock(json: json)
      try Data(text.utf8).write(to: RecipeLock.file(in: folder))
      return lock
    } catch let error as RecipeLockError {
      throw PackFault("of its lock, \(error.reason)")
    }
  }
}

/// What does not fit together in a packed file, in words that follow its name.
struct PackFault: Error {
  let reason: String

  init(_ reason: String) { self.reason = reason }
}
