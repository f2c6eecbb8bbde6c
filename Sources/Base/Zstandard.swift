import CZstd
import Foundation

/// Zstandard: packed files that end in `.zst`, and pages of Parquet.
package enum Zstandard {
  /// Whether bytes begin like a stream of Zstandard.
  package static func begins(_ data: Data) -> Bool { data.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) }

  /// The library's version, such as 1.5.4.
  package static var version: String { String(cString: ZSTD_versionString()) }

  /// Packs a file as one stream with a checksum, small rather than fast. Equal files give equal bytes.
  /// - Throws: `ZstandardError`, or what reading and writing throws.
  package static func compress(_ source: URL, to destination: URL) throws {
    let (input, output) = try open(source, destination)
    defer { close(input, output) }
    let stream = try Compressor()
    while let piece = try input.read(upToCount: 1 << 22), !piece.isEmpty {
      try stream.feed(piece, isLast: false, into: output.write(contentsOf:))
    }
    try stream.feed(Data(), isLast: true, into: output.write(contentsOf:))
  }

  /// Unpacks a file of one stream or of several joined.
  /// - Throws: `ZstandardError` where it breaks off, is corrupt or unpacks to more than `limit` bytes, or
  ///   what reading and writing throws.
  package static func decompress(_ source: URL, to destination: URL, limit: Int) throws {
    let (input, output) = try open(source, destination)
    defer { close(input, output) }
    let stream = try Decompressor(limit: limit)
    while let piece = try input.read(upToCount: 1 << 20), !piece.isEmpty {
      try stream.feed(piece, into: output.write(contentsOf:))
    }
    try stream.finish()
  }

  /// Unpacks bytes.
  /// - Throws: `ZstandardError`, as for a file.
  package static func decompress(_ data: Data, limit: Int) throws -> Data {
    var unpacked = Data()
    let stream = try Decompressor(limit: limit)
    try stream.feed(data) { unpacked.append($0) }
    try stream.finish()
    return unpacked
  }

  private static func open(
    _ source: URL, _ destination: URL
  ) throws -> (FileHandle, FileHandle) {
    try RegularFile.check(source)
    try Data().write(to: destination)
    return (try FileHandle(forReadingFrom: source), try FileHandle(forWritingTo: destination))
  }

  private static func close(_ handles: FileHandle...) {
    for handle in handles { try? handle.close() }
  }
}

/// Why a stream of Zstandard cannot be read or written, in words that follow its name.
package struct ZstandardError: Error, Equatable, CustomStringConvertible {
  package let description: String

  static let breaksOff = ZstandardError(description: "it breaks off")
  static let memory = ZstandardError(description: "there is no memory for Zstandard")

  static func tooLarge(_ limit: Int) -> ZstandardError {
    ZstandardError(description: "it unpacks to more than \(limit) bytes")
  }
}

private final class Compressor {
  private let context: OpaquePointer
  private var buffer = [UInt8](repeating: 0, count: 1 << 18)

  init() throws {
    guard let context = ZSTD_createCCtx() else { throw ZstandardError.memory }
    self.context = context
    for (parameter, value) in [
      (ZSTD_c_compressionLevel, 19), (ZSTD_c_windowLog, Decompressor.greatestWindow),
      (ZSTD_c_enableLongDistanceMatching, 1), (ZSTD_c_checksumFlag, 1),
    ] {
      _ = try Self.checked(ZSTD_CCtx_setParameter(context, parameter, value))
    }
  }

  deinit { ZSTD_freeCCtx(context) }

  func feed(_ piece: Data, isLast: Bool, into sink: (Data) throws -> Void) throws {
    try piece.withUnsafeBytes { bytes in
      var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
      var remaining = 0
      repeat {
        let written = try buffer.withUnsafeMutableBytes { room in
          var output = ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
          remaining = try Self.checked(
            ZSTD_compressStream2(context, &output, &input, isLast ? ZSTD_e_end : ZSTD_e_continue))
          return output.pos
        }
        if written > 0 { try sink(Data(buffer.prefix(written))) }
      } while isLast ? remaining > 0 : input.pos < input.size
    }
  }

  private static func checked(_ code: Int) throws(ZstandardError) -> Int {
    guard ZSTD_isError(code) == 0 else {
      throw ZstandardError(description: String(cString: ZSTD_getErrorName(code)))
    }
    return code
  }
}

private final class Decompressor {
  /// Streams that look back further than 2^27 bytes are refused: they need as much memory.
  static let greatestWindow: Int32 = 27

  private let context: OpaquePointer
  private var buffer = [UInt8](repeating: 0, count: 1 << 18)
  private let limit: Int
  private var count = 0
  /// Whether the last stream that began is whole.
  private var isWhole = false

  init(limit: Int) throws {
    guard let context = ZSTD_createDCtx() else { throw ZstandardError.memory }
    self.context = context
    self.limit = limit
    ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Self.greatestWindow)
  }

  deinit { ZSTD_freeDCtx(context) }

  func feed(_ piece: Data, into sink: (Data) throws -> Void) throws {
    try piece.withUnsafeBytes { bytes in
      var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
      var isFull = false
      // A full buffer may mean that more is waiting inside, also after the last byte.
      while input.pos < input.size || isFull {
        let written = try buffer.withUnsafeMutableBytes { room in
          var output = ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
          let code = ZSTD_decompressStream(context, &output, &input)
          guard ZSTD_isError(code) == 0 else {
            throw ZstandardError(description: "its compressed bytes are corrupt")
          }
          isWhole = code == 0
          return output.pos
        }
        isFull = !isWhole && written == buffer.count
        count += written
        guard count <= limit else { throw ZstandardError.tooLarge(limit) }
        if written > 0 { try sink(Data(buffer.prefix(written))) }
      }
    }
  }

  func finish() throws {
    guard isWhole else { throw ZstandardError.breaksOff }
  }
}
