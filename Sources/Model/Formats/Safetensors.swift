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
  private let bytes: StoredBytes
  /// Where the tensors begin.
  private let start: Int

  /// Opens a file and checks its header against its length. Tensors are read when they are asked for.
  /// - Throws: `SafetensorsError`.
  package init(contentsOf file: URL) throws {
    do {
      let bytes = try StoredBytes(contentsOf: file)
      if let found = ForeignContent(try bytes.read(0..<min(512, bytes.count))) {
        throw SafetensorsError.unreadable(path: file.path, reason: found.sentence)
      }
      try self.init(bytes, path: file.path)
    } catch let problem as StoredBytes.Problem {
      throw SafetensorsError.unreadable(path: file.path, reason: readingProblem(problem, at: file))
    }
  }

  /// Reads bytes; `path` names them in errors.
  /// - Throws: `SafetensorsError.damaged`.
  package init(_ data: Data, path: String) throws {
    try self.init(StoredBytes(data), path: path)
  }

  private init(_ bytes: StoredBytes, path: String) throws {
    let header = try SafetensorsHeader(bytes, path: path)
    self.path = path
    entries = header.entries
    metadata = header.metadata
    self.bytes = bytes
    start = header.byteCount
  }

  package var names: [String] { entries.keys.sorted() }

  /// The numbers of a tensor, row-major; 16-bit floats are widened.
  /// - Throws: `SafetensorsError` where the tensor is missing or holds no floats.
  package func floats(_ name: String) throws -> [Float] {
    let count = try entry(name).count
    return try [Float](unsafeUninitializedCapacity: count) { buffer, initialised in
      try read(name, from: 0, into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
      initialised = count
    }
  }

  /// Writes numbers of a tensor, row-major from the one with index `first`, to `output`.
  /// - Throws: `SafetensorsError` where the tensor is missing, holds no floats or fewer.
  package func read(
    _ name: String, from first: Int, into output: UnsafeMutableBufferPointer<Float>
  ) throws {
    let (entry, format) = (try entry(name), try format(of: name))
    guard first >= 0, first <= entry.count, output.count <= entry.count - first else {
      throw SafetensorsError.damaged(
        path: path, problem: "tensor '\(name)' has \(entry.count) numbers, and more were asked for")
    }
    let width = format.blockBytes
    for index in stride(from: 0, to: output.count, by: tensorPieceCount) {
      let count = min(tensorPieceCount, output.count - index)
      let place = entry.range.lowerBound + (first + index) * width
      format.decode(
        try stored(place..<place + count * width),
        into: UnsafeMutableBufferPointer(rebasing: output[index..<index + count]))
    }
  }

  /// The integers of a tensor, row-major.
  /// - Throws: `SafetensorsError` where the tensor is missing or holds no integers.
  package func integers(_ name: String) throws -> [Int] {
    let entry = try entry(name)
    let bytes = [UInt8](try stored(entry.range))
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

  /// How the floats of a tensor are stored.
  /// - Throws: `SafetensorsError` where the tensor is missing or holds no floats.
  func format(of name: String) throws -> ElementFormat {
    switch try entry(name).type {
    case "F32": return .float32
    case "F16": return .float16
    case "BF16": return .bfloat16
    case let other:
      throw SafetensorsError.type(
        path: path, tensor: name, found: other, expected: "floats (F32, F16, BF16)")
    }
  }

  /// Bytes behind the header.
  private func stored(_ range: Range<Int>) throws -> Data {
    do {
      return try bytes.read(start + range.lowerBound..<start + range.upperBound)
    } catch {
      throw SafetensorsError.unreadable(path: path, reason: error.reason)
    }
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

  /// The longest that the format allows, so that no header fills the memory.
  private static let longest = 100_000_000

  init(_ bytes: StoredBytes, path: String) throws {
    func damaged(_ problem: String) -> SafetensorsError { .damaged(path: path, problem: problem) }
    guard bytes.count >= 8 else {
      throw damaged("it has \(bytes.count) bytes, too few for a header")
    }
    let length = try bytes.read(0..<8).reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(bytes.count - 8) else {
      throw damaged("its header should have \(length) bytes, but the file ends before that")
    }
    guard length <= Self.longest else {
      throw damaged("its header has \(length) bytes, more than the format allows")
    }
    byteCount = 8 + Int(length)
    let json = Data(try bytes.read(8..<byteCount))
    guard json.first == UInt8(ascii: "{"),
      let decoded = try? JSONDecoder().decode(HeaderJSON.self, from: json)
    else { throw damaged("its header is not the JSON that the format asks for") }
    metadata = decoded.metadata
    do {
      entries = try decoded.tensors.mapValues { try $0.checked() }
      try Self.checkCoverage(entries, length: bytes.count - byteCount)
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
      throw HeaderError(sentence: "'\(dtype)' is not a type of numbers that can be read")
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
