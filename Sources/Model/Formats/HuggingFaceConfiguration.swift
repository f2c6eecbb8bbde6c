import Foundation

extension ModelConfiguration {
  /// Reads a config.json, with the field names of transformers 4 or 5.
  /// - Throws: `ModelImportError` that names the field that is missing, impossible or stands for
  ///   something that this program does not compute.
  public init(huggingFaceConfig: Data) throws {
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
      beginToken: json.beginToken,
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

  /// The config.json of transformers 4; it can be read back without loss.
  public var huggingFaceConfig: Data {
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
func sentence(for error: DecodingError) -> String {
  switch error {
  case .typeMismatch(_, let context), .valueNotFound(_, let context):
    "'\(context.codingPath.map(\.stringValue).joined(separator: "."))' has the wrong type"
  case .keyNotFound(let key, _): "'\(key.stringValue)' is missing"
  default: "it is not valid JSON"
  }
}
