import Foundation
import HDF5

/// A packed file whose bytes are those that were written.
public struct PackedFile: Sendable {
  /// Where it lies.
  public let url: URL

  /// Whether a file says of itself that it is packed, or is called as if it were HDF5.
  public static func isPacked(_ url: URL) -> Bool {
    if url.pathExtension == "h5" { return true }
    guard let handle = try? FileHandle(forReadingFrom: url) else { return false }
    defer { try? handle.close() }
    return (try? handle.read(upToCount: PackHeader.size)).map { PackHeader.begins($0) } ?? false
  }

  /// Compares the file's length and bytes with what its header says.
  /// - Throws: `PackError`.
  public init(checking url: URL) throws {
    self.url = url
    let path = url.relativePath
    let handle: FileHandle
    let data: Data
    do {
      handle = try FileHandle(forReadingFrom: url)
      data = try handle.read(upToCount: PackHeader.size) ?? Data()
    } catch {
      throw PackError.unreadable(path, Self.reason(path: url.path))
    }
    defer { try? handle.close() }
    guard PackHeader.begins(data) else { throw PackError.notPacked(path) }
    guard let header = PackHeader(data) else { throw PackError.damaged(path) }
    if header.format > PackHeader.currentFormat {
      throw PackError.newer(path, format: header.format)
    }
    let bytes = Int(try handle.seekToEnd())
    guard bytes == header.bytes else {
      throw PackError.wrongLength(path, found: bytes, expected: header.bytes)
    }
    guard header.data == data, header.sha256 == (try PackSeal.digest(of: handle)) else {
      throw PackError.damaged(path)
    }
  }

  /// Lays the file out in a new folder, whole or not at all, and checks everything in it.
  /// - Throws: `PackError`, or what writing throws.
  public func unpack(to folder: URL) throws -> UnpackedExperiment {
    if FileManager.default.fileExists(atPath: folder.path) {
      throw PackError.occupied(folder.relativePath)
    }
    let parent = folder.absoluteURL.standardizedFileURL.deletingLastPathComponent()
    try Cache.makeFolder(parent)
    let beside = parent.appending(path: ".\(folder.lastPathComponent)-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: beside) }
    try Cache.makeFolder(beside)
    let reader = try PackReader(self, folder: beside)
    try FileManager.default.moveItem(at: beside, to: folder)
    return reader.experiment(in: folder)
  }

  /// Lays the file out in a folder that goes with the value.
  /// - Throws: `PackError`, or what writing throws.
  public func opened() throws -> OpenedPack { try OpenedPack(self) }

  private static func reason(path: String) -> String {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      return "there is no such file"
    }
    return isFolder.boolValue ? "it is a folder" : "check its permissions"
  }
}

/// A packed file laid out in a temporary folder, which goes with the value.
public final class OpenedPack: Sendable {
  /// What it holds.
  public let experiment: UnpackedExperiment
  /// The packed file.
  public let file: URL
  private let folder: TemporaryFolder

  fileprivate init(_ packed: PackedFile) throws {
    file = packed.url
    folder = try TemporaryFolder()
    experiment = try packed.unpack(to: folder.url.appending(path: "pack"))
  }
}
