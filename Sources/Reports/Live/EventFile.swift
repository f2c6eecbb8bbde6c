import Base
import Foundation

/// An event file as TensorBoard reads it: records of TFRecord, each a protocol buffer `Event` with numbers
/// of a step (tensorflow/core/util/event.proto, tensorflow/core/framework/summary.proto).
package struct EventFile {
  /// What a file begins with.
  static let suffix = ".warmup"
  private let handle: FileHandle

  /// Makes a file.
  /// - Parameters:
  ///   - step: the first that will be written: what a reader has from it on, of files that were here
  ///     before, no longer counts.
  ///   - time: in seconds since 1970.
  init(in folder: URL, number: Int, step: Int, time: Double) throws {
    let name = "events.out.tfevents.\(Int(time)).\(getpid()).\(number)\(Self.suffix)"
    let file = folder.appending(path: name)
    try Data().write(to: file)
    handle = try FileHandle(forWritingTo: file)
    try handle.write(contentsOf: Self.opening(time: time) + Self.restart(step: step, time: time))
  }

  func append(_ events: Data) throws { try handle.write(contentsOf: events) }

  /// What says which version of the format follows.
  package static func opening(time: Double) -> Data {
    record(wallTime(time) + Protobuf.bytes(3, Data("brain.Event:2".utf8)))
  }

  /// What says that from a step on all is logged anew (`SessionLog` with the status `START`).
  package static func restart(step: Int, time: Double) -> Data {
    record(
      wallTime(time) + Protobuf.integer(2, step)
        + Protobuf.bytes(7, Protobuf.integer(1, 1)))
  }

  /// The numbers of a step, by name; those that are not finite are left out.
  /// - Parameter time: when they were measured, in seconds since 1970.
  package static func scalars(
    _ values: [String: Double], step: Int, time: Double
  ) -> Data {
    let summary = values.filter(\.value.isFinite).sorted { $0.key < $1.key }.map { name, value in
      Protobuf.bytes(
        1, Protobuf.bytes(1, Data(name.utf8)) + Protobuf.float(2, Float(value)))
    }
    return record(
      wallTime(time) + Protobuf.integer(2, step)
        + Protobuf.bytes(5, summary.reduce(Data(), +)))
  }

  private static func wallTime(_ time: Double) -> Data { Protobuf.double(1, time) }

  /// A record: its length and its bytes, each with its masked checksum.
  private static func record(_ content: Data) -> Data {
    let length = Protobuf.littleEndian(UInt64(content.count))
    return length + Protobuf.littleEndian(CRC32C.masked(length)) + content
      + Protobuf.littleEndian(CRC32C.masked(content))
  }
}

/// The wire format of protocol buffers, as far as events need it.
private enum Protobuf {
  static func littleEndian(_ value: some FixedWidthInteger) -> Data {
    withUnsafeBytes(of: value.littleEndian) { Data($0) }
  }

  private static func varint(_ value: UInt64) -> Data {
    var (rest, out) = (value, Data())
    while rest >= 0x80 {
      out.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    out.append(UInt8(rest))
    return out
  }

  private static func key(_ field: Int, _ type: UInt64) -> Data {
    varint(UInt64(field) << 3 | type)
  }

  static func integer(_ field: Int, _ value: Int) -> Data {
    key(field, 0) + varint(UInt64(bitPattern: Int64(value)))
  }

  static func double(_ field: Int, _ value: Double) -> Data {
    key(field, 1) + littleEndian(value.bitPattern)
  }

  static func bytes(_ field: Int, _ value: Data) -> Data {
    key(field, 2) + varint(UInt64(value.count)) + value
  }

  static func float(_ field: Int, _ value: Float) -> Data {
    key(field, 5) + littleEndian(value.bitPattern)
  }
}

/// The checksum CRC-32C (Castagnoli), masked as TFRecord has it.
enum CRC32C {
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { value, _ in
      value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1
    }
  }

  private static func checksum(_ data: Data) -> UInt32 {
    ~data.reduce(~UInt32(0)) { table[Int(($0 ^ UInt32($1)) & 0xFF)] ^ $0 >> 8 }
  }

  static func masked(_ data: Data) -> UInt32 {
    let sum = checksum(data)
    return (sum >> 15 | sum << 17) &+ 0xA282_EAD8
  }
}
