/// Where each parameter lies: in one flat buffer of float32, or in a second one of bfloat16 for the
/// blocks' linear layers where they are frozen and held so.
///
/// Names and shapes are those of a Hugging Face checkpoint: linear layers are [out, in], row-major.
package struct ParameterLayout: Sendable, Equatable {
  package struct Placement: Sendable, Equatable {
    /// The Hugging Face name, such as `model.layers.0.self_attn.q_proj.weight`.
    package let name: String
    package let shape: [Int]
    /// In which of the two buffers it lies.
    package let precision: Precision
    /// The index of its first element in the buffer.
    package let offset: Int

    package var range: Range<Int> { offset..<offset + count }
    package var count: Int { shape.reduce(1, *) }

    /// Whether weight decay applies: everything but biases and norms.
    package var decays: Bool { !name.contains("bias") && !name.contains("norm") }
  }

  /// The parameters, in the order in which they lie.
  package let entries: [Placement]
  package let count: Int
  private let indices: [String: Int]

  /// The parameters of a model. A tied output layer has none of its own.
  /// - Parameter layers: How the blocks' linear layers are held.
  package init(_ configuration: ModelConfiguration, layers: Precision = .float32) {
    let c = configuration
    var shapes: [(String, [Int])] = [
      ("model.embed_tokens.weight", [c.vocabularySize, c.hiddenSize])
    ]
    for layer in 0..<c.layerCount { shapes += Self.block(c, "model.layers.\(layer).") }
    shapes.append(("model.norm.weight", [c.hiddenSize]))
    if !c.tiedEmbeddings { shapes.append(("lm_head.weight", [c.vocabularySize, c.hiddenSize])) }
    self.init(shapes, layers: layers)
  }

  /// Parameters one after the other.
  init(_ shapes: [(name: String, shape: [Int])], layers: Precision = .float32) {
    let held = layers == .float32 ? [] : LinearLayer.allCases.map { "\($0.path).weight" }
    var offsets: [Precision: Int] = [:]
    entries = shapes.map { name, shape in
      let precision = held.contains { name.hasSuffix($0) } ? layers : .float32
      defer { offsets[precision, default: 0] += shape.reduce(1, *) }
      return Placement(
        name: name, shape: shape, precision: precision, offset: offsets[precision, default: 0])
    }
    count = shapes.reduce(0) { $0 + $1.shape.reduce(1, *) }
    indices = Dictionary(uniqueKeysWithValues: entries.enumerated().map { ($1.name, $0) })
  }

  /// The parameters of a block, whose names begin with `block`.
  private static func block(_ c: ModelConfiguration, _ block: String) -> [(String, [Int])] {
    let names = NormNames(c.architecture.family)
    let queries = c.headCount * c.headSize
    let keys = c.keyValueHeadCount * c.headSize
    var shapes: [(String, [Int])] = []
    func norm(_ name: String?, _ width: Int) {
      if let name { shapes.append((block + name + ".weight", [width])) }
    }
    norm(names.attention, c.hiddenSize)
    for (name, rows) in [("q", queries), ("k", keys), ("v", keys)] {
      shapes.append((block + "self_attn.\(name)_proj.weight", [rows, c.hiddenSize]))
      if c.attentionBias { shapes.append((block + "self_attn.\(name)_proj.bias", [rows])) }
    }
    let isWhole = c.architecture.family.queryKeyNorm == .allHeads
    norm(names.query, isWhole ? queries : c.headSize)
    norm(names.key, isWhole ? keys : c.headSize)
    shapes.append((block + "self_attn.o_proj.weight", [c.hiddenSize, queries]))
    norm(names.attentionOutput, c.hiddenSize)
    norm(names.feedForward, c.hiddenSize)
    shapes.append((block + "mlp.gate_proj.weight", [c.intermediateSize, c.hiddenSize]))
    shapes.append((block + "mlp.up_proj.weight", [c.intermediateSize, c.hiddenSize]))
    shapes.append((block + "mlp.down_proj.weight", [c.hiddenSize, c.intermediateSize]))
    norm(names.feedForwardOutput, c.hiddenSize)
    return shapes
  }

  /// How many numbers lie in a buffer.
  func count(in precision: Precision) -> Int {
    entries.reduce(0) { $0 + ($1.precision == precision ? $1.count : 0) }
  }

  /// The memory of all parameters.
  package var byteCount: Int { entries.reduce(0) { $0 + $1.precision.byteCount * $1.count } }

  /// The entry of a name, if the model has it.
  package subscript(name: String) -> Placement? { indices[name].map { entries[$0] } }
}

/// What Hugging Face calls the norms of a block; nil for those that a family does not have.
///
/// `post_attention_layernorm` stands in front of the feed-forward layer where nothing stands behind
/// attention, and behind attention otherwise.
struct NormNames {
  let attention: String?
  let query: String?
  let key: String?
  let attentionOutput: String?
  let feedForward: String?
  let feedForwardOutput: String?

  init(_ family: ModelFamily) {
    let isBefore = family.norms != .after
    let isBehind = family.norms != .before
    let hasHeadNorms = family.queryKeyNorm != .none
    attention = isBefore ? "input_layernorm" : nil
    query = hasHeadNorms ? "self_attn.q_norm" : nil
    key = hasHeadNorms ? "self_attn.k_norm" : nil
    attentionOutput = isBehind ? "post_attention_layernorm" : nil
    feedForward =
      !isBefore ? nil : isBehind ? "pre_feedforward_layernorm" : "post_attention_layernorm"
    feedForwardOutput = isBehind ? "post_feedforward_layernorm" : nil
  }
}

/// A linear layer's weight [out, in] and, if it has one, its bias [out].
struct LinearView {
  let weight: HeldMatrix
  let bias: UnsafeMutablePointer<Float>?
}

/// The parameters of one block, or their gradients. Norms that the family does not have are nil.
struct BlockView {
  let attentionNorm: UnsafeMutablePointer<Float>?
  let query: LinearView
  let key: LinearView
  let value: LinearView
  let queryNorm: UnsafeMutablePointer<Float>?
  let keyNorm: UnsafeMutablePointer<Float>?
  let output: HeldMatrix
  let attentionOutputNorm: UnsafeMutablePointer<Float>?
  let feedForwardNorm: UnsafeMutablePointer<Float>?
  let gate: HeldMatrix
  let up: HeldMatrix
  let down: HeldMatrix
  let feedForwardOutputNorm: UnsafeMutablePointer<Float>?

  /// The weight of a layer.
  subscript(layer: LinearLayer) -> HeldMatrix {
    switch layer {
    case .query: query.weight
    case .key: key.weight
    case .value: value.weight
    case .output: output
    case .gate: gate
    case .up: up
    case .down: down
    }
  }
}

/// All parameters of a model, or their gradients, as views of the memory where they lie.
struct ParameterViews {
  let embedding: Matrix
  let blocks: [BlockView]
  let finalNorm: UnsafeMutablePointer<Float>
  /// The output layer: the embedding itself where they are tied.
  let head: Matrix

  /// - Parameter halves: What lies in bfloat16, if anything does.
  init(
    _ configuration: ModelConfiguration, _ layout: ParameterLayout, _ buffer: FloatBuffer,
    _ halves: Bfloat16Buffer? = nil
  ) {
    func held(_ name: String) -> HeldMatrix {
      guard let entry = layout[name] else { preconditionFailure("no parameter \(name)") }
      let (rows, columns) = (entry.shape[0], entry.shape.count > 1 ? entry.shape[1] : 1)
      if entry.precision == .bfloat16, let halves {
        return .bfloat16(halves.base + entry.offset, rows: rows, columns: columns)
      }
      return .float32(Matrix(buffer.base + entry.offset, rows: rows, columns: columns))
    }
    func matrix(_ name: String) -> Matrix { held(name).floats }
    func linear(_ name: String) -> LinearView {
      LinearView(
        weight: held(name + ".weight"),
        bias: configuration.attentionBias ? matrix(name + ".bias").base : nil)
    }
    let norms = NormNames(configuration.architecture.family)
    func block(_ index: Int) -> BlockView {
      let name = "model.layers.\(index)."
      func norm(_ norm: String?) -> UnsafeMutablePointer<Float>? {
        norm.map { matrix(name + $0 + ".weight").base }
      }
      return BlockView(
        attentionNorm: norm(norms.attention),
        query: linear(name + "self_attn.q_proj"), key: linear(name + "self_attn.k_proj"),
        value: linear(name + "self_attn.v_proj"),
        queryNorm: norm(norms.query), keyNorm: norm(norms.key),
        output: held(name + "self_attn.o_proj.weight"),
        attentionOutputNorm: norm(norms.attentionOutput),
        feedForwardNorm: norm(norms.feedForward),
        gate: held(name + "mlp.gate_proj.weight"), up: held(name + "mlp.up_proj.weight"),
        down: held(name + "mlp.down_proj.weight"),
        feedForwardOutputNorm: norm(norms.feedForwardOutput))
    }
    embedding = matrix("model.embed_tokens.weight")
    blocks = (0..<configuration.layerCount).map(block)
    finalNorm = matrix("model.norm.weight").base
    head = configuration.tiedEmbeddings ? embedding : matrix("lm_head.weight")
  }
}
