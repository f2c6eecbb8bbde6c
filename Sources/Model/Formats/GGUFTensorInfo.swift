/// An entry of a GGUF file's tensor table, before it is known where the tensors begin.
struct GGUFTensorInfo {
  let name: String
  let format: ElementFormat
  let shape: [Int]
  let byteCount: Int
  let offset: UInt64

  /// Reads the table.
  static func read(
    _ count: Int, _ cursor: inout GGUFCursor, path: String
  ) throws -> [String: GGUFTensorInfo] {
    var infos: [String: GGUFTensorInfo] = [:]
    for _ in 0..<count {
      let info = try GGUFTensorInfo(&cursor, path: path)
      guard infos.updateValue(info, forKey: info.name) == nil else {
        throw GGUFProblem(sentence: "the tensor '\(info.name)' occurs twice")
      }
    }
    return infos
  }

  private init(_ cursor: inout GGUFCursor, path: String) throws {
    let name = try cursor.string()
    let dimensionCount = try cursor.unsigned(4)
    guard (1...4).contains(dimensionCount) else {
      throw GGUFProblem(sentence: "tensor '\(name)' has \(dimensionCount) dimensions")
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
    guard let count = product(shape, times: format.blockBytes),
      let width = shape.last, width % format.blockElements == 0
    else {
      throw GGUFProblem(sentence: "tensor '\(name)' cannot have the shape \(shape)")
    }
    self.name = name
    self.format = format
    byteCount = count / format.blockElements
    offset = try cursor.unsigned(8)
  }

  /// Where the tensor lies in a file of `length` bytes whose tensors begin at `start`.
  func located(from start: Int, _ alignment: Int, in length: Int) throws -> GGUFFile.Tensor {
    guard offset % UInt64(alignment) == 0 else {
      throw GGUFProblem(sentence: "tensor '\(name)' is not aligned to \(alignment) bytes")
    }
    guard start <= length, offset <= UInt64(length - start),
      byteCount <= length - start - Int(offset)
    else {
      throw GGUFProblem(
        sentence: "tensor '\(name)' should have \(byteCount) bytes, but the file ends before that")
    }
    let lower = start + Int(offset)
    return GGUFFile.Tensor(format: format, shape: shape, range: lower..<lower + byteCount)
  }
}
