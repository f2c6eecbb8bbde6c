import CZlib
import Foundation

/// A zip archive, such as a Python wheel, opened for reading. Archives over 4 GiB are refused.
package struct ZipArchive {
  /// One file of the archive.
  package struct Entry {
    let name: String
    let method: Int
    let checksum: UInt32
    let packedSize: Int
    let size: Int
    let headerOffset: Int
  }

  let path: String
  let entries: [Entry]
  private let data: Data

  /// Opens an archive and reads its directory.
  /// - Throws: `DataSourceError.damaged`.
  package init(contentsOf file: URL) throws {
    try self.init(try Data(contentsOf: file, options: .mappedIfSafe), path: file.path)
  }

  package init(_ data: Data, path: String) throws {
    self.data = data
    self.path = path
    entries = try ZipDirectory(data, path: path).entries()
  }

  /// The file of a full path or, where only one has it, a base name.
  /// - Throws: `DataSourceError.member`.
  package func find(_ member: String) throws -> Entry {
    if let entry = entries.first(where: { $0.name.utf8.elementsEqual(member.utf8) }) {
      return entry
    }
    let named = entries.filter {
      $0.name.utf8.elementsEqual(member.utf8) || $0.name.hasSuffix("/" + member)
    }
    guard named.count == 1, let entry = named.first else {
      throw DataSourceError.member(member, path: path, candidates: named.map(\.name))
    }
    return entry
  }

  /// Unpacks a file and checks its length and checksum.
  /// - Throws: `DataSourceError.damaged`.
  package func extract(_ entry: Entry, to file: URL) throws {
    try Data().write(to: file)
    let handle = try FileHandle(forWritingTo: file)
    defer { try? handle.close() }
    var (checksum, size) = (crc32(0, nil, 0), 0)
    let take = { (piece: Data) in
      checksum = piece.withUnsafeBytes {
        crc32_z(checksum, $0.bindMemory(to: UInt8.self).baseAddress, piece.count)
      }
      size += piece.count
      try handle.write(contentsOf: piece)
    }
    let packed = try packedBytes(of: entry)
    switch entry.method {
    case 0: try take(packed)
    case 8: try Inflation.inflate(packed, as: .raw, path: path, into: take)
    default: throw damaged("'\(entry.name)' is packed by method \(entry.method)")
    }
    guard size == entry.size, UInt32(checksum) == entry.checksum else {
      throw damaged("'\(entry.name)' does not have the length and checksum that it should have")
    }
  }

  private func packedBytes(of entry: Entry) throws -> Data {
    let header = try ZipFields(data, at: entry.headerOffset, count: 30, path: path)
    guard header.unsigned32(0) == 0x0403_4B50 else {
      throw damaged("'\(entry.name)' does not begin where it should")
    }
    let start = entry.headerOffset + 30 + header.unsigned16(26) + header.unsigned16(28)
    guard start + entry.packedSize <= data.count else {
      throw damaged("it breaks off in '\(entry.name)'")
    }
    return data[data.startIndex + start..<data.startIndex + start + entry.packedSize]
  }

  private func damaged(_ problem: String) -> DataSourceError {
    .damaged(path: path, problem: problem)
  }
}
