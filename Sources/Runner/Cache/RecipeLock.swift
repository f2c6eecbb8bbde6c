import Base
import Foundation

/// `results/<recipe>/lock.json`: what each instance was when it last came out.
///
/// It holds no path, no time and no machine, so it can be committed, and equal experiments have
/// equal locks.
package struct RecipeLock: Sendable, Equatable {
  /// What identifies the result of an instance.
  package struct Entry: Sendable, Equatable {
    /// The key.
    package let key: String
    /// What the key was derived from; nil in locks of an older format.
    package let fields: KeyFields?

    /// Describes a result.
    package init(key: String, fields: KeyFields?) {
      self.key = key
      self.fields = fields
    }
  }

  /// The entries by the instance's name.
  package private(set) var entries: [String: Entry]

  /// The key by the instance's name.
  package var keys: [String: String] { entries.mapValues(\.key) }

  /// The lock of everything that a plan has a key for, done or not.
  package init(_ plan: Plan) {
    entries = [:]
    for item in plan.items {
      if let key = item.key { entries[item.instance.name] = Entry(key: key, fields: item.fields) }
    }
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
    for (name, entry) in instances {
      guard let key = entry["key"]?.string else {
        throw RecipeLockError(reason: "'\(name)' has no key")
      }
      let fields = KeyFields(json: entry)
      if let fields, (try? fields.key()) != key {
        throw RecipeLockError(reason: "the key of '\(name)' is not the one that its fields come to")
      }
      entries[name] = Entry(key: key, fields: fields)
    }
  }

  /// Notes what came out, leaving the entries of other instances as they are.
  package static func update(_ entries: [String: Entry], in recipeFolder: URL) throws {
    try change(in: recipeFolder) { $0.entries.merge(entries) { $1 } }
  }

  /// Notes what was there already, and forgets instances that a recipe no longer has.
  static func settle(
    _ entries: [String: Entry], only names: Set<String>, in recipeFolder: URL
  ) throws {
    let isThere = FileManager.default.fileExists(atPath: file(in: recipeFolder).path)
    if !isThere, entries.isEmpty { return }
    try change(in: recipeFolder) { lock in
      lock.entries = lock.entries.merging(entries) { $1 }.filter { names.contains($0.key) }
    }
  }

  private static func change(
    in recipeFolder: URL, _ change: (inout RecipeLock) -> Void
  ) throws {
    try Cache.makeFolder(recipeFolder)
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

  /// The lock as it is written.
  var text: String {
    let instances = entries.mapValues { entry in
      var members = entry.fields?.json.object ?? [:]
      members["key"] = .string(entry.key)
      return JSONValue.object(members)
    }
    return JSONValue.object(["version": 2, "instances": .object(instances)]).prettyText
  }

  static func file(in recipeFolder: URL) -> URL { recipeFolder.appending(path: "lock.json") }
}

/// What is wrong with a lock, in words that follow the file's name.
struct RecipeLockError: Error {
  let reason: String
}

/// An instance in which a plan is not what was locked.
package struct LockDifference: Sendable, Equatable {
  /// The instance's name.
  package let instance: String
  /// What differs, such as `epochs changed from 2 to 3`.
  package let reason: String
}

extension RecipeLock {
  /// Where a plan differs from the lock: first in the order of the plan, then what the recipe no
  /// longer has, by name. None means that the plan is the experiment that was locked: the same
  /// kinds in the same versions, the same parameters, inputs and contents from outside.
  package func differences(from plan: Plan) -> [LockDifference] {
    let known = Set(plan.items.map(\.instance.name))
    let changed = plan.items.compactMap { item in
      reason(item).map { LockDifference(instance: item.instance.name, reason: $0) }
    }
    let gone = entries.keys.filter { !known.contains($0) }.sorted()
    return changed + gone.map { .init(instance: $0, reason: "the recipe no longer has it") }
  }

  private func reason(_ item: PlannedInstance) -> String? {
    guard let entry = entries[item.instance.name] else { return "the lock does not have it" }
    guard let key = item.key, let fields = item.fields else { return item.reason }
    if key == entry.key { return nil }
    let changes = entry.fields.map { fields.differences(from: $0) } ?? []
    return changes.isEmpty
      ? "its key changed" : changes.map(\.description).joined(separator: "; ")
  }
}

/// Why a recipe does not run with `--locked`.
package enum LockMismatchError: Error, Sendable, CustomStringConvertible {
  /// There is nothing to compare with.
  case missing(String)
  /// Instances differ, of so many planned.
  case differs([LockDifference], of: Int)

  /// A sentence for people, then a line for each instance.
  package var description: String {
    switch self {
    case .missing(let path):
      return "there is no lock at \(path); run once without --locked, or put there the one that "
        + "you were given"
    case .differs(let differences, let count):
      let lines = differences.map { "\n  \($0.instance): \($0.reason)" }.joined()
      return "this is not the experiment that was locked: \(differences.count) of \(count) "
        + "instances differ\(lines)\nNothing ran; without --locked the recipe runs as it is"
    }
  }
}

extension RecipeLock {
  /// Makes sure that a plan is the experiment that was locked.
  /// - Parameter path: where the lock is, for people.
  /// - Throws: `LockMismatchError`.
  package func check(_ plan: Plan, path: String) throws(LockMismatchError) {
    if entries.isEmpty { throw .missing(path) }
    let differences = differences(from: plan)
    let total = Set(entries.keys).union(plan.items.map(\.instance.name)).count
    if !differences.isEmpty { throw .differs(differences, of: total) }
  }
}
