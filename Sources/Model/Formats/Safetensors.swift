import Foundation

/// A safetensors file, opened for reading: names, shapes and the numbers behind them.
///
/// Layout: header length (64 bits, little-endian), JSON header, tensors without gaps.
package struct SafetensorsFile: Sendable {
  package struct StoredTensor: Sendable, Equatable {
    /// The type of its numbers as the format writes it, such as `F32`.
    package let type: String
    /// Its shape; empty for a single number.
    package let shape: [Int]
    /// Where its bytes lie behind the header.
    package let range: Range<Int>

    /// How many numbers it holds.
    package var count: Int { shape.reduce(1, *) }
  }

  package let entries: [String: StoredTensor]
  /// Free texts of the header.
  package let metadata: [String: String]
  package let path: String
  private let body: Data

  /// Opens a file and checks its header against its length.
  /// - Throws: `SafetensorsError`.
  package init(contentsOf file: URL) throws {
    let data: Data
    do {
      data = try Data(contentsOf: file, options: .mappedIfSafe)
    } catch {
      throw SafetensorsError.unreadable(path: file.path, reason: readingProblem(error, at: file))
    }
    if let found = ForeignContent(data) {
      throw SafetensorsError.unreadable(path: file.path, reason: found.sentence)
    }
    try self.init(data, path: file.path)
  }

  /// Reads bytes; `path` names them in errors.
  /// - Throws: `SafetensorsError.damaged`.
  package init(_ data: Data, path: String) throws {
    let header = try SafetensorsHeader(data, path: path)
    self.path = path
    entries = header.entries
    metadata = header.metadata
    body = data.dropFirst(header.byteCount)
  }

  package var names: [String] { entries.keys.sorted() }

  /// The numbers of a tensor, row-major; 16-bit floats are widened.
  /// - Throws: `SafetensorsError` where the tensor is missing or holds no floats.
  package func floats(_ name: String) throws -> [Float] {
    try format(of: name).decoded(bytes(of: try entry(name)))
  }

  /// Writes the numbers of a tensor, row-major, to `output`, whose length must be the tensor's.
  /// - Throws: `SafetensorsError` where the tensor is missing or holds no floats.
  package func read(_ name: String, into output: UnsafeMutableBufferPointer<Float>) throws {
    try format(of: name).decode(bytes(of: try entry(name)), into: output)
  }

  /// The integers of a tensor, row-major.
  /// - Throws: `SafetensorsError` where the tensor is missing or holds no integers.
  package func integers(_ name: String) throws -> [Int] {
    let entry = try entry(name)
    let bytes = [UInt8](bytes(of: entry))
    switch entry.type {
    case "I64":
      return stride(from: 0, to: bytes.count, by: 8).map {
        Int(Int64(bitPattern: littleEndian(bytes[$0..<$0 + 8])))
      }
    case "I32":
      return stride(from: 0, to: bytes.count, by: 4).map {
        Int(Int32(truncatingIfNeeded: littleEndian(bytes[$0..<$0 + 4])))
      }
    default:
      throw SafetensorsError.type(
        path: path, tensor: name, found: entry.type, expected: "integers (I64, I32)")
    }
  }

  private func entry(_ name: String) throws -> StoredTensor {
    guard let entry = entries[name] else {
      throw SafetensorsError.missing(path: path, tensor: name)
    }
    return entry
  }

  private func format(of name: String) throws -> ElementFormat {
    switch try entry(name).type {
    case "F32": return .float32
    case "F16": return .float16
    case "BF16": return .bfloat16
    case let other:
      throw SafetensorsError.type(
        path: path, tensor: name, found: other, expected: "floats (F32, F16, BF16)")
    }
  }

  private func bytes(of entry: StoredTensor) -> Data {
    let start = body.startIndex
    return body[start + entry.range.lowerBound..<start + entry.range.upperBound]
  }
}

private func littleEndian(_ bytes: ArraySlice<UInt8>) -> UInt64 {
  bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
}

struct SafetensorsHeader {
  let entries: [String: SafetensorsFile.StoredTensor]
  let metadata: [String: String]
  /// How many bytes come before the tensors.
  let byteCount: Int

  init(_ data: Data, path: String) throws {
    func damaged(_ problem: String) -> SafetensorsError { .damaged(path: path, problem: problem) }
    guard data.count >= 8 else {
      throw damaged("it has \(data.count) bytes, too few for a header")
    }
    let length = data.prefix(8).reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(data.count - 8) else {
      throw damaged("its header should have \(length) bytes, but the file ends before that")
    }
    byteCount = 8 + Int(length)
    let json = Data(data.dropFirst(8).prefix(Int(length)))
    guard json.first == UInt8(ascii: "{"),
      let decoded = try? JSONDecoder().decode(HeaderJSON.self, from: json)
    else { throw damaged("its header is not the JSON that the format asks for") }
    metadata = decoded.metadata
    do {
      entries = try decoded.tensors.mapValues { try $0.checked() }
      try Self.checkCoverage(entries, length: data.count - byteCount)
    } catch let problem as HeaderError {
      throw damaged(problem.sentence)
    }
  }

  /// Tensors must follow each other without gap or overlap and end with the file.
  private static func checkCoverage(
    _ entries: [String: SafetensorsFile.StoredTensor], length: Int
  ) throws {
    let ordered = entries.sorted {
      ($0.value.range.lowerBound, $0.value.range.upperBound, $0.key)
        < ($1.value.range.lowerBound, $1.value.range.upperBound, $1.key)
    }
    var end = 0
    for (name, entry) in ordered {
      guard entry.range.lowerBound == end else {
        let fault = entry.range.lowerBound < end ? "overlaps another" : "leaves a gap before it"
        throw HeaderError(sentence: "tensor '\(name)' \(fault)")
      }
      end = entry.range.upperBound
      guard end <= length else {
        throw HeaderError(sentence: "it ends in the middle of tensor '\(name)'")
      }
    }
    guard end == length else {
      throw HeaderError(sentence: "\(length - end) bytes follow the last tensor")
    }
  }
}

private struct HeaderError: Error {
  let sentence: String
}

/// The JSON of a header: `__metadata__`, and a description of each tensor.
private struct HeaderJSON: Decodable {
  var tensors: [String: TensorJSON] = [:]
  var metadata: [String: String] = [:]

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: AnyKey.self)
    for key in container.allKeys {
      if key.stringValue == "__metadata__" {
        metadata = try container.decode([String: String].self, forKey: key)
      } else {
        tensors[key.stringValue] = try container.decode(TensorJSON.self, forKey: key)
      }
    }
  }
}

private struct TensorJSON: Decodable {
  let dtype: String
  let shape: [Int]
  let offsets: [Int]

  enum CodingKeys: String, CodingKey {
    case dtype
    case shape
    case offsets = "data_offsets"
  }

  func checked() throws -> SafetensorsFile.StoredTensor {
    let sizes = [
      "F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2,
      "U16": 2, "I8": 1, "U8": 1, "BOOL": 1,
    ]
    guard let size = sizes[dtype] else {
      throw HeaderError(sentence: "'\(dtype)' is no type of numbers that can be read")
    }
    guard shape.allSatisfy({ $0 >= 0 }), let count = checkedProduct(shape, times: size) else {
      throw HeaderError(sentence: "the shape \(shape) is impossible")
    }
    guard offsets.count == 2, offsets[0] >= 0, offsets[0] <= offsets[1],
      offsets[1] - offsets[0] == count
    else {
      throw HeaderError(sentence: "the offsets \(offsets) do not fit the shape \(shape)")
    }
    return SafetensorsFile.StoredTensor(type: dtype, shape: shape, range: offsets[0]..<offsets[1])
  }
}

/// The product of sizes, or nil where it overflows.
func checkedProduct(_ sizes: [Int], times first: Int = 1) -> Int? {
  sizes.reduce(first as Int?) { product, size in
    guard let (value, overflow) = product?.multipliedReportingOverflow(by: size) else {
      return nil
    }
    return overflow ? nil : value
  }
}

struct AnyKey: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }

  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

/// Writes safetensors files of 32-bit floats; equal content gives equal bytes.
package enum SafetensorsWriter {
  /// Writes all parameters of a model, in the order of its layout.
  /// - Throws: what the file system says.
  package static func write(_ weights: Weights, to file: URL) throws {
    let tensors = weights.layout.entries.map { (name: $0.name, shape: $0.shape) }
    try write(header: header(of: tensors), to: file) { handle in
      for entry in weights.layout.entries {
        try weights.withValues(of: entry) {
          try handle.write(contentsOf: Data(UnsafeRawBufferPointer($0)))
        }
      }
    }
  }

  /// Writes tensors, in the order given.
  /// - Throws: what the file system says.
  package static func write(
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

package enum SafetensorsError: Error, Sendable, CustomStringConvertible {
  case unreadable(path: String, reason: String)
  /// The file breaks off, or its header contradicts itself.
  case damaged(path: String, problem: String)
  case missing(path: String, tensor: String)
  /// A tensor holds another type of numbers than asked for.
  case type(path: String, tensor: String, found: String, expected: String)

  package var description: String {
    switch self {
    case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
    case .damaged(let path, let problem):
      "\(path) is not a whole safetensors file: \(problem); fetch or export it again"
    case .missing(let path, let tensor):
      "\(path) has no tensor '\(tensor)'; use the files of a whole checkpoint"
    case .type(let path, let tensor, let found, let expected):
      "\(path): tensor '\(tensor)' holds \(found), which cannot be read as \(expected); "
        + "convert it to \(expected)"
    }
  }
}
