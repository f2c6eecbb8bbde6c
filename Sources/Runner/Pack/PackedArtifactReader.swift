import Foundation
import HDF5

/// Takes one artifact out of a packed file, after comparing it with its key and its record.
struct PackedArtifactReader {
  /// The record.
  let record: ArtifactRecord
  private var incomplete: Set<String> = []

  private static let pieceSize = 1 << 22

  /// Writes the artifact's files to `artifacts/<key>` in a folder.
  /// - Parameter limit: the packed file's size; nothing in it can be larger.
  /// - Throws: `PackFault`, `HDF5Error`, or what writing throws.
  init(_ key: String, in file: HDF5File, limit: Int, folder: URL) throws {
    guard PackLayout.isKey(key) else { throw PackFault("'\(key)' is no key") }
    let place = Self.place(key, in: folder)
    try Cache.makeFolder(place)
    let recordFile = place.appending(path: Artifact.recordName)
    let recordPath = PackLayout.file(Artifact.recordName, of: key)
    _ = try Self.copy(recordPath, of: file, limit: limit, to: recordFile)
    record = try Self.record(recordFile, key)
    let members = Set(try file.members(of: PackLayout.artifact(key)))
    let leftOut = try Self.leftOut(of: key, in: file)
    if let stray = members.subtracting(record.files.keys).subtracting([Artifact.recordName]).min() {
      throw PackFault("'\(stray)' is no file of \(Self.short(key))")
    }
    for (name, expected) in record.files.sorted(by: { $0.key < $1.key }) {
      guard PackLayout.isFileName(name) else {
        throw PackFault("it would write the file '\(name)'")
      }
      guard members.contains(name) else {
        guard leftOut.contains(name) else {
          throw PackFault("\(name) of \(Self.short(key)) is missing")
        }
        incomplete.insert(name)
        continue
      }
      try take(name, expected, from: file, limit: limit, to: place.appending(path: name))
    }
  }

  /// The artifact, once the folder is where it stays.
  func artifact(in folder: URL) -> UnpackedExperiment.PackedArtifact {
    .init(
      artifact: Artifact(folder: Self.place(record.key, in: folder), record: record),
      incomplete: incomplete)
  }

  private mutating func take(
    _ name: String, _ expected: ArtifactRecord.File, from file: HDF5File, limit: Int, to target: URL
  ) throws {
    let path = PackLayout.file(name, of: record.key)
    let isHashed = try file.attribute(PackLayout.texts, of: path)?.string == PackLayout.hashed
    let digest = try Self.copy(
      path, of: file, limit: isHashed ? limit : expected.bytes, to: target)
    if isHashed {
      incomplete.insert(name)
    } else if digest != expected.sha256 {
      throw PackFault(
        "the content of \(name) of \(Self.short(record.key)) is not what its record says")
    }
  }

  private static func record(_ file: URL, _ key: String) throws -> ArtifactRecord {
    let record: ArtifactRecord
    do {
      record = try ArtifactRecord(contentsOf: file)
    } catch CacheError.malformed(_, let reason) {
      throw PackFault("the record of \(short(key)) cannot be used: \(reason)")
    }
    guard record.key == key else { throw PackFault("the record of \(short(key)) has another key") }
    guard (try? record.fields.key()) == key else {
      throw PackFault("the key \(short(key)) is not the one that its record comes to")
    }
    return record
  }

  private static func leftOut(of key: String, in file: HDF5File) throws -> Set<String> {
    let text = try file.attribute(PackLayout.leftOutFiles, of: PackLayout.artifact(key))?.string
    let names = try? JSONValue(parsing: Data((text ?? "[]").utf8)).array
    return Set((names ?? []).compactMap(\.string))
  }

  /// Copies a dataset of bytes into a new file, piece by piece.
  /// - Returns: SHA-256 of the bytes.
  private static func copy(
    _ path: String, of file: HDF5File, limit: Int, to target: URL
  ) throws -> String {
    let description = try file.describe(path)
    guard description.type == .uint8, description.shape.count == 1, description.count <= limit
    else { throw PackFault("'\(path)' is too long, or holds no bytes") }
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
