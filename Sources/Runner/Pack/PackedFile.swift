import Base
import Foundation

/// A packed file whose bytes are those that were written.
package struct PackedFile: Sendable {
  /// The file that was named.
  package let url: URL
  /// The packed file itself: the one that was named, or what it unpacks to where it is compressed as a whole.
  let content: URL
  /// SHA-256 of all that follows the header.
  let sha256: String
  /// Holds `content` where it is compressed.
  private let folder: TemporaryFolder?

  /// Whether a file says of itself that it is packed, or is called as if it were HDF5.
  package static func isPacked(_ url: URL) -> Bool {
    if url.pathExtension == "h5" || PackLayout.isCompressed(url) { return true }
    guard (try? RegularFile.check(url)) != nil,
      let handle = try? FileHandle(forReadingFrom: url)
    else { return false }
    defer { try? handle.close() }
    guard let data = try? handle.read(upToCount: PackHeader.size) else { return false }
    return PackHeader.begins(data) || Zstandard.begins(data)
  }

  /// Compares the file's length and bytes with what its header says.
  /// - Throws: `PackError`.
  package init(checking url: URL) throws {
    self.url = url
    let path = url.relativePath
    do { try RegularFile.check(url) } catch {
      throw PackError.unreadable(path, "it is \(error.sort)")
    }
    let handle: FileHandle
    let data: Data
    do {
      (content, folder) = try Self.unpacked(url)
      handle = try FileHandle(forReadingFrom: content)
      data = try handle.read(upToCount: PackHeader.size) ?? Data()
    } catch let error as ZstandardError {
      throw PackError.uncompressible(path, error)
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
    sha256 = header.sha256
  }

  /// The packed file inside one that is compressed as a whole, or the file itself.
  private static func unpacked(_ url: URL) throws -> (URL, TemporaryFolder?) {
    let handle = try FileHandle(forReadingFrom: url)
    defer { try? handle.close() }
    guard let data = try handle.read(upToCount: PackHeader.size), Zstandard.begins(data) else {
      return (url, nil)
    }
    let folder = try TemporaryFolder()
    let content = folder.url.appending(path: "content.h5")
    let bytes = Int(try handle.seekToEnd())
    try Zstandard.decompress(url, to: content, limit: PackLayout.greatestSize(ofPacked: bytes))
    return (content, folder)
  }

  /// Lays the file out in a new folder, whole or not at all, and checks everything in it.
  /// - Parameter registry: the kinds that compute values again.
  /// - Throws: `PackError`, or what writing throws.
  package func unpack(to folder: URL, registry: KindRegistry) throws -> UnpackedExperiment {
    let reader = try NewFolder.make(folder) {
      try PackReader(self, folder: $0, registry: registry)
    }
    return reader.experiment(in: folder)
  }

  /// Lays the file out in a folder that goes with the value.
  /// - Throws: `PackError`, or what writing throws.
  package func opened(_ registry: KindRegistry) throws -> OpenedPack {
    try OpenedPack(self, registry)
  }

  private static func reason(path: String) -> String {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      return "there is no such file"
    }
    if isFolder.boolValue { return "it is a folder" }
    return "check its permissions"
  }
}

/// A folder that comes into being whole or not at all.
enum NewFolder {
  /// - Parameter fill: puts the content into a folder that takes the other's place afterwards.
  /// - Throws: `PackError.occupied` where there is something already, or what filling it throws.
  static func make<Content>(_ folder: URL, fill: (URL) throws -> Content) throws -> Content {
    if FileManager.default.fileExists(atPath: folder.path) {
      throw PackError.occupied(folder.relativePath)
    }
    let parent = folder.absoluteURL.standardizedFileURL.deletingLastPathComponent()
    try Folder.make(parent)
    let beside = parent.appending(path: ".\(folder.lastPathComponent)-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: beside) }
    try Folder.make(beside)
    let content = try fill(beside)
    try FileManager.default.moveItem(at: beside, to: folder)
    return content
  }
}

/// A packed file laid out in a temporary folder, which goes with the value.
package final class OpenedPack: Sendable {
  package let experiment: UnpackedExperiment
  package let file: URL
  private let folder: TemporaryFolder

  fileprivate init(_ packed: PackedFile, _ registry: KindRegistry) throws {
    file = packed.url
    folder = try TemporaryFolder()
    experiment = try packed.unpack(to: folder.url.appending(path: "pack"), registry: registry)
  }
}
