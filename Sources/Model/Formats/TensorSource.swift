/// Tensors by their Hugging Face names, wherever they are stored. A model of any size can be read and
/// handed on through it, since nothing asks for more than some rows at a time.
package protocol TensorSource: Sendable {
  /// What error messages call the source.
  var path: String { get }
  var shapes: [String: [Int]] { get }
  /// How a tensor's numbers are stored.
  /// - Throws: an error that says so where there is no such tensor.
  func format(of name: String) throws -> ElementFormat
  /// Writes some rows of a tensor to memory of their size. A row has all that differs in the last index
  /// only; a vector is one row.
  func read(_ name: String, rows: Range<Int>, into output: UnsafeMutableBufferPointer<Float>) throws
  /// Lends the numbers of a tensor, row-major, in pieces of whole rows.
  /// - Parameter count: about how many numbers a piece may have; one row where that has more.
  /// - Throws: also what the body throws.
  func forEachPiece(
    of tensor: ParameterLayout.Placement, atMost count: Int,
    _ body: (UnsafeMutableBufferPointer<Float>) throws -> Void
  ) throws
}

/// How many numbers are held at a time where a tensor is handed on: 16 MiB of float32.
package let tensorPieceCount = 1 << 22

extension ParameterLayout.Placement {
  var rowCount: Int { shape.dropLast().reduce(1, *) }
  var rowWidth: Int { shape.last ?? 1 }

  /// The rows of each piece of at most `count` numbers.
  func pieces(atMost count: Int) -> [Range<Int>] {
    let step = max(1, count / max(1, rowWidth))
    return stride(from: 0, to: rowCount, by: step).map { $0..<min($0 + step, rowCount) }
  }
}

extension TensorSource {
  package func forEachPiece(
    of tensor: ParameterLayout.Placement, atMost count: Int,
    _ body: (UnsafeMutableBufferPointer<Float>) throws -> Void
  ) throws {
    let pieces = tensor.pieces(atMost: count)
    let room = FloatBuffer(count: (pieces.first?.count ?? 0) * tensor.rowWidth)
    for rows in pieces {
      try room.withElements(0..<rows.count * tensor.rowWidth) { piece in
        try read(tensor.name, rows: rows, into: piece)
        try checkFinite(piece, of: tensor.name, from: rows.lowerBound * tensor.rowWidth)
        try body(piece)
      }
    }
  }

  /// Makes sure that numbers of a tensor are none that a model must not have.
  /// - Parameter start: the index of the first of them.
  /// - Throws: `ModelImportError.notFinite`.
  func checkFinite(
    _ values: UnsafeMutableBufferPointer<Float>, of name: String, from start: Int = 0
  ) throws {
    guard let index = values.firstIndex(where: { !$0.isFinite }) else { return }
    throw ModelImportError.notFinite(
      path: path, tensor: name, index: start + index, value: values[index])
  }

  /// Makes sure that the tensors are a model's: none missing, left over or of another shape.
  /// - Throws: `ModelImportError.tensors`.
  package func check(against layout: ParameterLayout) throws {
    func mismatch(_ problem: String) -> ModelImportError {
      .tensors(path: path, problem: problem)
    }
    let shapes = shapes
    for entry in layout.entries {
      guard let shape = shapes[entry.name] else {
        throw mismatch("the tensor '\(entry.name)' is missing")
      }
      guard shape == entry.shape else {
        throw mismatch("'\(entry.name)' has the shape \(shape), not \(entry.shape)")
      }
    }
    let extra = shapes.keys.filter { layout[$0] == nil && $0 != Self.head }
    if let name = extra.min() {
      throw mismatch("the model has no use for the tensor '\(name)'")
    }
  }

  private static var head: String { "lm_head.weight" }

  /// Some checkpoints repeat a tied embedding as the output layer; then it must be the same.
  /// - Throws: `ModelImportError.tensors`.
  package func checkTiedHead(of configuration: ModelConfiguration) throws {
    guard configuration.tiedEmbeddings, let shape = shapes[Self.head] else { return }
    let embedding = ParameterLayout(configuration).entries[0]
    var isEqual = shape == embedding.shape
    if isEqual {
      let head = FloatBuffer(count: max(tensorPieceCount, embedding.rowWidth))
      var row = 0
      try forEachPiece(of: embedding, atMost: tensorPieceCount) { piece in
        let rows = row..<row + piece.count / embedding.rowWidth
        row = rows.upperBound
        try head.withElements(0..<piece.count) {
          try read(Self.head, rows: rows, into: $0)
          isEqual = isEqual && $0.elementsEqual(piece)
        }
      }
    }
    guard isEqual else {
      throw ModelImportError.tensors(
        path: path, problem: "'\(Self.head)' differs from the embedding that it is tied to")
    }
  }
}

extension Weights {
  /// Reads all parameters of a model. None may be missing, left over, of another shape or not finite.
  /// - Parameters:
  ///   - layers: How the blocks' linear layers are held.
  ///   - rounded: Takes how many weights were rounded to another number.
  /// - Throws: `ModelImportError`, or what the source throws.
  package convenience init(
    _ configuration: ModelConfiguration, from source: any TensorSource,
    layers: Precision = .float32, rounded: (Int) -> Void = { _ in }
  ) throws {
    try source.check(against: ParameterLayout(configuration))
    self.init(configuration, layers: layers)
    var count = 0
    for entry in layout.entries {
      count += try setValues(of: entry) {
        try source.read(entry.name, rows: 0..<entry.rowCount, into: $0)
        try source.checkFinite($0, of: entry.name)
      }
    }
    rounded(count)
  }
}

/// A model in memory, with adapters merged into it where there are any, handed on as what is stored.
package struct WeightsInMemory: TensorSource {
  private let weights: Weights
  private let adapters: Adapters?

  package init(_ weights: Weights, merging adapters: Adapters? = nil) {
    self.weights = weights
    self.adapters = adapters
  }

  package var path: String { "the model" }

  package var shapes: [String: [Int]] {
    Dictionary(uniqueKeysWithValues: weights.layout.entries.map { ($0.name, $0.shape) })
  }

  package func format(of name: String) throws -> ElementFormat {
    _ = try entry(name)
    return .float32
  }

  package func read(
    _ name: String, rows: Range<Int>, into output: UnsafeMutableBufferPointer<Float>
  ) throws {
    let entry = try entry(name)
    weights.withValues(of: entry, merging: adapters) { values in
      let start = rows.lowerBound * entry.rowWidth
      _ = output.update(fromContentsOf: values[start..<start + rows.count * entry.rowWidth])
    }
  }

  /// Copies only what is merged or held in bfloat16.
  package func forEachPiece(
    of tensor: ParameterLayout.Placement, atMost count: Int,
    _ body: (UnsafeMutableBufferPointer<Float>) throws -> Void
  ) throws {
    let entry = try entry(tensor.name)
    try weights.withValues(of: entry, merging: adapters) { values in
      let all = UnsafeMutableBufferPointer(mutating: values)
      for rows in entry.pieces(atMost: count) {
        let first = rows.lowerBound * entry.rowWidth
        let piece = UnsafeMutableBufferPointer(
          rebasing: all[first..<first + rows.count * entry.rowWidth])
        try checkFinite(piece, of: entry.name, from: first)
        try body(piece)
      }
    }
  }

  private func entry(_ name: String) throws -> ParameterLayout.Placement {
    guard let entry = weights.layout[name] else {
      throw ModelImportError.tensors(path: path, problem: "the tensor '\(name)' is missing")
    }
    return entry
  }
}
