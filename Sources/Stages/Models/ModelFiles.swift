import Base
import Foundation
import HDF5
import Model
import Runner

/// The files of a model that has shards, as its artifact's HDF5 file lists them under `/files`, a
/// column each: the files of a Hugging Face folder, which the artifact's folder is.
///
/// The digests make the HDF5 file stand for the whole model. Whoever takes the model out of the cache
/// has its bytes compared with the artifact's record, so reading compares sizes alone.
struct ModelFiles {
  let folder: URL
  private let files: [(name: String, bytes: Int, sha256: String)]

  private enum Path {
    static let group = "/files"
    static let names = "/files/name"
    static let bytes = "/files/bytes"
    static let digests = "/files/sha256"
  }

  /// Describes files that were just written, sorted by name.
  init(_ names: [String], in folder: URL) throws {
    self.folder = folder
    files = try names.map { name in
      let file = folder.appending(path: name)
      return (name, try Self.size(of: file), try SHA256Digest.hex(ofFile: file))
    }
  }

  /// What a file lists; nil where it has the weights itself.
  /// - Throws: `StageError.failed`, `HDF5Error`.
  init?(listedIn source: HDF5Reader) throws {
    guard try source.exists(Path.group) else { return nil }
    folder = source.url.deletingLastPathComponent()
    let names = try source.readStrings(Path.names)
    let sizes = try source.read(Path.bytes, as: Int.self)
    let digests = try source.readStrings(Path.digests)
    guard sizes.count == names.count, digests.count == names.count,
      names.allSatisfy({ !$0.contains("/") && !$0.hasPrefix(".") })
    else {
      throw StageError.failed("\(source.url.path) does not list the files of its model")
    }
    files = names.indices.map { (names[$0], sizes[$0], digests[$0]) }
  }

  func write(to target: HDF5File) throws {
    try target.write(strings: files.map(\.name), to: Path.names)
    try target.write(files.map(\.bytes), to: Path.bytes)
    try target.write(strings: files.map(\.sha256), to: Path.digests)
  }

  /// Makes sure that every file is there, as long as it was, and that no other would be read.
  /// - Throws: `StageError.failed`.
  func check() throws {
    for (name, bytes, _) in files {
      let file = folder.appending(path: name)
      guard let size = try? Self.size(of: file) else {
        throw StageError.failed(
          "\(file.path) is missing, which is a part of the model; \(Self.advice)")
      }
      guard size == bytes else {
        throw StageError.failed(
          "\(file.path) has \(size) bytes instead of \(bytes), though it is a part of the model; "
            + Self.advice)
      }
    }
    let strange = Set(try ModelFolder.filesRead(in: folder)).subtracting(files.map(\.name))
    if let name = strange.min() {
      throw StageError.failed(
        "\(folder.appending(path: name).path) does not belong to the model beside it; remove it")
    }
  }

  private static let advice = "take the model's folder whole, or make it anew"

  /// Copies the files to another folder.
  func copy(to other: URL) throws {
    for (name, _, _) in files {
      try FileManager.default.copyItem(
        at: folder.appending(path: name), to: other.appending(path: name))
    }
  }

  private static func size(of file: URL) throws -> Int {
    try file.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? -1
  }
}
