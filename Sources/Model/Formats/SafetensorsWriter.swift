import Foundation

/// Writes safetensors files; equal content gives equal bytes.
package enum SafetensorsWriter {
  /// Writes tensors of a model in the order given, a piece at a time.
  /// - Throws: `ModelImportError.notFinite` for numbers that are infinite or none, also by rounding;
  ///   what the source throws; and what the file system says.
  package static func write(
    _ tensors: [ParameterLayout.Placement], of source: any TensorSource, as precision: Precision,
    to file: URL
  ) throws {
    let shapes = tensors.map { (name: $0.name, shape: $0.shape) }
    try write(header: header(of: shapes, precision), to: file) { handle in
      for tensor in tensors {
        var first = 0
        try source.forEachPiece(of: tensor, atMost: tensorPieceCount) { piece in
          guard let bytes = precision.bytes(of: piece) else {
            throw overflow(piece, precision, tensor.name, first, source.path)
          }
          try handle.write(contentsOf: bytes)
          first += piece.count
        }
      }
    }
  }

  /// Writes tensors of 32-bit floats, in the order given.
  /// - Throws: what the file system says.
  package static func write(
    _ tensors: [(name: String, shape: [Int], values: [Float])], to file: URL
  ) throws {
    let shapes = tensors.map { (name: $0.name, shape: $0.shape) }
    try write(header: header(of: shapes, .float32), to: file) { handle in
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
  private static func header(
    of tensors: [(name: String, shape: [Int])], _ precision: Precision
  ) -> Data {
    var offset = 0
    var parts = ["\"__metadata__\":{\"format\":\"pt\"}"]
    for (name, shape) in tensors {
      let end = offset + shape.reduce(precision.byteCount, *)
      let sizes = shape.map(String.init).joined(separator: ",")
      parts.append(
        "\(JSONText.quoted(name)):{\"dtype\":\"\(precision.stored.name)\",\"shape\":[\(sizes)],"
          + "\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var json = Data("{\(parts.joined(separator: ","))}".utf8)
    json.append(Data(repeating: UInt8(ascii: " "), count: (8 - json.count % 8) % 8))
    let length = UInt64(json.count).littleEndian
    return withUnsafeBytes(of: length) { Data($0) } + json
  }

  /// The number that rounding made infinite.
  private static func overflow(
    _ piece: UnsafeMutableBufferPointer<Float>, _ precision: Precision, _ name: String,
    _ first: Int, _ path: String
  ) -> ModelImportError {
    let index = piece.firstIndex { !precision.rounded($0).isFinite } ?? 0
    return .notFinite(
      path: path, tensor: name, index: first + index, value: precision.rounded(piece[index]))
  }
}

extension Precision {
  /// How numbers of it are stored.
  package var stored: ElementFormat { self == .float32 ? .float32 : .bfloat16 }

  /// Finite numbers as they are stored, little end first; nil where rounding makes one infinite.
  fileprivate func bytes(of values: UnsafeMutableBufferPointer<Float>) -> Data? {
    if self == .float32 { return Data(UnsafeRawBufferPointer(values)) }
    var isFinite = true
    let words = [UInt16](unsafeUninitializedCapacity: values.count) { words, initialised in
      var greatest: UInt16 = 0
      for index in values.indices {
        let word = UInt16(truncatingIfNeeded: rounded(values[index]).bitPattern >> 16)
        words[index] = word.littleEndian
        greatest = max(greatest, word & 0x7FFF)
      }
      isFinite = greatest < 0x7F80
      initialised = values.count
    }
    return isFinite ? words.withUnsafeBytes { Data($0) } : nil
  }
}
