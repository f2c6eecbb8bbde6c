/// Where each parameter lies in one flat buffer of float32.
///
/// Names and shapes are those of a Hugging Face checkpoint: linear layers are [out, in], row-major.
package struct ParameterLayout: Sendable, Equatable {
  package struct Placement: Sendable, Equatable {
    /// The Hugging Face name, such as `model.layers.0.self_attn.q_proj.weight`.
    package let name: String
    package let shape: [Int]
    /// The index of its first element in the buffer.
    package let offset: Int

    package var count: Int { shape.reduce(1, *) }

    /// Whether weight decay applies: everything but biases and norms.
    package var decays: Bool { !name.contains("bias") && !name.contains("norm") }
  }

  /// The parameters, in the order in which they lie.
  package let entries: [Placement]
  package let count: Int
  private let indices: [String: Int]

  /// The parameters of a model. A tied output layer has none of its own.
  package init(_ configuration: ModelConfiguration) {
    let c = configuration
    var shapes: [(String, [Int])] = [
      ("model.embed_tokens.weight", [c.vocabularySize, c.hiddenSize])
    ]
    for layer in 0..<c.layerCount { shapes += Self.block(c, "model.layers.\(layer).") }
    shapes.append(("model.norm.weight", [c.hiddenSize]))
    if !c.tiedEmbeddings { shapes.append(("lm_head.weight", [c.vocabularySize, c.hiddenSize])) }

    var offset = 0
    entries = shapes.map { name, shape in
      defer { offset += shape.reduce(1, *) }
      return Placement(name: name, shape: shape, offset: offset)
    }
    count = offset
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
  let weight: Matrix
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
  let output: Matrix
  let attentionOutputNorm: UnsafeMutablePointer<Float>?
  let feedForwardNorm: UnsafeMutablePointer<Float>?
  let gate: Matrix
  let up: Matrix
  let down: Matrix
  let feedForwardOutputNorm: UnsafeMutablePointer<Float>?
}

/// All parameters of a model, or their gradients, as views of one buffer.
struct ParameterViews {
  let embedding: Matrix
  let blocks: [BlockView]
  let finalNorm: UnsafeMutablePointer<Float>
  /// The output layer: the embedding itself where they are tied.
  let head: Matrix

  init(_ configuration: ModelConfiguration, _ layout: ParameterLayout, _ buffer: FloatBuffer) {
    func matrix(_ name: String) -> Matrix {
      guard let entry = layout[name] else { preconditionFailure("no parameter \(name)") }
      return Matrix(
        buffer.base + entry.offset, rows: entry.shape[0],
        columns: entry.shape.count > 1 ? entry.shape[1] : 1)
    }
    func linear(_ name: String) -> LinearView {
      LinearView(
        weight: matrix(name + ".weight"),
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
        output: matrix(name + "self_attn.o_proj.weight"),
        attentionOutputNorm: norm(norms.attentionOutput),
        feedForwardNorm: norm(norms.feedForward),
        gate: matrix(name + "mlp.gate_proj.weight"), up: matrix(name + "mlp.up_proj.weight"),
        down: matrix(name + "mlp.down_proj.weight"),
        feedForwardOutputNorm: norm(norms.feedForwardOutput))
    }
    embedding = matrix("model.embed_tokens.weight")
    blocks = (0..<configuration.layerCount).map(block)
    finalNorm = matrix("model.norm.weight").base
    head = configuration.tiedEmbeddings ? embedding : matrix("lm_head.weight")
  }
}

extension Weights {
  /// The parameters as views of the buffer, which they do not keep alive.
  var views: ParameterViews { ParameterViews(configuration, layout, buffer) }
}

package final class Weights: Sendable {
  package let configuration: ModelConfiguration
  /// Where each parameter lies.
  package let layout: ParameterLayout
  package let buffer: FloatBuffer

  /// Zeros.
  package init(_ configuration: ModelConfiguration) {
    self.configuration = configuration
    layout = ParameterLayout(configuration)
    buffer = FloatBuffer(count: layout.count)
  }

  package convenience init(copying other: Weights) {
    self.init(other.configuration)
    buffer.copy(from: other.buffer)
  }

  /// The values of a parameter, row-major, copied.
  package subscript(name: String) -> [Float]? {
    layout[name].map { buffer[$0.offset..<$0.offset + $0.count] }
  }
}

extension Weights {
  /// A model that has learnt nothing, as GPT-2 begins: normal with standard deviation 0.02, the
  /// projections back into the residual stream divided by the root of their number, norms' factors 1,
  /// biases 0.
  ///
  /// Each parameter has a random stream of its own name.
  package static func random(_ configuration: ModelConfiguration, seed: UInt64) -> Weights {
    let weights = Weights(configuration)
    let residualScale = 1 / Double(2 * configuration.layerCount).squareRoot()
    for entry in weights.layout.entries {
      let values = weights.buffer.base + entry.offset
      if entry.name.hasSuffix("bias") { continue }
      if entry.name.hasSuffix("norm.weight") {
        let isOffset = configuration.architecture.family.normsAddOne
        values.update(repeating: isOffset ? 0 : 1, count: entry.count)
        continue
      }
      let isResidual = ["o_proj.weight", "down_proj.weight"].contains { entry.name.hasSuffix($0) }
      let deviation = isResidual ? 0.02 * residualScale : 0.02
      var stream = RandomStream(seed: seed, "weights", entry.name)
      for index in 0..<entry.count { values[index] = Float(deviation * stream.normal()) }
    }
    return weights
  }
}

/// A parameter's value that is infinite or not a number.
package struct NotFiniteValue: Sendable, Equatable {
  package let parameter: String
  /// Which of its values it is, row-major.
  package let index: Int
  package let value: Float
}

extension Weights {
  /// The first value that is infinite or not a number: a model with one computes nothing.
  package func firstNotFinite() -> NotFiniteValue? {
    for entry in layout.entries {
      let range = entry.offset..<entry.offset + entry.count
      let found = buffer.withElements(range) { values in
        values.firstIndex { !$0.isFinite }.map { ($0, values[$0]) }
      }
      if let (index, value) = found {
        return NotFiniteValue(parameter: entry.name, index: index, value: value)
      }
    }
    return nil
  }
}
