import Foundation

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
  let beginToken: OneOrMany?
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
    let factor: Double?
    let partialRotaryFactor: Double?

    enum CodingKeys: String, CodingKey {
      case theta = "rope_theta"
      case type = "rope_type"
      case oldType = "type"
      case factor
      case partialRotaryFactor = "partial_rotary_factor"
    }

    /// How positions are scaled; nil where they are not, or by 1.
    var scaling: String? {
      let name = type ?? oldType ?? "default"
      return name == "default" || (name == "linear" && factor == 1) ? nil : name
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
      // Whatever is beyond 32 bits is beyond any vocabulary, too.
      if let one = try? container.decode(Int.self) {
        ids = [Int32(clamping: one)]
      } else {
        ids = try container.decode([Int].self).map { Int32(clamping: $0) }.uniqued()
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

extension ModelConfiguration {
  /// Reads a config.json, with the field names of transformers 4 or 5.
  /// - Throws: `ModelImportError` that names the field that is missing, impossible or stands for
  ///   something that this program does not compute.
  package init(huggingFaceConfig: Data) throws {
    try self.init(huggingFaceConfig: huggingFaceConfig, path: "config.json")
  }

  /// Reads a config.json; `path` names it in errors.
  init(huggingFaceConfig: Data, path: String) throws {
    let json: ConfigurationJSON
    do {
      json = try JSONDecoder().decode(ConfigurationJSON.self, from: huggingFaceConfig)
    } catch let error as DecodingError {
      throw ModelImportError.configuration(path: path, problem: sentence(for: error))
    }
    let architecture = try json.supportedArchitecture(path: path)
    try json.refuseUnsupported(architecture, path: path)
    func required<Value>(_ value: Value?, _ name: String) throws -> Value {
      if let value { return value }
      throw ModelImportError.configuration(path: path, problem: "'\(name)' is missing")
    }
    let hiddenSize = try required(json.hiddenSize, "hidden_size")
    let headCount = try required(json.headCount, "num_attention_heads")
    self.init(
      architecture: architecture,
      vocabularySize: try required(json.vocabularySize, "vocab_size"),
      hiddenSize: hiddenSize,
      intermediateSize: try required(json.intermediateSize, "intermediate_size"),
      layerCount: try required(json.layerCount, "num_hidden_layers"),
      headCount: headCount,
      keyValueHeadCount: json.keyValueHeadCount ?? headCount,
      headSize: json.headSize ?? hiddenSize / max(1, headCount),
      contextLength: try required(json.contextLength, "max_position_embeddings"),
      ropeTheta: json.rotaryBase,
      normEpsilon: json.normEpsilon ?? 1e-6,
      tiedEmbeddings: json.tiedEmbeddings ?? false,
      attentionBias: architecture == .qwen2,
      beginToken: json.beginToken?.ids.first,
      endTokens: json.endTokens?.ids ?? [])
    try check(path: path)
  }

  /// Finds sizes that no model can have.
  func check(path: String) throws {
    func refuse(_ problem: String) -> ModelImportError {
      .configuration(path: path, problem: problem)
    }
    let sizes = [
      vocabularySize, hiddenSize, intermediateSize, layerCount, headCount, keyValueHeadCount,
      headSize, contextLength,
    ]
    guard sizes.allSatisfy({ (1...1 << 24).contains($0) }), layerCount <= 1 << 12,
      max(hiddenSize, intermediateSize, headCount * headSize) <= 1 << 20
    else { throw refuse("a size is below 1 or absurdly large") }
    guard headCount % keyValueHeadCount == 0 else {
      throw refuse("\(headCount) heads cannot share \(keyValueHeadCount) key and value heads")
    }
    guard headSize % 2 == 0 else { throw refuse("heads of odd width \(headSize) cannot rotate") }
    guard ropeTheta > 0, normEpsilon >= 0, ropeTheta.isFinite, normEpsilon.isFinite else {
      throw refuse("the rotary base or the norm's epsilon is no positive number")
    }
  }

  /// Finds tokens that a text begins or ends with and the model has no embedding for.
  func checkTokens(path: String) throws {
    let roles = [beginToken.map { ($0, "begins") }] + endTokens.map { ($0, "ends") }
    for (id, role) in roles.compactMap(\.self) where !(0..<vocabularySize).contains(Int(id)) {
      throw ModelImportError.configuration(
        path: path,
        problem: "a text \(role) with the token \(id), but the model has the tokens 0 to "
          + "\(vocabularySize - 1)")
    }
  }

  /// The config.json of transformers 4; it can be read back without loss.
  package var huggingFaceConfig: Data {
    let name = architecture == .llama ? "LlamaForCausalLM" : "Qwen2ForCausalLM"
    var entries: [(key: String, value: String)] = [
      ("architectures", JSONText.list([JSONText.quoted(name)])),
      ("model_type", JSONText.quoted(architecture.rawValue)),
      ("vocab_size", "\(vocabularySize)"),
      ("hidden_size", "\(hiddenSize)"),
      ("intermediate_size", "\(intermediateSize)"),
      ("num_hidden_layers", "\(layerCount)"),
      ("num_attention_heads", "\(headCount)"),
      ("num_key_value_heads", "\(keyValueHeadCount)"),
      ("head_dim", "\(headSize)"),
      ("max_position_embeddings", "\(contextLength)"),
      ("rope_theta", "\(ropeTheta)"),
      ("rope_scaling", "null"),
      ("rms_norm_eps", "\(normEpsilon)"),
      ("hidden_act", "\"silu\""),
      ("tie_word_embeddings", "\(tiedEmbeddings)"),
      ("bos_token_id", beginToken.map { "\($0)" } ?? "null"),
      ("eos_token_id", endTokensJSON),
      ("attention_dropout", "0.0"),
      ("torch_dtype", "\"float32\""),
      ("use_cache", "true"),
    ]
    switch architecture {
    case .llama: entries += [("attention_bias", "false"), ("mlp_bias", "false")]
    case .qwen2: entries.append(("use_sliding_window", "false"))
    }
    return Data(JSONText.object(entries).utf8)
  }

  /// The end tokens as Hugging Face writes them: nothing, a number or a list.
  var endTokensJSON: String {
    switch endTokens.count {
    case 0: "null"
    case 1: "\(endTokens[0])"
    default: JSONText.list(endTokens.map { "\($0)" })
    }
  }
}

/// What a decoding error is about, in a few words.
package func sentence(for error: DecodingError) -> String {
  switch error {
  case .typeMismatch(_, let context), .valueNotFound(_, let context):
    "'\(context.codingPath.map(\.stringValue).joined(separator: "."))' has the wrong type"
  case .keyNotFound(let key, _): "'\(key.stringValue)' is missing"
  default: "it is not valid JSON"
  }
}
