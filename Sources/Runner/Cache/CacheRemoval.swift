import Base
import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// What may go from a cache: results that nothing refers to, and old leftovers.
package struct CacheRemoval: Sendable {
  /// Something that may go.
  package struct Item: Sendable {
    package let place: URL
    package let bytes: Int
    /// What it is, such as `tuned[seed=1] (rlvr)`.
    package let words: String
  }

  package let items: [Item]
  private let cache: Cache

  package init(_ contents: CacheContents) {
    cache = contents.cache
    let results = contents.entries.filter { $0.root == .none }.map { entry in
      Item(
        place: contents.cache.artifactFolder(entry.key), bytes: entry.bytes,
        words: "\(entry.instance) (\(entry.kind))")
    }
    let old = contents.leftovers.filter(\.isOld).map { leftover in
      Item(place: leftover.place, bytes: leftover.bytes, words: "left behind")
    }
    items = results + old
  }

  package var bytes: Int { items.map(\.bytes).reduce(0, +) }

  /// Removes what nothing refers to in a cache on which nobody is at work.
  ///
  /// Each folder is moved into `trash/` first, so that nobody ever sees part of a result; what a kill
  /// leaves there goes the next time.
  /// - Parameters:
  ///   - look: looks at the cache when no run can begin any more.
  ///   - saying: called before each removal.
  /// - Returns: what was removed.
  /// - Throws: `CacheInUseError`, `InterruptedError`, `FileError`, or what `look` throws.
  package static func carryOut(
    in cache: Cache, interruption: Interruption, look: () throws -> CacheContents,
    saying: (Item) throws -> Void
  ) throws -> [Item] {
    let gate = try cache.enterAlone()
    defer { gate.release() }
    let removal = CacheRemoval(try look())
    let trash = cache.folder.appending(path: "trash")
    var removed: [Item] = []
    for item in removal.items {
      try interruption.check()
      try saying(item)
      try remove(item.place, by: trash)
      removed.append(item)
    }
    rmdir(trash.path)
    return removed
  }

  private static func remove(_ place: URL, by trash: URL) throws {
    var place = place
    if place.deletingLastPathComponent().lastPathComponent != trash.lastPathComponent {
      try Folder.make(trash)
      let aside = trash.appending(path: "\(place.lastPathComponent)-\(UUID().uuidString)")
      guard rename(place.path, aside.path) == 0 else {
        throw FileError(action: "remove", path: place.path)
      }
      place = aside
    }
    do {
      try FileManager.default.removeItem(at: place)
    } catch {
      throw FileError(action: "remove", path: place.path, code: FileError(error)?.code ?? EIO)
    }
  }
}
