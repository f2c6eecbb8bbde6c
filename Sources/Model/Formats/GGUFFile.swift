import Foundation

/// A GGUF file of version 2 or 3, opened for reading: metadata, names of tensors, their numbers.
package struct GGUFFile: Sendable {
  package struct Tensor: Sendable, Equatable {
    /// How its numbers are stored.
    package let format: ElementFormat
    /// Its shape, outermost first, as in a Hugging Face checkpoint (GGUF writes it reversed).
    package let shape: [Int]
    /// Where its bytes lie in the file.
    package let range: Range<Int>

    /// How many numbers it holds.
    package var count: Int { shape.reduce(1, *) }
  }

  /// The metadata by key, such as `llama.block_count`.
  package let metadata: [String: GGUFValue]
  /// The tensors by name, such as `blk.0.attn_q.weight`.
  package let tensors: [String: Tensor]
  package let path: String
  private let data: Data

  /// Opens a file and checks its tables against its length.
  /// - Throws: `GGUFError`.
  package init(contentsOf file: URL) throws {
    let data: Data
    do {
      data = try Data(contentsOf: file, options: .mappedIfSafe)
    } catch {
      throw GGUFError.unreadable(path: file.path, reason: readingProblem(error, at: file))
    }
    if let found = ForeignContent(data) {
      throw GGUFError.unreadable(path: file.path, reason: found.sentence)
    }
    try self.init(data, path: file.path)
  }

  /// Reads bytes; `path` names them in errors.
  /// - Throws: `GGUFError`.
  package init(_ data: Data, path: String) throws {
    do {
      var cursor = GGUFCursor(data)
      let (tensorCount, metadataCount) = try Self.counts(&cursor, path: path)
      metadata = try Self.metadata(metadataCount, &cursor)
      let infos = try GGUFTensorInfo.read(tensorCount, &cursor, path: path)
      let alignment = metadata["general.alignment"]?.integer ?? 32
      guard alignment > 0, alignment & (alignment - 1) == 0, alignment <= 1 << 20 else {
        throw GGUFHeaderError(sentence: "its alignment \(alignment) is not a power of two")
      }
      let start = (cursor.offset + alignment - 1) / alignment * alignment
      tensors = try infos.mapValues { try $0.located(from: start, alignment, in: data.count) }
    } catch let problem as GGUFHeaderError {
      throw GGUFError.damaged(path: path, problem: problem.sentence)
    }
    self.path = path
    self.data = data
  }

  package var names: [String] { tensors.keys.sorted() }

  /// The numbers of a tensor, row-major, dequantised.
  /// - Throws: `GGUFError.missing`.
  package func floats(_ name: String) throws -> [Float] {
    let tensor = try tensor(name)
    return tensor.format.decoded(bytes(of: tensor))
  }

  /// Writes rows of a tensor to `output`, whose length must be theirs. A vector is one row.
  /// - Throws: `GGUFError.missing`.
  package func read(
    _ name: String, rows: Range<Int>, into output: UnsafeMutableBufferPointer<Float>
  ) throws {
    let tensor = try tensor(name)
    let width = (tensor.shape.last ?? 1) / tensor.format.blockElements * tensor.format.blockBytes
    let start = data.startIndex + tensor.range.lowerBound
    let bytes = data[start + rows.lowerBound * width..<start + rows.upperBound * width]
    tensor.format.decode(bytes, into: output)
  }

  private func tensor(_ name: String) throws -> Tensor {
    guard let tensor = tensors[name] else {
      throw GGUFError.missing(path: path, tensor: name)
    }
    return tensor
  }

  private func bytes(of tensor: Tensor) -> Data {
    data[data.startIndex + tensor.range.lowerBound..<data.startIndex + tensor.range.upperBound]
  }

  /// Reads the beginning up to the numbers of tensors and of metadata.
  private static func counts(
    _ cursor: inout GGUFCursor, path: String
  ) throws -> (tensors: Int, metadata: Int) {
    guard cursor.remaining >= 4, try cursor.bytes(4).elementsEqual("GGUF".utf8) else {
      throw GGUFHeaderError(sentence: "it does not begin with 'GGUF'")
    }
    let version = try cursor.unsigned(4)
    guard version == 2 || version == 3 else {
      let hint = version & 0xFFFF == 0 ? ", or the file is big-endian" : ""
      throw GGUFError.unsupported(
        path: path, problem: "versions 2 and 3 are read, this is version \(version)\(hint)")
    }
    let tensors = try cursor.count(of: "tensors", atLeast: 24)
    return (tensors, try cursor.count(of: "metadata entries", atLeast: 13))
  }

  private static func metadata(
    _ count: Int, _ cursor: inout GGUFCursor
  ) throws -> [String: GGUFValue] {
    var metadata: [String: GGUFValue] = [:]
    for _ in 0..<count {
      let key = try cursor.string()
      let value = try cursor.value(type: try cursor.unsigned(4))
      guard metadata.updateValue(value, forKey: key) == nil else {
        throw GGUFHeaderError(sentence: "the metadata '\(key)' occurs twice")
      }
    }
    return metadata
  }
}

/// What is wrong at a place of a GGUF file; the file's name is added by whoever catches it.
struct GGUFHeaderError: Error {
  let sentence: String
}

/// Reads a GGUF file's fields one after the other, never beyond its end.
struct GGUFCursor {
  private let data: Data
  /// How many bytes have been read.
  private(set) var offset = 0

  init(_ data: Data) { self.data = data }

  /// How many bytes are left.
  var remaining: Int { data.count - offset }

  mutating func bytes(_ count: Int) throws -> Data {
    guard count >= 0, count <= remaining else {
      throw GGUFHeaderError(sentence: "it ends at byte \(data.count), in the middle of its header")
    }
    defer { offset += count }
    let start = data.startIndex + offset
    return data[start..<start + count]
  }

  /// The next little-endian integer.
  mutating func unsigned(_ width: Int) throws -> UInt64 {
    try bytes(width).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// The next 64-bit count of things that take at least `size` bytes each.
  mutating func count(of things: String, atLeast size: Int) throws -> Int {
    let count = try unsigned(8)
    guard count <= UInt64(remaining / size) else {
      throw GGUFHeaderError(sentence: "it promises \(count) \(things), more than its size allows")
    }
    return Int(count)
  }

  /// The next text: a 64-bit length, then UTF-8.
  mutating func string() throws -> String {
    let length = try count(of: "bytes of text", atLeast: 1)
    guard let text = String(validating: try bytes(length), as: UTF8.self) else {
      throw GGUFHeaderError(sentence: "the text at byte \(offset - length) is not UTF-8")
    }
    return text
  }

  /// The next value of a type, `depth` lists deep.
  mutating func value(type: UInt64, depth: Int = 0) throws -> GGUFValue {
    switch type {
    case 0: return .integer(Int(try unsigned(1)))
    case 1: return .integer(Int(Int8(truncatingIfNeeded: try unsigned(1))))
    case 2: return .integer(Int(try unsigned(2)))
    case 3: return .integer(Int(Int16(truncatingIfNeeded: try unsigned(2))))
    case 4: return .integer(Int(try unsigned(4)))
    case 5: return .integer(Int(Int32(truncatingIfNeeded: try unsigned(4))))
    case 6: return .number(shortest(Float(bitPattern: UInt32(try unsigned(4)))))
    case 7: return .boolean(try unsigned(1) != 0)
    case 8: return .string(try string())
    case 9: return try list(depth: depth + 1)
    case 10: return .integer(try exact(try unsigned(8)))
    case 11: return .integer(Int(Int64(bitPattern: try unsigned(8))))
    case 12: return .number(Double(bitPattern: try unsigned(8)))
    default: throw GGUFHeaderError(sentence: "byte \(offset) has the unknown value type \(type)")
    }
  }

  private mutating func list(depth: Int) throws -> GGUFValue {
    guard depth <= 4 else { throw GGUFHeaderError(sentence: "its metadata nests lists too deeply") }
    let type = try unsigned(4)
    let count = try count(of: "elements of a list", atLeast: type == 9 ? 12 : type == 8 ? 8 : 1)
    var values: [GGUFValue] = []
    values.reserveCapacity(count)
    for _ in 0..<count { values.append(try value(type: type, depth: depth)) }
    return .list(values)
  }

  private func exact(_ value: UInt64) throws -> Int {
    guard let exact = Int(exactly: value) else {
      throw GGUFHeaderError(sentence: "the number \(value) is too large")
    }
    return exact
  }
}

/// The shortest decimal that stands for a 32-bit float, so that 1e-5 does not become 9.99…e-6.
private func shortest(_ value: Float) -> Double {
  value.isFinite ? Double(value.description) ?? Double(value) : Double(value)
}

package enum GGUFValue: Sendable, Equatable {
  case integer(Int)
  /// A 32-bit or 64-bit float, as the shortest decimal that stands for it.
  case number(Double)
  case boolean(Bool)
  case string(String)
  case list([GGUFValue])

  package var integer: Int? { if case .integer(let value) = self { value } else { nil } }
  package var boolean: Bool? { if case .boolean(let value) = self { value } else { nil } }
  package var string: String? { if case .string(let value) = self { value } else { nil } }
  package var list: [GGUFValue]? { if case .list(let value) = self { value } else { nil } }

  /// The number, where this is one or an integer.
  package var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }
}

/// An entry of a GGUF file's tensor table, before it is known where the tensors begin.
struct GGUFTensorInfo {
  let name: String
  let format: ElementFormat
  let shape: [Int]
  let byteCount: Int
  let offset: UInt64

  static func read(
    _ count: Int, _ cursor: inout GGUFCursor, path: String
  ) throws -> [String: GGUFTensorInfo] {
    var infos: [String: GGUFTensorInfo] = [:]
    for _ in 0..<count {
      let info = try GGUFTensorInfo(&cursor, path: path)
      guard infos.updateValue(info, forKey: info.name) == nil else {
        throw GGUFHeaderError(sentence: "the tensor '\(info.name)' occurs twice")
      }
    }
    return infos
  }

  private init(_ cursor: inout GGUFCursor, path: String) throws {
    let name = try cursor.string()
    let dimensionCount = try cursor.unsigned(4)
    guard (1...4).contains(dimensionCount) else {
      throw GGUFHeaderError(sentence: "tensor '\(name)' has \(dimensionCount) dimensions")
    }
    let dimensions = try (0..<dimensionCount).map { _ in try cursor.unsigned(8) }
    let type = try cursor.unsigned(4)
    guard let format = ElementFormat(ggufType: type) else {
      let known = ElementFormat.allCases.map(\.name).joined(separator: ", ")
      throw GGUFError.unsupported(
        path: path,
        problem: "tensor '\(name)' is stored in format number \(type); readable are \(known)")
    }
    shape = dimensions.reversed().map { Int(clamping: $0) }
    guard let count = checkedProduct(shape, times: format.blockBytes),
      let width = shape.last, width % format.blockElements == 0
    else {
      throw GGUFHeaderError(sentence: "tensor '\(name)' cannot have the shape \(shape)")
    }
    self.name = name
    self.format = format
    byteCount = count / format.blockElements
    offset = try cursor.unsigned(8)
  }

  /// Where the tensor lies in a file of `length` bytes whose tensors begin at `start`.
  func located(from start: Int, _ alignment: Int, in length: Int) throws -> GGUFFile.Tensor {
    guard offset % UInt64(alignment) == 0 else {
      throw GGUFHeaderError(sentence: "tensor '\(name)' is not aligned to \(alignment) bytes")
    }
    guard start <= length, offset <= UInt64(length - start),
      byteCount <= length - start - Int(offset)
    else {
      throw GGUFHeaderError(
        sentence: "tensor '\(name)' should have \(byteCount) bytes, but the file ends before that")
    }
    let lower = start + Int(offset)
    return GGUFFile.Tensor(format: format, shape: shape, range: lower..<lower + byteCount)
  }
}

package enum GGUFError: Error, Sendable, CustomStringConvertible {
  case unreadable(path: String, reason: String)
  /// The file is none, breaks off, or contradicts itself.
  case damaged(path: String, problem: String)
  /// The file is sound but of a kind that is not read.
  case unsupported(path: String, problem: String)
  /// Metadata that a model needs is not there or of another type.
  case metadata(path: String, key: String, expected: String)
  case missing(path: String, tensor: String)

  package var description: String {
    switch self {
    case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
    case .damaged(let path, let problem):
      "\(path) is not a whole GGUF file: \(problem); fetch it again"
    case .unsupported(let path, let problem): "\(path) cannot be used: \(problem)"
    case .metadata(let path, let key, let expected):
      "\(path) has no metadata '\(key)' that is \(expected); "
        + "use a file made by llama.cpp's converter"
    case .missing(let path, let tensor):
      "\(path) has no tensor '\(tensor)'; use a file that holds the whole model"
    }
  }
}
