import Foundation

/// The directory at the end of a zip archive.
struct ZipDirectory {
  private let data: Data
  private let path: String

  init(_ data: Data, path: String) {
    self.data = data
    self.path = path
  }

  /// The files that the directory lists.
  /// - Throws: `DataSourceError.damaged`.
  func entries() throws -> [ZipArchive.Entry] {
    let end = try ZipFields(data, at: try endRecord(), count: 22, path: path)
    let count = end.unsigned16(10)
    var offset = end.unsigned32(16)
    guard count != 0xFFFF, offset != 0xFFFF_FFFF else { throw damaged("it is a zip64 archive") }
    var entries: [ZipArchive.Entry] = []
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

  private func entry(_ fields: ZipFields, _ name: String) throws -> ZipArchive.Entry {
    let (packed, size, offset) = (
      fields.unsigned32(20), fields.unsigned32(24), fields.unsigned32(42)
    )
    guard fields.unsigned16(8) & 1 == 0 else { throw damaged("'\(name)' is encrypted") }
    guard ![packed, size, offset].contains(0xFFFF_FFFF) else {
      throw damaged("'\(name)' needs zip64")
    }
    return ZipArchive.Entry(
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
    throw damaged("it is no zip archive, or it breaks off")
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

  /// The bytes as text.
  var text: String { String(decoding: bytes, as: UTF8.self) }

  func unsigned16(_ offset: Int) -> Int { Int(bytes[offset]) | Int(bytes[offset + 1]) << 8 }

  func unsigned32(_ offset: Int) -> Int { unsigned16(offset) | unsigned16(offset + 2) << 16 }
}
