import Foundation

/// `results/<recipe>/lock.json`: the key of each instance when it last came out.
public struct RecipeLock: Sendable, Equatable {
  /// The key by the instance's name.
  public private(set) var keys: [String: String] = [:]

  /// Reads the lock of a recipe; empty where there is none yet.
  /// - Throws: `CacheError.malformed`.
  public init(recipeFolder: URL) throws {
    let file = Self.file(in: recipeFolder)
    guard FileManager.default.fileExists(atPath: file.path) else { return }
    guard let json = try? JSONValue(parsing: Data(contentsOf: file)),
      let instances = json["instances"]?.object
    else { throw CacheError.malformed(file.path, "it is no lock of a recipe") }
    keys = instances.compactMapValues { $0["key"]?.string }
  }

  /// Notes the keys of instances that came out, leaving those of others as they are.
  public static func update(_ keys: [String: String], in recipeFolder: URL) throws {
    try Cache.makeFolder(recipeFolder)
    let file = file(in: recipeFolder)
    // Two runs of one recipe must not overwrite each other's entries.
    let guardian = try FileLock.acquire(file.appendingPathExtension("lock"))
    defer { guardian.release() }
    try sweepLeftovers(of: file)
    var lock = try RecipeLock(recipeFolder: recipeFolder)
    let old = lock.keys
    lock.keys.merge(keys) { $1 }
    if lock.keys != old { try AtomicFile.write(lock.json.prettyText, to: file) }
  }

  /// Removes what killed runs left half-written. Only whoever guards the file may call this.
  private static func sweepLeftovers(of file: URL) throws {
    let folder = file.deletingLastPathComponent()
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path)
    where name.hasPrefix(file.lastPathComponent) && AtomicFile.isLeftover(name) {
      try FileManager.default.removeItem(at: folder.appending(path: name))
    }
  }

  private var json: JSONValue {
    ["version": 1, "instances": .object(keys.mapValues { ["key": .string($0)] })]
  }

  private static func file(in recipeFolder: URL) -> URL {
    recipeFolder.appending(path: "lock.json")
  }
}
