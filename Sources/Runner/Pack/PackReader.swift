import Base
import Foundation
import HDF5

/// Takes a packed file apart. Nothing in it is believed: names, keys and digests are checked before
/// anything is used.
struct PackReader {
  private let path: String
  private let main: String
  private let overrides: [String]
  private let lock: RecipeLock
  private let part: String?
  private let missing: Set<String>
  private let artifacts: [PackedArtifactReader]

  private let sha256: String

  /// Writes everything into a folder.
  /// - Parameter registry: the kinds that compute values again.
  /// - Throws: `PackError`, or what writing throws.
  init(_ packed: PackedFile, folder: URL, registry: KindRegistry) throws {
    path = packed.url.relativePath
    sha256 = packed.sha256
    do {
      let file = try HDF5Reader(packed.content)
      try file.check()
      func texts(_ path: String) throws -> [String] { try file.readStrings(path) }
      main = try Self.writeRecipe(
        texts(PackLayout.recipePaths), texts(PackLayout.recipeTexts), folder)
      overrides = try texts(PackLayout.overrides)
      lock = try Self.readLock(texts(PackLayout.lock).first ?? "", folder)
      part = try file.attribute(PackLayout.part)?.string
      missing = try part == nil ? [] : Set(texts(PackLayout.missing))
      artifacts = try file.members(of: PackLayout.artifacts).map { key in
        try PackedArtifactReader(key, in: file, folder: folder, registry: registry)
      }
    } catch let fault as PackContentsError {
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
      packedFile: (path as NSString).lastPathComponent, sha256: sha256,
      overrides: overrides, lock: lock, part: part, missing: missing,
      artifacts: Dictionary(found) { $1 })
  }

  /// Writes the recipe's files.
  /// - Returns: the path of the recipe itself.
  private static func writeRecipe(
    _ paths: [String], _ texts: [String], _ folder: URL
  ) throws -> String {
    guard let main = paths.first, paths.count == texts.count else {
      throw PackContentsError("it holds no recipe")
    }
    for path in paths where !PackLayout.isInnerPath(path) {
      throw PackContentsError("it would write the file '\(path)'")
    }
    if let path = PackLayout.repeated(in: paths) {
      throw PackContentsError("it would write the file '\(path)' twice")
    }
    for (path, text) in zip(paths, texts) {
      let target = folder.appending(path: "recipe").appending(path: path)
      try Folder.make(target.deletingLastPathComponent())
      try Data(text.utf8).write(to: target, options: .withoutOverwriting)
    }
    return main
  }

  private static func readLock(_ text: String, _ folder: URL) throws -> RecipeLock {
    do {
      let lock = try RecipeLock(parsing: Data(text.utf8))
      try Data(text.utf8).write(to: RecipeLock.file(in: folder))
      return lock
    } catch let error as RecipeLockError {
      throw PackContentsError("of its lock, \(error.reason)")
    }
  }
}

extension ArtifactRecord {
  /// The names that people are shown, which a stranger chose.
  fileprivate var names: [String] {
    [instance, fields.kind, machine.host, machine.processor] + producers.values + files.keys
      + versions.flatMap { [$0.key, $0.value] }
  }
}

extension String {
  /// Whether a terminal would do something else than show it.
  fileprivate var hasControlCharacters: Bool {
    unicodeScalars.contains { $0.properties.generalCategory == .control }
  }
}

/// What does not fit together in a packed file, in words that follow its name.
struct PackContentsError: Error {
  let reason: String

  init(_ reason: String) { self.reason = reason }
}

/// Takes one artifact out of a packed file, after comparing it with its key and its record.
struct PackedArtifactReader {
  let record: ArtifactRecord
  private var incomplete: Set<String> = []
  private var leftOut: Set<String> = []

  private static let pieceSize = 1 << 22

  /// Writes the artifact's files to `artifacts/<key>` in a folder.
  /// - Throws: `PackContentsError`, `HDF5Error`, or what writing throws.
  init(_ key: String, in file: HDF5Reader, folder: URL, registry: KindRegistry) throws {
    guard PackLayout.isKey(key) else { throw PackContentsError("'\(key)' is not a key") }
    // Tables are compressed to a tenth or so; what claims to be far larger would fill the disk.
    var room = HDF5Reader.greatestGrowth * file.bytes
    let place = Self.place(key, in: folder)
    try Folder.make(place)
    let recordFile = place.appending(path: Artifact.recordName)
    let recordPath = PackLayout.file(Artifact.recordName, of: key)
    _ = try Self.copy(recordPath, of: file, limit: room, to: recordFile)
    record = try Self.record(recordFile, key)
    let members = Set(try file.members(of: PackLayout.artifact(key)))
    let leftOut = try Self.leftOut(of: key, in: file)
    if let stray = members.subtracting(record.files.keys).subtracting([Artifact.recordName]).min() {
      throw PackContentsError("'\(stray)' is not a file of \(Self.short(key))")
    }
    for (name, expected) in record.files.sorted(by: { $0.key < $1.key }) {
      guard PackLayout.isFileName(name) else {
        throw PackContentsError("it would write the file '\(name)'")
      }
      guard members.contains(name) else {
        guard leftOut.contains(name) else {
          throw PackContentsError("\(name) of \(Self.short(key)) is missing")
        }
        incomplete.insert(name)
        self.leftOut.insert(name)
        continue
      }
      guard expected.bytes >= 0, expected.bytes <= room else {
        throw PackContentsError("\(name) of \(Self.short(key)) is too long")
      }
      room -= expected.bytes
      try take(name, expected, from: file, limit: room, to: place.appending(path: name))
    }
    try checkContent(in: place, registry)
  }

  /// Makes sure that every file can be read, and that values are those that its rows come to.
  private func checkContent(in place: URL, _ registry: KindRegistry) throws {
    let present = Set(record.files.keys).subtracting(leftOut)
    for name in present.sorted() where name.hasSuffix(".h5") {
      do {
        try HDF5Reader(place.appending(path: name)).check()
      } catch let error as HDF5Error {
        throw PackContentsError(
          "\(name) of \(Self.short(record.key)) cannot be read (\(error.reason))")
      }
    }
    guard let kind = registry[record.fields.kind] else { return }
    let outputs = PublishedOutputs(
      folder: place, present: present, withoutTexts: incomplete.subtracting(leftOut))
    let computed: [String: JSONValue]
    do {
      computed = try kind.recomputedValues(outputs)
    } catch {
      throw PackContentsError("of '\(record.instance)', \(sentence(for: error))")
    }
    if let words = record.falseValue(comparedWith: computed) { throw PackContentsError(words) }
  }

  /// The artifact, once the folder is where it stays.
  func artifact(in folder: URL) -> UnpackedExperiment.PackedArtifact {
    .init(
      artifact: Artifact(folder: Self.place(record.key, in: folder), record: record),
      incomplete: incomplete)
  }

  private mutating func take(
    _ name: String, _ expected: ArtifactRecord.File, from file: HDF5Reader, limit: Int,
    to target: URL
  ) throws {
    let path = PackLayout.file(name, of: record.key)
    let isHashed = try file.attribute(PackLayout.texts, of: path)?.string == PackLayout.hashed
    let digest = try Self.copy(
      path, of: file, limit: isHashed ? limit : expected.bytes, to: target)
    if isHashed {
      incomplete.insert(name)
    } else if digest != expected.sha256 {
      throw PackContentsError(
        "the content of \(name) of \(Self.short(record.key)) is not what its record says")
    }
  }

  private static func record(_ file: URL, _ key: String) throws -> ArtifactRecord {
    let record: ArtifactRecord
    do {
      record = try ArtifactRecord(contentsOf: file)
    } catch CacheError.malformed(_, let reason) {
      throw PackContentsError("the record of \(short(key)) cannot be used: \(reason)")
    }
    if let text = record.names.first(where: \.hasControlCharacters) {
      throw PackContentsError(
        "the record of \(short(key)) names something with control characters: \(text.debugDescription)"
      )
    }
    guard record.key == key else {
      throw PackContentsError("the record of \(short(key)) has another key")
    }
    guard (try? record.fields.key()) == key else {
      throw PackContentsError("the key \(short(key)) is not the one that its record comes to")
    }
    return record
  }

  private static func leftOut(of key: String, in file: HDF5Reader) throws -> Set<String> {
    let text = try file.attribute(PackLayout.leftOutFiles, of: PackLayout.artifact(key))?.string
    let names = try? JSONValue(parsing: Data((text ?? "[]").utf8)).array
    return Set((names ?? []).compactMap(\.string))
  }

  /// Copies a dataset of bytes into a new file, piece by piece.
  /// - Returns: SHA-256 of the bytes.
  private static func copy(
    _ path: String, of file: HDF5Reader, limit: Int, to target: URL
  ) throws -> String {
    let description = try file.describe(path)
    guard description.type == .uint8, description.shape.count == 1, description.count <= limit
    else { throw PackContentsError("'\(path)' is too long, or holds no bytes") }
    try Data().write(to: target, options: .withoutOverwriting)
    let handle = try FileHandle(forWritingTo: target)
    defer { try? handle.close() }
    let digest = SHA256Digest()
    for start in stride(from: 0, to: description.count, by: pieceSize) {
      let length = min(pieceSize, description.count - start)
      let block = HDF5Block(start: [start], shape: [length])
      let piece = Data(try file.read(path, as: UInt8.self, block: block))
      digest.update(piece)
      try handle.write(contentsOf: piece)
    }
    return digest.hex()
  }

  private static func place(_ key: String, in folder: URL) -> URL {
    folder.appending(path: "artifacts").appending(path: key)
  }

  private static func short(_ key: String) -> String { String(key.prefix(12)) + "…" }
}
