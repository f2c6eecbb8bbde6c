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
  let ropeScaling: RopeSettings?
  let normEpsilon: Double?
  let activation: String?
  /// What Gemma calls it.
  let hiddenActivation: String?
  let tiedEmbeddings: Bool?
  let attentionBias: Bool?
  let feedForwardBias: Bool?
  let usesSlidingWindow: Bool?
  let slidingWindow: Int?
  let slidingWindowPattern: Int?
  let layerTypes: [String]?
  let localRopeTheta: Double?
  let rotatedLayers: [Int]?
  let unrotatedLayerInterval: Int?
  let queryScale: Double?
  let attentionSoftCap: Double?
  let logitSoftCap: Double?
  let isBidirectional: Bool?
  let expertCount: Int?
  let localExpertCount: Int?
  let vision: Anything?
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
    case hiddenActivation = "hidden_activation"
    case tiedEmbeddings = "tie_word_embeddings"
    case attentionBias = "attention_bias"
    case feedForwardBias = "mlp_bias"
    case usesSlidingWindow = "use_sliding_window"
    case slidingWindow = "sliding_window"
    case slidingWindowPattern = "sliding_window_pattern"
    case layerTypes = "layer_types"
    case localRopeTheta = "rope_local_base_freq"
    case rotatedLayers = "no_rope_layers"
    case unrotatedLayerInterval = "no_rope_layer_interval"
    case queryScale = "query_pre_attn_scalar"
    case attentionSoftCap = "attn_logit_softcapping"
    case logitSoftCap = "final_logit_softcapping"
    case isBidirectional = "use_bidirectional_attention"
    case expertCount = "num_experts"
    case localExpertCount = "num_local_experts"
    case vision = "vision_config"
    case partialRotaryFactor = "partial_rotary_factor"
    case quantisation = "quantization_config"
    case beginToken = "bos_token_id"
    case endTokens = "eos_token_id"
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
    let family = architecture.family
    try json.refuseUnsupported(family, path: path)
    let scaling = try json.rotaryScaling(path: path)
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
      headSize: json.headSize ?? family.defaults.headSize ?? hiddenSize / max(1, headCount),
      contextLength: try required(json.contextLength, "max_position_embeddings"),
      ropeTheta: json.rotaryBase(family),
      normEpsilon: json.normEpsilon ?? family.defaults.normEpsilon,
      tiedEmbeddings: json.tiedEmbeddings ?? family.defaults.tiedEmbeddings,
      attentionBias: family.hasBias,
      beginToken: json.beginToken?.ids.first,
      endTokens: json.endTokens?.ids ?? [])
    rotaryScaling = scaling
    try check(path: path)
    try takeLayers(json, path: path)
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
      throw refuse("the rotary base or the norm's epsilon is not a positive number")
    }
  }

  /// Finds tokens that a text begins or ends with and the model has no embedding for.
  func checkTokens(path: String) throws {
    let roles = [beginToken.map { ($0, "begins") }] + endTokens.map { ($0, "ends") }
    for (id, role) in roles.compactMap(\.self) where !(0..<vocabularySize).contains(Int(id)) {
      throw ModelImportError.token(id, role: role, path: path, vocabularySize: vocabularySize)
    }
  }

  /// The config.json of transformers 4; it can be read back without loss.
  package var huggingFaceConfig: Data { huggingFaceConfig(.float32) }

  /// The config.json of a folder whose weights are stored in a precision.
  func huggingFaceConfig(_ precision: Precision) -> Data {
    let family = architecture.family
    var entries: [(key: String, value: String)] = [
      ("architectures", JSONText.list([JSONText.quoted(family.className)])),
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
      ("rope_scaling", rotaryScaling.json),
      ("rms_norm_eps", "\(normEpsilon)"),
      (
        family.layers == .someSliding ? "hidden_activation" : "hidden_act",
        JSONText.quoted(family.activation.names[0])
      ),
      ("tie_word_embeddings", "\(tiedEmbeddings)"),
      ("bos_token_id", beginToken.map { "\($0)" } ?? "null"),
      ("eos_token_id", endTokensJSON),
      ("attention_dropout", "0.0"),
      ("torch_dtype", JSONText.quoted(precision.rawValue)),
      ("use_cache", "true"),
    ]
    entries += familyEntries
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
