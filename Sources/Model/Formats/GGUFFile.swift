import Foundation

/// A GGUF file of version 2 or 3, opened for reading: metadata, names of tensors, their numbers.
public struct GGUFFile: Sendable {
  /// One tensor.
  public struct Tensor: Sendable, Equatable {
    /// How its numbers are stored.
    public let format: ElementFormat
    /// Its shape, outermost first, as in a Hugging Face checkpoint (GGUF writes it reversed).
    public let shape: [Int]
    /// Where its bytes lie in the file.
    public let range: Range<Int>

    /// How many numbers it holds.
    public var count: Int { shape.reduce(1, *) }
  }

  /// The metadata by key, such as `llama.block_count`.
  public let metadata: [String: GGUFValue]
  /// The tensors by name, such as `blk.0.attn_q.weight`.
  public let tensors: [String: Tensor]
  /// The file.
  public let path: String
  private let data: Data

  /// Opens a file and checks its tables against its length.
  /// - Throws: `GGUFError`.
  public init(contentsOf file: URL) throws {
    let data: Data
    do {
      data = try Data(contentsOf: file, options: .mappedIfSafe)
    } catch {
      throw GGUFError.unreadable(path: file.path, reason: readingProblem(error))
    }
    try self.init(data, path: file.path)
  }

  /// Reads bytes; `path` names them in errors.
  /// - Throws: `GGUFError`.
  public init(_ data: Data, path: String) throws {
    do {
      var cursor = GGUFCursor(data)
      let (tensorCount, metadataCount) = try Self.counts(&cursor, path: path)
      metadata = try Self.metadata(metadataCount, &cursor)
      let infos = try GGUFTensorInfo.read(tensorCount, &cursor, path: path)
      let alignment = metadata["general.alignment"]?.integer ?? 32
      guard alignment > 0, alignment & (alignment - 1) == 0, alignment <= 1 << 20 else {
        throw GGUFProblem(sentence: "its alignment \(alignment) is no power of two")
      }
      let start = (cursor.offset + alignment - 1) / alignment * alignment
      tensors = try infos.mapValues { try $0.located(from: start, alignment, in: data.count) }
    } catch let problem as GGUFProblem {
      throw GGUFError.damaged(path: path, problem: problem.sentence)
    }
    self.path = path
    self.data = data
  }

  /// The names of the tensors, sorted.
  public var names: [String] { tensors.keys.sorted() }

  /// The numbers of a tensor, row-major, dequantised.
  /// - Throws: `GGUFError.missing`.
  public func floats(_ name: String) throws -> [Float] {
    let tensor = try tensor(name)
    return tensor.format.decoded(bytes(of: tensor))
  }

  /// Writes the numbers of a tensor, row-major, to `output`, whose length must be the tensor's.
  /// - Throws: `GGUFError.missing`.
  package func read(_ name: String, into output: UnsafeMutableBufferPointer<Float>) throws {
    let tensor = try tensor(name)
    tensor.format.decode(bytes(of: tensor), into: output)
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
      throw GGUFProblem(sentence: "it does not begin with 'GGUF'")
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
        throw GGUFProblem(sentence: "the metadata '\(key)' occurs twice")
      }
    }
    return metadata
  }
}
