import Foundation

/// A safetensors file, opened for reading: names, shapes and the numbers behind them.
///
/// Layout: header length (64 bits, little-endian), JSON header, tensors without gaps.
public struct SafetensorsFile: Sendable {
  /// One tensor.
  public struct Entry: Sendable, Equatable {
    /// The type of its numbers as the format writes it, such as `F32`.
    public let type: String
    /// Its shape; empty for a single number.
    public let shape: [Int]
    /// Where its bytes lie behind the header.
    public let range: Range<Int>

    /// How many numbers it holds.
    public var count: Int { shape.reduce(1, *) }
  }

  /// The tensors by name.
  public let entries: [String: Entry]
  /// Free texts of the header.
  public let metadata: [String: String]
  /// The file.
  public let path: String
  private let body: Data

  /// Opens a file and checks its header against its length.
  /// - Throws: `SafetensorsError`.
  public init(contentsOf file: URL) throws {
    let data: Data
    do {
      data = try Data(contentsOf: file, options: .mappedIfSafe)
    } catch {
      throw SafetensorsError.unreadable(path: file.path, reason: readingProblem(error))
    }
    try self.init(data, path: file.path)
  }

  /// Reads bytes; `path` names them in errors.
  /// - Throws: `SafetensorsError.damaged`.
  public init(_ data: Data, path: String) throws {
    let header = try SafetensorsHeader(data, path: path)
    self.path = path
    entries = header.entries
    metadata = header.metadata
    body = data.dropFirst(header.byteCount)
  }

  /// The names, sorted.
  public var names: [String] { entries.keys.sorted() }

  /// The numbers of a tensor, row-major; 16-bit floats are widened.
  /// - Throws: `SafetensorsError` where the tensor is missing or holds no floats.
  public func floats(_ name: String) throws -> [Float] {
    try format(of: name).decoded(bytes(of: try entry(name)))
  }

  /// Writes the numbers of a tensor, row-major, to `output`, whose length must be the tensor's.
  /// - Throws: `SafetensorsError` where the tensor is missing or holds no floats.
  package func read(_ name: String, into output: UnsafeMutableBufferPointer<Float>) throws {
    try format(of: name).decode(bytes(of: try entry(name)), into: output)
  }

  /// The integers of a tensor, row-major.
  /// - Throws: `SafetensorsError` where the tensor is missing or holds no integers.
  public func integers(_ name: String) throws -> [Int] {
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

  private func entry(_ name: String) throws -> Entry {
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

  private func bytes(of entry: Entry) -> Data {
    let start = body.startIndex
    return body[start + entry.range.lowerBound..<start + entry.range.upperBound]
  }
}

private func littleEndian(_ bytes: ArraySlice<UInt8>) -> UInt64 {
  bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
}

/// Why a file could not be read, as short as possible.
func readingProblem(_ error: any Error) -> String {
  if (error as? CocoaError)?.code == .fileReadNoSuchFile { return "there is no such file" }
  return error.localizedDescription
}
