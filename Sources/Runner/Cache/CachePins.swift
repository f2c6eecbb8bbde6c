import Base
import Foundation

/// `pins.json` in a cache: results that stay, whatever becomes of the recipes that made them.
package struct CachePins: Sendable, Equatable {
  /// What a result was called when it was pinned: its recipe and instance, by its key.
  package private(set) var names: [String: String]

  /// Reads the pins of a cache; none where there is no file.
  /// - Throws: `CacheError.malformed`.
  package init(of cache: Cache) throws {
    let file = Self.file(in: cache)
    names = [:]
    guard FileManager.default.fileExists(atPath: file.path) else { return }
    guard let json = try? JSONValue(parsing: Data(contentsOf: file)),
      let pins = json["pins"]?.object
    else { throw CacheError.malformed(file.path, "it is not a list of pins") }
    names = pins.mapValues { $0.string ?? "" }
  }

  /// Pins results, or removes their pins.
  /// - Parameter names: recipe and instance, by the key.
  /// - Returns: how many pins are new, or went.
  /// - Throws: `CacheError`, `FileError` or `LockError`.
  package static func change(
    _ names: [String: String], removing: Bool, in cache: Cache
  ) throws -> Int {
    let file = file(in: cache)
    try Folder.make(cache.folder)
    let guardian = try FileLock.acquire(file.appendingPathExtension("lock"))
    defer { guardian.release() }
    var pins = try CachePins(of: cache)
    let before = pins
    for (key, name) in names { pins.names[key] = removing ? nil : pins.names[key] ?? name }
    if pins != before {
      let json: JSONValue = [
        "version": 1, "pins": .object(pins.names.mapValues { .string($0) }),
      ]
      try AtomicFile.write(json.prettyText, to: file)
    }
    return abs(pins.names.count - before.names.count)
  }

  private static func file(in cache: Cache) -> URL { cache.folder.appending(path: "pins.json") }
}
