/// Where each parameter lies in one flat buffer of float32.
///
/// Names and shapes are those of a Hugging Face checkpoint: linear layers are [out, in], row-major.
public struct ParameterLayout: Sendable, Equatable {
  /// One parameter.
  public struct Entry: Sendable, Equatable {
    /// The Hugging Face name, such as `model.layers.0.self_attn.q_proj.weight`.
    public let name: String
    /// The shape, one or two dimensions.
    public let shape: [Int]
    /// The index of its first element in the buffer.
    public let offset: Int

    /// How many elements it has.
    public var count: Int { shape.reduce(1, *) }

    /// Whether weight decay applies: everything but biases and norms.
    public var decays: Bool { !name.contains("bias") && !name.contains("norm") }
  }

  /// The parameters, in the order in which they lie.
  public let entries: [Entry]
  /// The length of the buffer.
  public let count: Int
  private let indices: [String: Int]

  /// The parameters of a model. A tied output layer has none of its own.
  public init(_ configuration: ModelConfiguration) {
    let c = configuration
    var shapes: [(String, [Int])] = [
      ("model.embed_tokens.weight", [c.vocabularySize, c.hiddenSize])
    ]
    for layer in 0..<c.layerCount {
      let block = "model.layers.\(layer)."
      let queries = c.headCount * c.headSize
      let keys = c.keyValueHeadCount * c.headSize
      shapes.append((block + "input_layernorm.weight", [c.hiddenSize]))
      for (name, rows) in [("q", queries), ("k", keys), ("v", keys)] {
        shapes.append((block + "self_attn.\(name)_proj.weight", [rows, c.hiddenSize]))
        if c.attentionBias { shapes.append((block + "self_attn.\(name)_proj.bias", [rows])) }
      }
      shapes.append((block + "self_attn.o_proj.weight", [c.hiddenSize, queries]))
      shapes.append((block + "post_attention_layernorm.weight", [c.hiddenSize]))
      shapes.append((block + "mlp.gate_proj.weight", [c.intermediateSize, c.hiddenSize]))
      shapes.append((block + "mlp.up_proj.weight", [c.intermediateSize, c.hiddenSize]))
      shapes.append((block + "mlp.down_proj.weight", [c.hiddenSize, c.intermediateSize]))
    }
    shapes.append(("model.norm.weight", [c.hiddenSize]))
    if !c.tiedEmbeddings { shapes.append(("lm_head.weight", [c.vocabularySize, c.hiddenSize])) }

    var offset = 0
    entries = shapes.map { name, shape in
      defer { offset += shape.reduce(1, *) }
      return Entry(name: name, shape: shape, offset: offset)
    }
    count = offset
    indices = Dictionary(uniqueKeysWithValues: entries.enumerated().map { ($1.name, $0) })
  }

  /// The entry of a name, if the model has it.
  public subscript(name: String) -> Entry? { indices[name].map { entries[$0] } }
}
