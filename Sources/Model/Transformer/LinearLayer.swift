/// A linear layer of a block, by its name in a Hugging Face checkpoint.
package enum LinearLayer: String, Sendable, Hashable, CaseIterable {
  case query = "q_proj"
  case key = "k_proj"
  case value = "v_proj"
  case output = "o_proj"
  case gate = "gate_proj"
  case up = "up_proj"
  case down = "down_proj"

  /// Its place in a block, such as `self_attn.q_proj`.
  var path: String {
    switch self {
    case .query, .key, .value, .output: "self_attn.\(rawValue)"
    case .gate, .up, .down: "mlp.\(rawValue)"
    }
  }

  /// The shape of its weight, [outputs, inputs].
  func shape(_ c: ModelConfiguration) -> (outputs: Int, inputs: Int) {
    let queries = c.headCount * c.headSize
    return switch self {
    case .query: (queries, c.hiddenSize)
    case .key, .value: (c.keyValueHeadCount * c.headSize, c.hiddenSize)
    case .output: (c.hiddenSize, queries)
    case .gate, .up: (c.intermediateSize, c.hiddenSize)
    case .down: (c.hiddenSize, c.intermediateSize)
    }
  }
}
