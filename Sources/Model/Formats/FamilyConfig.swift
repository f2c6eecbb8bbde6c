/// What a config.json says about its family, and what is not computed.
extension ConfigurationJSON {
  func supportedArchitecture(path: String) throws -> ModelConfiguration.Architecture {
    if let architecture = modelType.flatMap(ModelConfiguration.Architecture.init(rawValue:)) {
      return architecture
    }
    throw ModelImportError.architecture(path: path, found: modelType ?? "none")
  }

  /// Refuses whatever the transformer would compute differently.
  func refuseUnsupported(_ family: ModelFamily, path: String) throws {
    let mayWindow = family.layers == .someSliding
    // Llama and OLMo 2 have no switch for windows; in the others a size alone means nothing.
    let slides =
      family == .llama || family == .olmo2 ? slidingWindow != nil : usesSlidingWindow == true
    let otherLayers = layerTypes?.contains { $0 != "full_attention" } ?? false
    let activation = mayWindow ? hiddenActivation : activation
    let rotated =
      partialRotaryFactor ?? ropeParameters?.all.compactMap(\.partialRotaryFactor).first ?? 1
    let problems: [(Bool, String)] = [
      (vision != nil, "images (vision_config)"),
      (max(expertCount ?? 0, localExpertCount ?? 0) > 0, "a mixture of experts"),
      (!hasRotaryBase(family), "rope_parameters without rope_theta"),
      (ropeParameters?.sliding?.scaling != nil, "scaled rotary positions in sliding layers"),
      (rotated != 1, "partial_rotary_factor"),
      (!mayWindow && (slides || otherLayers), "sliding-window attention"),
      (
        activation.map { !family.activation.names.contains($0) } ?? false,
        "hidden_act '\(activation ?? "")'"
      ),
      (!family.hasBias && attentionBias == true, "attention_bias"),
      (feedForwardBias == true, "mlp_bias"),
      (attentionSoftCap != nil, "attn_logit_softcapping"),
      (logitSoftCap != nil, "final_logit_softcapping"),
      (isBidirectional == true, "use_bidirectional_attention"),
      (quantisation != nil, "quantization_config"),
    ]
    if let problem = problems.first(where: \.0) {
      throw ModelImportError.unsupported(path: path, feature: problem.1)
    }
  }
}

extension ModelConfiguration {
  /// Takes from a config.json what each layer's attention sees.
  mutating func takeLayers(_ json: ConfigurationJSON, path: String) throws {
    func refuse(_ problem: String) -> ModelImportError {
      .configuration(path: path, problem: problem)
    }
    var layers: [LayerAttention]
    switch architecture.family.layers {
    case .uniform: return
    case .someUnrotated:
      let interval = json.unrotatedLayerInterval ?? 4
      guard interval > 0 else { throw refuse("'no_rope_layer_interval' is below 1") }
      let flags = json.rotatedLayers ?? (0..<layerCount).map { ($0 + 1) % interval == 0 ? 0 : 1 }
      guard flags.allSatisfy({ $0 == 0 || $0 == 1 }) else {
        throw refuse("'no_rope_layers' holds something else than 0 and 1")
      }
      layers = flags.map { $0 == 0 ? .unrotated : .full }
    case .someSliding:
      let pattern = json.slidingWindowPattern ?? 6
      guard pattern > 0 else { throw refuse("'sliding_window_pattern' is below 1") }
      let types =
        json.layerTypes
        ?? (0..<layerCount).map {
          ($0 + 1) % pattern == 0 ? "full_attention" : "sliding_attention"
        }
      guard types.allSatisfy({ ["full_attention", "sliding_attention"].contains($0) }) else {
        throw refuse("'layer_types' holds something else than full and sliding attention")
      }
      layers = types.map { $0 == "full_attention" ? .full : .sliding }
      let scale = json.queryScale ?? 256
      guard scale > 0, scale.isFinite else {
        throw refuse("'query_pre_attn_scalar' is not positive")
      }
      queryScale = scale == Double(headSize) ? nil : scale
    }
    guard layers.count >= layerCount else {
      throw refuse("it describes the attention of \(layers.count) layers, but has \(layerCount)")
    }
    layers = Array(layers.prefix(layerCount))
    layerAttention = layers.allSatisfy { $0 == .full } ? [] : layers
    guard layers.contains(.sliding) else { return }
    let window = json.slidingWindow ?? 4096
    let theta = json.ropeParameters?.sliding?.theta ?? json.localRopeTheta ?? 10_000
    guard window > 0 else { throw refuse("'sliding_window' is below 1") }
    guard theta > 0, theta.isFinite else {
      throw refuse("the rotary base of sliding layers is not a positive number")
    }
    (slidingWindow, localRopeTheta) = (window, theta)
  }

  /// What config.json says of a family beside the sizes, as transformers 4 writes it.
  var familyEntries: [(key: String, value: String)] {
    let layers = (0..<layerCount).map { attention(of: $0) }
    // Where nothing is said, transformers takes a token of the family's own vocabulary.
    let noPadding = [(key: "pad_token_id", value: "null")]
    switch architecture {
    case .llama: return [("attention_bias", "false"), ("mlp_bias", "false")]
    case .qwen2: return [("use_sliding_window", "false")]
    case .qwen3: return noPadding + [("attention_bias", "false"), ("use_sliding_window", "false")]
    case .olmo2: return noPadding + [("attention_bias", "false")]
    case .smollm3:
      return noPadding + [
        ("attention_bias", "false"), ("mlp_bias", "false"), ("use_sliding_window", "false"),
        ("no_rope_layers", JSONText.list(layers.map { $0 == .unrotated ? "0" : "1" })),
      ]
    case .gemma3:
      return noPadding + [
        ("attention_bias", "false"),
        ("query_pre_attn_scalar", JSONText.number(queryScale ?? Double(headSize))),
        ("sliding_window", "\(slidingWindow ?? 4096)"),
        (
          "layer_types",
          JSONText.list(
            layers.map { $0 == .sliding ? "\"sliding_attention\"" : "\"full_attention\"" })
        ),
        ("rope_local_base_freq", "\(localRopeTheta ?? 10_000)"),
        ("attn_logit_softcapping", "null"), ("final_logit_softcapping", "null"),
      ]
    }
  }
}
