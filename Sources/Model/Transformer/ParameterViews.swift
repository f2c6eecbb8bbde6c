/// A linear layer's weight [out, in] and, if it has one, its bias [out].
struct LinearView {
  let weight: Matrix
  let bias: UnsafeMutablePointer<Float>?
}

/// The parameters of one block, or their gradients.
struct BlockView {
  let attentionNorm: UnsafeMutablePointer<Float>
  let query: LinearView
  let key: LinearView
  let value: LinearView
  let output: Matrix
  let feedForwardNorm: UnsafeMutablePointer<Float>
  let gate: Matrix
  let up: Matrix
  let down: Matrix
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
    func block(_ index: Int) -> BlockView {
      let name = "model.layers.\(index)."
      return BlockView(
        attentionNorm: matrix(name + "input_layernorm.weight").base,
        query: linear(name + "self_attn.q_proj"), key: linear(name + "self_attn.k_proj"),
        value: linear(name + "self_attn.v_proj"), output: matrix(name + "self_attn.o_proj.weight"),
        feedForwardNorm: matrix(name + "post_attention_layernorm.weight").base,
        gate: matrix(name + "mlp.gate_proj.weight"), up: matrix(name + "mlp.up_proj.weight"),
        down: matrix(name + "mlp.down_proj.weight"))
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
