import CZlib
import Foundation

/// Unpacks deflated bytes, a piece at a time.
package enum Inflation {
  /// How deflated bytes are wrapped; the raw values are zlib's window bits.
  enum Format: Int32 {
    /// With gzip's header and checksum; files may be joined.
    case gzip = 31
    /// With nothing around them, as in zip archives.
    case raw = -15
  }

  /// How many times its own size data may unpack to, beyond `free` bytes. Text packs 3 to 30 times,
  /// zeros a thousand times.
  static let greatestRatio = 200
  static let free = 64 << 20
  /// The most bytes that are unpacked into memory.
  static let greatestInMemory = 4 << 30

  /// Unpacks bytes; `path` names them in errors.
  /// - Throws: `DataSourceError.damaged` where they break off or are corrupt, `.tooLarge` where they
  ///   unpack to more than data does, and what `sink` throws.
  static func inflate(
    _ input: Data, as format: Format, path: String, into sink: (Data) throws -> Void
  ) throws {
    try input.withUnsafeBytes { bytes in
      let inflater = try Inflater(bytes, format, path: path)
      var count = 0
      let limit = free + greatestRatio * input.count
      while let piece = try inflater.next() {
        count += piece.count
        guard count <= limit else { throw DataSourceError.tooLarge(path: path, bytes: limit) }
        try sink(piece)
      }
    }
  }

  /// Unpacks a gzip file's bytes into memory.
  package static func gunzip(_ input: Data, path: String) throws -> Data {
    var output = Data()
    try inflate(input, as: .gzip, path: path) { piece in
      guard output.count + piece.count <= greatestInMemory else {
        throw DataSourceError.tooLarge(path: path, bytes: greatestInMemory)
      }
      output.append(piece)
    }
    return output
  }
}

/// One stream of zlib. It is a class since zlib remembers the stream's address.
private final class Inflater {
  private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
  private let bytes: UnsafeRawBufferPointer
  private let format: Inflation.Format
  private let path: String
  /// How much of the input zlib has been given.
  private var offset = 0
  private var status = Z_OK

  init(_ bytes: UnsafeRawBufferPointer, _ format: Inflation.Format, path: String) throws {
    self.bytes = bytes
    self.format = format
    self.path = path
    stream.initialize(to: z_stream())
    let size = Int32(MemoryLayout<z_stream>.size)
    status = inflateInit2_(stream, format.rawValue, ZLIB_VERSION, size)
    guard status == Z_OK else { throw damaged("zlib cannot start") }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  /// The next unpacked bytes, perhaps none; nil at the end.
  func next() throws -> Data? {
    if status == Z_STREAM_END {
      guard format == .gzip, anotherMemberFollows else { return nil }
      inflateReset(stream)
    }
    refill()
    var output = Data(count: 1 << 18)
    let capacity = output.count
    status = output.withUnsafeMutableBytes { buffer in
      stream.pointee.next_out = buffer.bindMemory(to: UInt8.self).baseAddress
      stream.pointee.avail_out = UInt32(capacity)
      return CZlib.inflate(stream, Z_NO_FLUSH)
    }
    switch status {
    case Z_OK, Z_STREAM_END: return output.prefix(capacity - Int(stream.pointee.avail_out))
    case Z_BUF_ERROR: throw damaged("it breaks off")
    default: throw damaged("its compressed bytes are corrupt")
    }
  }

  private var anotherMemberFollows: Bool {
    let position = offset - Int(stream.pointee.avail_in)
    return position + 1 < bytes.count && bytes[position] == 0x1F && bytes[position + 1] == 0x8B
  }

  /// Gives zlib more where it has used up what it had, in pieces that fit its 32-bit counter.
  private func refill() {
    guard stream.pointee.avail_in == 0, offset < bytes.count else { return }
    let length = min(bytes.count - offset, 1 << 30)
    let start = bytes.bindMemory(to: UInt8.self).baseAddress.map { $0 + offset }
    stream.pointee.next_in = UnsafeMutablePointer(mutating: start)
    stream.pointee.avail_in = UInt32(length)
    offset += length
  }

  private func damaged(_ problem: String) -> DataSourceError {
    .damaged(path: path, problem: problem)
  }
}
