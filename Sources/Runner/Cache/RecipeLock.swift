import Base
import Foundation
import Synchronization

/// `results/<recipe>/lock.json`: what each instance was when it last came out.
///
/// It holds no path, no time and no machine, so it can be committed, and equal experiments that were
/// registered alike have equal locks.
package struct RecipeLock: Sendable, Equatable {
  /// What identifies the result of each instance, by the instance's name.
  package private(set) var entries: [String: LockedInstance]
  /// SHA-256 of the registration that stood beside the recipe at the last run; nil where none did.
  package private(set) var registration: String?
  /// The values of axes beyond those of the recipe's file that runs were asked for with `--set`.
  package private(set) var axes: [String: [JSONValue]] = [:]

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
    let stamp = FileStamp(of: file)
    if let stamp, let (_, lock) = Self.latest.withLock({ $0?.0 == stamp ? $0 : nil }) {
      self = lock
      return
    }
    do {
      if FileManager.default.fileExists(atPath: file.path) {
        try self.init(parsing: Data(contentsOf: file))
      } else {
        self.init(entries: [:])
      }
      let lock = self
      if let stamp, stamp.isSettled { Self.latest.withLock { $0 = (stamp, lock) } }
    } catch let error as RecipeLockError {
      throw CacheError.malformed(file.path, error.reason)
    }
  }

  /// The lock that was read last: a command asks for it several times, and it may be long.
  private static let latest = Mutex<(FileStamp, RecipeLock)?>(nil)

  /// Reads a lock. Each key must be the one that its fields come to.
  /// - Throws: `RecipeLockError`.
  init(parsing data: Data) throws {
    var entries: [String: LockedInstance] = [:]
    let rest: JSONValue
    do {
      rest = try JSONValue.parse(data, membersOf: "instances") { name, entry in
        entries[name] = try LockedInstance(json: entry, of: name)
      }
    } catch is JSONError {
      throw RecipeLockError(reason: "it is not a lock of a recipe")
    }
    guard rest["instances"] == [:] else {
      throw RecipeLockError(reason: "it is not a lock of a recipe")
    }
    self.entries = entries
    registration = rest["registration"]?.string
    axes = (rest["axes"]?.object ?? [:]).compactMapValues(\.array)
  }

  /// Notes what came out, leaving the entries of other instances as they are.
  package static func update(_ entries: [String: LockedInstance], in recipeFolder: URL) throws {
    if entries.isEmpty { return }
    try change(in: recipeFolder, isLikely: true) { $0.entries.merge(entries) { $1 } }
  }

  /// Notes what was there already or is stopped, and forgets instances that neither the run's recipe
  /// nor other runs have.
  /// - Parameters:
  ///   - names: the instances of the run.
  ///   - registration: SHA-256 of the registration beside the recipe.
  static func settle(
    _ entries: [String: LockedInstance], of names: Set<String>, besides others: OtherRuns,
    registration: String?, in recipeFolder: URL
  ) throws {
    let isThere = FileManager.default.fileExists(atPath: file(in: recipeFolder).path)
    if !isThere, entries.isEmpty { return }
    try change(in: recipeFolder) { lock in
      lock.registration = registration
      lock.entries.merge(entries) { $1 }
      // Another run may have noted further values since this one began: its instances stay.
      let isCurrent = lock.axes == others.known
      lock.note(others.axes)
      guard isCurrent, let kept = others.names else { return }
      lock.entries = lock.entries.filter { names.contains($0.key) || kept.contains($0.key) }
    }
  }

  /// Notes the values of axes beyond the recipe's file that a run is asked for.
  static func note(_ others: OtherRuns, in recipeFolder: URL) throws {
    if others.axes.isEmpty { return }
    try change(in: recipeFolder) { $0.note(others.axes) }
  }

  /// Lends the report of a recipe to one run at a time, so that the last one finds in the lock what
  /// all have made.
  /// - Throws: what the body throws, or `LockError`.
  package static func whileReporting<Result>(
    in recipeFolder: URL, _ body: () throws -> Result
  ) throws -> Result {
    try Folder.make(recipeFolder)
    let guardian = try FileLock.acquire(recipeFolder.appending(path: "report.lock"))
    defer { guardian.release() }
    // What killed runs left half-written; the lock's own belongs to whoever guards that.
    for path in try FileManager.default.subpathsOfDirectory(atPath: recipeFolder.path)
    where AtomicFile.isLeftover(path) && !path.hasPrefix("lock.json") {
      try FileManager.default.removeItem(at: recipeFolder.appending(path: path))
    }
    return try body()
  }

  private mutating func note(_ more: [String: [JSONValue]]) {
    for (axis, more) in more {
      let known = axes[axis] ?? []
      let values = AxisValues(known)
      let new = more.filter { values.value(sameAs: $0) == nil }
      if !new.isEmpty { axes[axis] = (known + new).sorted(by: JSONValue.isBeforeOnAxis) }
    }
  }

  /// Puts the lock in the place of the one that is there.
  package func replace(in recipeFolder: URL) throws {
    try Self.change(in: recipeFolder) { $0 = self }
  }

  /// - Parameter isLikely: whether it is sure enough that the lock does not say it yet. To read a long
  ///   one takes time and memory.
  private static func change(
    in recipeFolder: URL, isLikely: Bool = false, _ change: (inout RecipeLock) -> Void
  ) throws {
    // What the lock says already needs no writing, which may not be possible.
    if !isLikely, isUnchanged(in: recipeFolder, by: change) { return }
    try Folder.make(recipeFolder)
    let file = file(in: recipeFolder)
    // Two runs of one recipe must not overwrite each other's entries.
    let guardian = try FileLock.acquire(file.appendingPathExtension("lock"))
    defer { guardian.release() }
    try sweepLeftovers(of: file)
    var lock = try RecipeLock(recipeFolder: recipeFolder)
    let old = lock
    change(&lock)
    if lock != old { try AtomicFile.write(lock.pieces, to: file) }
  }

  private static func isUnchanged(
    in recipeFolder: URL, by change: (inout RecipeLock) -> Void
  ) -> Bool {
    guard let there = try? RecipeLock(recipeFolder: recipeFolder) else { return false }
    var same = there
    change(&same)
    return same == there
  }

  /// Removes what killed runs left half-written. Only whoever guards the file may call this.
  private static func sweepLeftovers(of file: URL) throws {
    let folder = file.deletingLastPathComponent()
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path)
    where name.hasPrefix(file.lastPathComponent) && AtomicFile.isLeftover(name) {
      try FileManager.default.removeItem(at: folder.appending(path: name))
    }
  }

  var text: String { pieces.joined() }

  /// The text, entry by entry: thousands of them as one value, or one text that grows, would take more
  /// memory than all else of a run.
  private var pieces: [String] {
    var top: [String: JSONValue] = ["version": 2, "instances": [:]]
    top["registration"] = registration.map { .string($0) }
    if !axes.isEmpty { top["axes"] = .object(axes.mapValues { .array($0) }) }
    let empty = JSONValue.object(top).prettyText
    let name = "\n  \"instances\": {"
    guard !entries.isEmpty, let place = empty.range(of: name) else { return [empty] }
    let sorted = entries.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    let members = sorted.enumerated().map { index, member in
      // Line breaks inside of texts are escaped, so that these are between lines.
      let value = member.value.json.prettyText.dropLast().replacing("\n", with: "\n    ")
      return (index == 0 ? "\n    " : ",\n    ") + JSONValue.string(member.key).text + ": " + value
    }
    return [String(empty[..<place.upperBound])] + members + ["\n  " + empty[place.upperBound...]]
  }

  static func file(in recipeFolder: URL) -> URL { recipeFolder.appending(path: "lock.json") }
}

/// What the lock keeps of other runs of a recipe, when a run settles it.
package struct OtherRuns: Sendable {
  /// The instances of other runs that stay; nil for all that there are, as after a run that `--set`
  /// changed, which cannot know what the others ask for.
  package let names: Set<String>?
  /// The values of axes that this run was asked for beyond those of the recipe's file.
  package let axes: [String: [JSONValue]]
  /// The values that the lock noted when `names` were worked out.
  package let known: [String: [JSONValue]]

  package init(
    names: Set<String>? = [], axes: [String: [JSONValue]] = [:], known: [String: [JSONValue]] = [:]
  ) {
    self.names = names
    self.axes = axes
    self.known = known
  }
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

  fileprivate init(json: JSONValue, of name: String) throws {
    guard let key = json["key"]?.string else {
      throw RecipeLockError(reason: "'\(name)' has no key")
    }
    let fields = KeyFields(json: json)
    if let fields, (try? fields.key()) != key {
      throw RecipeLockError(reason: "the key of '\(name)' is not the one that its fields come to")
    }
    self.init(key: key, fields: fields, isStopped: json["stopped"] == true)
  }

  fileprivate var json: JSONValue {
    var members = fields?.json.object ?? [:]
    members["key"] = .string(key)
    if isStopped { members["stopped"] = true }
    return .object(members)
  }
}

/// What is wrong with a lock, in words that follow the file's name.
struct RecipeLockError: Error {
  let reason: String
}
