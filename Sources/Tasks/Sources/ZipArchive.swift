import CZlib
import Foundation

/// A zip archive, such as a Python wheel, opened for reading. Archives over 4 GiB are refused.
package struct ZipArchive {
  package struct Member {
    let name: String
    let method: Int
    let checksum: UInt32
    let packedSize: Int
    let size: Int
    let headerOffset: Int
  }

  let path: String
  let entries: [Member]
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
  package func find(_ member: String) throws -> Member {
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
  package func extract(_ entry: Member, to file: URL) throws {
    try Data().write(to: file)
    let handle = try FileHandle(forWritingTo: file)
    defer { try? handle.close() }
    var (checksum, size) = (crc32(0, nil, 0), 0)
    let take = { (piece: Data) in
      checksum = piece.withUnsafeBytes {
        crc32_z(checksum, $0.bindMemory(to: UInt8.self).baseAddress, piece.count)
      }
      size += piece.count
      guard size <= entry.size else {
        throw damaged("'\(entry.name)' is longer than its directory says")
      }
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

  private func packedBytes(of entry: Member) throws -> Data {
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

struct ZipDirectory {
  private let data: Data
  private let path: String

  init(_ data: Data, path: String) {
    self.data = data
    self.path = path
  }

  /// The files that the directory lists.
  /// - Throws: `DataSourceError.damaged`.
  func entries() throws -> [ZipArchive.Member] {
    let end = try ZipFields(data, at: try endRecord(), count: 22, path: path)
    let count = end.unsigned16(10)
    var offset = end.unsigned32(16)
    guard count != 0xFFFF, offset != 0xFFFF_FFFF else { throw damaged("it is a zip64 archive") }
    var entries: [ZipArchive.Member] = []
    for _ in 0..<count {
      let fields = try ZipFields(data, at: offset, count: 46, path: path)
      guard fields.unsigned32(0) == 0x0201_4B50 else { throw damaged("its directory is corrupt") }
      let nameLength = fields.unsigned16(28)
      let name = try ZipFields(data, at: offset + 46, count: nameLength, path: path).text
      entries.append(try entry(fields, name))
      offset += 46 + nameLength + fields.unsigned16(30) + fields.unsigned16(32)
    }
    return entries
  }

  private func entry(_ fields: ZipFields, _ name: String) throws -> ZipArchive.Member {
    let (packed, size, offset) = (
      fields.unsigned32(20), fields.unsigned32(24), fields.unsigned32(42)
    )
    guard fields.unsigned16(8) & 1 == 0 else { throw damaged("'\(name)' is encrypted") }
    guard ![packed, size, offset].contains(0xFFFF_FFFF) else {
      throw damaged("'\(name)' needs zip64")
    }
    return ZipArchive.Member(
      name: name, method: fields.unsigned16(10), checksum: UInt32(fields.unsigned32(16)),
      packedSize: packed, size: size, headerOffset: offset)
  }

  /// Where the end record begins: within the last 64 KiB, since a comment may follow it.
  private func endRecord() throws -> Int {
    let first = max(0, data.count - 22 - 0xFFFF)
    for offset in stride(from: data.count - 22, through: first, by: -1)
    where data[data.startIndex + offset] == 0x50 {
      let fields = try ZipFields(data, at: offset, count: 22, path: path)
      if fields.unsigned32(0) == 0x0605_4B50, offset + 22 + fields.unsigned16(20) == data.count {
        return offset
      }
    }
    throw damaged("it is not a zip archive, or it breaks off")
  }

  private func damaged(_ problem: String) -> DataSourceError {
    .damaged(path: path, problem: problem)
  }
}

/// Little-endian fields at a place of an archive.
struct ZipFields {
  private let bytes: [UInt8]

  /// - Throws: `DataSourceError.damaged` where the archive ends before that.
  init(_ data: Data, at offset: Int, count: Int, path: String) throws {
    guard offset >= 0, offset + count <= data.count else {
      throw DataSourceError.damaged(path: path, problem: "it breaks off")
    }
    bytes = [UInt8](data[data.startIndex + offset..<data.startIndex + offset + count])
  }

  var text: String { String(decoding: bytes, as: UTF8.self) }

  func unsigned16(_ offset: Int) -> Int { Int(bytes[offset]) | Int(bytes[offset + 1]) << 8 }

  func unsigned32(_ offset: Int) -> Int { unsigned16(offset) | unsigned16(offset + 2) << 16 }
}
