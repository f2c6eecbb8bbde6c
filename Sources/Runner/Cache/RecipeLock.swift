import Base
import Foundation

/// `results/<recipe>/lock.json`: what each instance was when it last came out.
///
/// It holds no path, no time and no machine, so it can be committed, and equal experiments that were
/// registered alike have equal locks.
package struct RecipeLock: Sendable, Equatable {
  /// What identifies the result of each instance, by the instance's name.
  package private(set) var entries: [String: LockedInstance]
  /// SHA-256 of the registration that stood beside the recipe at the last run; nil where none did.
  package private(set) var registration: String?

  /// The key by the instance's name, of what came out.
  package var keys: [String: String] { entries.filter { !$0.value.isStopped }.mapValues(\.key) }

  init(entries: [String: LockedInstance], registration: String? = nil) {
    self.entries = entries
    self.registration = registration
  }

  /// Reads the lock of a recipe; empty where there is none yet.
  /// - Throws: `CacheError.malformed`.
  package init(recipeFolder: URL) throws {
    let file = Self.file(in: recipeFolder)
    do {
      try self.init(json: Self.read(file))
    } catch let error as RecipeLockError {
      throw CacheError.malformed(file.path, error.reason)
    }
  }

  private static func read(_ file: URL) throws -> JSONValue {
    guard FileManager.default.fileExists(atPath: file.path) else { return ["instances": [:]] }
    guard let json = try? JSONValue(parsing: Data(contentsOf: file)) else {
      throw RecipeLockError(reason: "it is no lock of a recipe")
    }
    return json
  }

  /// Reads a lock. Each key must be the one that its fields come to.
  init(json: JSONValue) throws {
    guard let instances = json["instances"]?.object else {
      throw RecipeLockError(reason: "it is no lock of a recipe")
    }
    entries = [:]
    registration = json["registration"]?.string
    for (name, entry) in instances {
      guard let key = entry["key"]?.string else {
        throw RecipeLockError(reason: "'\(name)' has no key")
      }
      let fields = KeyFields(json: entry)
      if let fields, (try? fields.key()) != key {
        throw RecipeLockError(reason: "the key of '\(name)' is not the one that its fields come to")
      }
      entries[name] = LockedInstance(
        key: key, fields: fields, isStopped: entry["stopped"] == true)
    }
  }

  /// Notes what came out, leaving the entries of other instances as they are.
  package static func update(_ entries: [String: LockedInstance], in recipeFolder: URL) throws {
    try change(in: recipeFolder) { $0.entries.merge(entries) { $1 } }
  }

  /// Notes what was there already or is stopped, and forgets instances that a recipe no longer has.
  /// - Parameter registration: SHA-256 of the registration beside the recipe.
  static func settle(
    _ entries: [String: LockedInstance], only names: Set<String>, registration: String?,
    in recipeFolder: URL
  ) throws {
    let isThere = FileManager.default.fileExists(atPath: file(in: recipeFolder).path)
    if !isThere, entries.isEmpty { return }
    try change(in: recipeFolder) { lock in
      lock.registration = registration
      lock.entries = lock.entries.merging(entries) { $1 }.filter { names.contains($0.key) }
    }
  }

  /// Puts the lock in the place of the one that is there.
  package func replace(in recipeFolder: URL) throws {
    try Self.change(in: recipeFolder) { $0 = self }
  }

  private static func change(
    in recipeFolder: URL, _ change: (inout RecipeLock) -> Void
  ) throws {
    // What the lock says already needs no writing, which may not be possible.
    if let there = try? RecipeLock(recipeFolder: recipeFolder) {
      var same = there
      change(&same)
      if same == there { return }
    }
    try Folder.make(recipeFolder)
    let file = file(in: recipeFolder)
    // Two runs of one recipe must not overwrite each other's entries.
    let guardian = try FileLock.acquire(file.appendingPathExtension("lock"))
    defer { guardian.release() }
    try sweepLeftovers(of: file)
    var lock = try RecipeLock(recipeFolder: recipeFolder)
    let old = lock
    change(&lock)
    if lock != old { try AtomicFile.write(lock.text, to: file) }
  }

  /// Removes what killed runs left half-written. Only whoever guards the file may call this.
  private static func sweepLeftovers(of file: URL) throws {
    let folder = file.deletingLastPathComponent()
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path)
    where name.hasPrefix(file.lastPathComponent) && AtomicFile.isLeftover(name) {
      try FileManager.default.removeItem(at: folder.appending(path: name))
    }
  }

  var text: String {
    let instances = entries.mapValues { entry in
      var members = entry.fields?.json.object ?? [:]
      members["key"] = .string(entry.key)
      if entry.isStopped { members["stopped"] = true }
      return JSONValue.object(members)
    }
    var top: [String: JSONValue] = ["version": 2, "instances": .object(instances)]
    top["registration"] = registration.map { .string($0) }
    return JSONValue.object(top).prettyText
  }

  static func file(in recipeFolder: URL) -> URL { recipeFolder.appending(path: "lock.json") }
}

/// What identifies the result of an instance.
package struct LockedInstance: Sendable, Equatable {
  package let key: String
  /// What the key was derived from; nil in locks of an older format.
  package let fields: KeyFields?
  /// Whether a gate stopped it, so that it never came out.
  package let isStopped: Bool

  package init(key: String, fields: KeyFields?, isStopped: Bool = false) {
    self.key = key
    self.fields = fields
    self.isStopped = isStopped
  }
}

/// What is wrong with a lock, in words that follow the file's name.
struct RecipeLockError: Error {
  let reason: String
}
