/// The fields of a Hugging Face config.json that decide what a model computes.
struct ConfigurationJSON: Decodable {
  let modelType: String?
  let vocabularySize: Int?
  let hiddenSize: Int?
  let intermediateSize: Int?
  let layerCount: Int?
  let headCount: Int?
  let keyValueHeadCount: Int?
  let headSize: Int?
  let contextLength: Int?
  let ropeTheta: Double?
  let ropeParameters: RopeParameters?
  let ropeScaling: RopeParameters?
  let normEpsilon: Double?
  let activation: String?
  let tiedEmbeddings: Bool?
  let attentionBias: Bool?
  let feedForwardBias: Bool?
  let usesSlidingWindow: Bool?
  let slidingWindow: Int?
  let layerTypes: [String]?
  let partialRotaryFactor: Double?
  let quantisation: Anything?
  let beginToken: Int32?
  let endTokens: OneOrMany?

  enum CodingKeys: String, CodingKey {
    case modelType = "model_type"
    case vocabularySize = "vocab_size"
    case hiddenSize = "hidden_size"
    case intermediateSize = "intermediate_size"
    case layerCount = "num_hidden_layers"
    case headCount = "num_attention_heads"
    case keyValueHeadCount = "num_key_value_heads"
    case headSize = "head_dim"
    case contextLength = "max_position_embeddings"
    case ropeTheta = "rope_theta"
    case ropeParameters = "rope_parameters"
    case ropeScaling = "rope_scaling"
    case normEpsilon = "rms_norm_eps"
    case activation = "hidden_act"
    case tiedEmbeddings = "tie_word_embeddings"
    case attentionBias = "attention_bias"
    case feedForwardBias = "mlp_bias"
    case usesSlidingWindow = "use_sliding_window"
    case slidingWindow = "sliding_window"
    case layerTypes = "layer_types"
    case partialRotaryFactor = "partial_rotary_factor"
    case quantisation = "quantization_config"
    case beginToken = "bos_token_id"
    case endTokens = "eos_token_id"
  }

  /// The rotary settings: `rope_parameters` of transformers 5, or `rope_scaling` of 4, whose oldest
  /// files say `type` for `rope_type`.
  struct RopeParameters: Decodable {
    let theta: Double?
    let type: String?
    let oldType: String?
    let partialRotaryFactor: Double?

    enum CodingKeys: String, CodingKey {
      case theta = "rope_theta"
      case type = "rope_type"
      case oldType = "type"
      case partialRotaryFactor = "partial_rotary_factor"
    }

    /// How positions are scaled; nil where they are not.
    var scaling: String? {
      let name = type ?? oldType ?? "default"
      return name == "default" ? nil : name
    }
  }

  /// The base of the rotary frequencies, in the order in which transformers looks for it.
  var rotaryBase: Double {
    ropeScaling?.theta ?? ropeParameters?.theta ?? ropeTheta ?? 10_000
  }

  /// A value whose presence alone matters.
  struct Anything: Decodable {
    init(from decoder: any Decoder) {}
  }

  /// A token id, or a list of them.
  struct OneOrMany: Decodable {
    let ids: [Int32]

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let one = try? container.decode(Int32.self) {
        ids = [one]
      } else {
        ids = try container.decode([Int32].self)
      }
    }
  }

  func supportedArchitecture(path: String) throws -> ModelConfiguration.Architecture {
    if let architecture = modelType.flatMap(ModelConfiguration.Architecture.init(rawValue:)) {
      return architecture
    }
    throw ModelImportError.architecture(path: path, found: modelType ?? "none")
  }

  /// Refuses whatever the transformer would compute differently.
  func refuseUnsupported(_ architecture: ModelConfiguration.Architecture, path: String) throws {
    let qwen = architecture == .qwen2
    let slides = qwen ? usesSlidingWindow == true : slidingWindow != nil
    let otherLayers = layerTypes?.contains { $0 != "full_attention" } ?? false
    let scaling = ropeScaling?.scaling ?? ropeParameters?.scaling
    let hasBase = ropeParameters == nil || ropeParameters?.theta != nil || ropeTheta != nil
    let rotated = partialRotaryFactor ?? ropeParameters?.partialRotaryFactor ?? 1
    let problems: [(Bool, String)] = [
      (scaling != nil, "rope_scaling of the type '\(scaling ?? "")'"),
      (!hasBase, "rope_parameters without rope_theta"),
      (rotated != 1, "partial_rotary_factor"),
      (slides || otherLayers, "sliding-window attention"),
      ((activation ?? "silu") != "silu", "hidden_act '\(activation ?? "")'"),
      (!qwen && attentionBias == true, "attention_bias in a llama model"),
      (feedForwardBias == true, "mlp_bias"),
      (quantisation != nil, "quantization_config"),
    ]
    if let problem = problems.first(where: \.0) {
      throw ModelImportError.unsupported(path: path, feature: problem.1)
    }
  }
}
