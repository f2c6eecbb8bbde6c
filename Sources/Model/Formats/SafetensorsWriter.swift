import Foundation

/// Writes safetensors files of 32-bit floats; equal content gives equal bytes.
public enum SafetensorsWriter {
  /// Writes all parameters of a model, in the order of its layout.
  /// - Throws: what the file system says.
  public static func write(_ weights: Weights, to file: URL) throws {
    let tensors = weights.layout.entries.map { (name: $0.name, shape: $0.shape) }
    try write(header: header(of: tensors), to: file) { handle in
      for entry in weights.layout.entries {
        try weights.buffer.withElements(entry.offset..<entry.offset + entry.count) {
          try handle.write(contentsOf: Data(UnsafeRawBufferPointer($0)))
        }
      }
    }
  }

  /// Writes tensors, in the order given.
  /// - Throws: what the file system says.
  public static func write(
    _ tensors: [(name: String, shape: [Int], values: [Float])], to file: URL
  ) throws {
    let shapes = tensors.map { (name: $0.name, shape: $0.shape) }
    try write(header: header(of: shapes), to: file) { handle in
      for tensor in tensors {
        precondition(tensor.values.count == tensor.shape.reduce(1, *))
        try handle.write(contentsOf: tensor.values.withUnsafeBytes { Data($0) })
      }
    }
  }

  private static func write(
    header: Data, to file: URL, body: (FileHandle) throws -> Void
  ) throws {
    try Data().write(to: file)
    let handle = try FileHandle(forWritingTo: file)
    try handle.write(contentsOf: header)
    try body(handle)
    try handle.close()
  }

  /// The header with its length, padded with blanks so that the tensors begin at a multiple of 8.
  private static func header(of tensors: [(name: String, shape: [Int])]) -> Data {
    var offset = 0
    var parts = ["\"__metadata__\":{\"format\":\"pt\"}"]
    for (name, shape) in tensors {
      let end = offset + shape.reduce(4, *)
      let sizes = shape.map(String.init).joined(separator: ",")
      parts.append(
        "\(JSONText.quoted(name)):{\"dtype\":\"F32\",\"shape\":[\(sizes)],"
          + "\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var json = Data("{\(parts.joined(separator: ","))}".utf8)
    json.append(Data(repeating: UInt8(ascii: " "), count: (8 - json.count % 8) % 8))
    let length = UInt64(json.count).littleEndian
    return withUnsafeBytes(of: length) { Data($0) } + json
  }
}
