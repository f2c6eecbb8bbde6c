import Base
import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// What a cache holds, and for whose sake.
package struct CacheContents: Sendable {
  /// For what a result is kept.
  package enum Root: Hashable, Sendable {
    /// A recipe's lock names it, or something that is made from it.
    case recipe(String)
    /// It is pinned, or something that is made from it.
    case pinned
    /// It was made lately, or something that is made from it.
    case recent
    /// Nothing refers to it.
    case none
  }

  package struct Entry: Sendable {
    package let key: String
    package let instance: String
    package let kind: String
    package let bytes: Int
    /// The first of: the recipes by name, pins, what was made lately.
    package let root: Root
  }

  /// A folder that is no result: an instance that was interrupted, or something damaged that was
  /// moved aside.
  package struct Leftover: Sendable {
    package let place: URL
    package let bytes: Int
    /// Whether nobody has written there lately.
    package let isOld: Bool
  }

  package let cache: Cache
  /// Every whole result, by its key.
  package private(set) var entries: [Entry] = []
  /// The keys of results that cannot be used; `cache verify` says why.
  package private(set) var damaged: [String] = []
  package private(set) var leftovers: [Leftover] = []

  /// Looks at a cache; changes nothing.
  /// - Parameters:
  ///   - results: the folder of the recipes' results, whose locks are read.
  ///   - days: how long what was made counts as made lately.
  /// - Throws: `CacheError.malformed` for a lock or pins that cannot be read: what they refer to would
  ///   not be known.
  package init(
    _ cache: Cache, results: URL, days: Double, now: Date = Date()
  ) throws {
    // Only what is here: other caches are never written to.
    self.cache = Cache(folder: cache.folder)
    let since = now.addingTimeInterval(-days * 86_400)
    var artifacts: [String: Artifact] = [:]
    for key in self.cache.keys() {
      if case .present(let artifact) = self.cache.lookUp(key) {
        artifacts[key] = artifact
      } else {
        damaged.append(key)
      }
    }
    let owners = try Owners(artifacts, locks: Self.locks(in: results), CachePins(of: cache), since)
    entries = artifacts.values.map { artifact in
      Entry(
        key: artifact.key, instance: artifact.record.instance, kind: artifact.record.fields.kind,
        bytes: Self.bytes(in: artifact.folder), root: owners.roots[artifact.key] ?? .none)
    }.sorted { $0.key < $1.key }
    for name in ["work", "damaged", "trash"] {
      let folder = cache.folder.appending(path: name)
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
      for entry in names.sorted() where !entry.hasPrefix(".") {
        let place = folder.appending(path: entry)
        leftovers.append(
          Leftover(
            place: place, bytes: Self.bytes(in: place),
            isOld: name == "trash" || Self.newest(in: place) < since))
      }
    }
  }

  /// The keys of each recipe's lock.
  private static func locks(in results: URL) throws -> [(name: String, keys: [String])] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: results.path)) ?? []
    return try names.sorted().compactMap { name in
      let folder = results.appending(path: name)
      guard FileManager.default.fileExists(atPath: RecipeLock.file(in: folder).path) else {
        return nil
      }
      return (name, try RecipeLock(recipeFolder: folder).keys.values.sorted())
    }
  }

  private static func files(in folder: URL) -> [URL] {
    let names = (try? FileManager.default.subpathsOfDirectory(atPath: folder.path)) ?? []
    return [folder] + names.map { folder.appending(path: $0) }
  }

  private static func bytes(in folder: URL) -> Int {
    files(in: folder).dropFirst().reduce(0) { sum, file in
      var status = stat()
      guard lstat(file.path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return sum }
      return sum + Int(status.st_size)
    }
  }

  private static func newest(in folder: URL) -> Date {
    files(in: folder).map(changed).max() ?? .distantPast
  }

  /// When a file or folder was last changed, renamed or written to.
  fileprivate static func changed(_ place: URL) -> Date {
    var status = stat()
    guard lstat(place.path, &status) == 0 else { return .distantPast }
    return Date(timeIntervalSince1970: Double(status.st_ctim.tv_sec))
  }
}

/// For what each result is kept.
private struct Owners {
  private let artifacts: [String: Artifact]
  /// The keys of parts of stages by the instance that made them, for records of older versions, which
  /// do not name their parts.
  private let parts: [String: [String]]
  private(set) var roots: [String: CacheContents.Root] = [:]

  init(
    _ artifacts: [String: Artifact], locks: [(name: String, keys: [String])], _ pins: CachePins,
    _ since: Date
  ) {
    self.artifacts = artifacts
    parts = Dictionary(
      grouping: artifacts.values.filter { $0.record.fields.kind.contains("/") }.map(\.record),
      by: \.instance
    ).mapValues { $0.map(\.key) }
    for lock in locks { for key in lock.keys { keep(key, for: .recipe(lock.name)) } }
    for key in pins.names.keys.sorted() { keep(key, for: .pinned) }
    for (key, artifact) in artifacts.sorted(by: { $0.key < $1.key })
    where CacheContents.changed(artifact.folder) >= since { keep(key, for: .recent) }
  }

  /// Keeps a result, and all that it was made from.
  private mutating func keep(_ key: String, for root: CacheContents.Root) {
    var waiting = [key]
    while let next = waiting.popLast() {
      guard roots[next] == nil, let record = artifacts[next]?.record else { continue }
      roots[next] = root
      waiting += record.fields.inputs.values.map(\.key)
      waiting += record.parts.map { Array($0.values) } ?? parts[record.instance] ?? []
    }
  }
}

extension CacheContents {
  /// For people: how much is kept for what.
  package var text: String {
    var order: [Root] = []
    var sizes: [Root: (count: Int, bytes: Int)] = [:]
    for entry in entries {
      if sizes[entry.root] == nil { order.append(entry.root) }
      sizes[entry.root, default: (0, 0)].count += 1
      sizes[entry.root, default: (0, 0)].bytes += entry.bytes
    }
    var rows = order.sorted { $0.rank < $1.rank }.map { root in
      [root.words, counted(sizes[root]?.count ?? 0, "result"), Self.size(sizes[root]?.bytes ?? 0)]
    }
    for (name, words) in Leftover.groups {
      let own = leftovers.filter { $0.group == name }
      if own.isEmpty { continue }
      rows.append([words, counted(own.count, "folder"), Self.size(own.map(\.bytes).reduce(0, +))])
    }
    let total = entries.map(\.bytes).reduce(0, +)
    let head =
      "\(cache.folder.relativePath): \(counted(entries.count, "result")), \(Self.size(total))\n"
    let broken =
      damaged.isEmpty
      ? "" : "  \(counted(damaged.count, "result")) damaged; 'warmup cache verify' says how\n"
    return head + AlignedText.lines(rows).map { "  \($0)\n" }.joined() + broken
  }

  /// A line for each result: its key, size, instance and kind, and for what it is kept.
  package var longText: String {
    AlignedText.lines(
      entries.map { entry in
        [
          String(entry.key.prefix(12)), Self.size(entry.bytes), entry.instance, entry.kind,
          entry.root.words,
        ]
      }, isRight: { $0 == 1 }
    ).map { $0 + "\n" }.joined()
  }

  package static func size(_ bytes: Int) -> String {
    Int64(bytes).formatted(.byteCount(style: .memory))
  }
}

extension CacheContents.Root {
  /// In the order in which they are looked at.
  fileprivate var rank: String {
    switch self {
    case .recipe(let name): "0" + name
    case .pinned: "1"
    case .recent: "2"
    case .none: "3"
    }
  }

  package var words: String {
    switch self {
    case .recipe(let name): "lock of \(name)"
    case .pinned: "pinned"
    case .recent: "made lately"
    case .none: "nothing refers to it"
    }
  }
}

extension CacheContents.Leftover {
  fileprivate static let groups = [
    ("work", "instances that were interrupted"), ("damaged", "damaged, moved aside"),
    ("trash", "being removed"),
  ]

  fileprivate var group: String { place.deletingLastPathComponent().lastPathComponent }
}
