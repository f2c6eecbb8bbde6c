import Model

/// Small random models and batches for tests.
enum RandomModel {
  /// A shape whose sizes are no multiples of sixteen, so that the ends of loops are tested too.
  static func configuration(
    architecture: ModelConfiguration.Architecture = .qwen2, tied: Bool = true,
    contextLength: Int = 512, window: Int = 4
  ) -> ModelConfiguration {
    var configuration = ModelConfiguration(
      architecture: architecture, vocabularySize: 53, hiddenSize: 36, intermediateSize: 50,
      layerCount: 2, headCount: 6, keyValueHeadCount: 2, headSize: 10, contextLength: contextLength,
      ropeTheta: 10_000, normEpsilon: 1e-5, tiedEmbeddings: tied,
      attentionBias: architecture.family.hasBias)
    switch architecture.family.layers {
    case .uniform: break
    case .someUnrotated: configuration.layerAttention = [.unrotated, .full]
    case .someSliding:
      configuration.layerAttention = [.sliding, .full]
      configuration.slidingWindow = window
      configuration.localRopeTheta = 100
      configuration.queryScale = 7
    }
    return configuration
  }

  /// Weights large enough for nothing to be negligible, and no parameter at its initial value.
  static func weights(
    architecture: ModelConfiguration.Architecture = .qwen2, tied: Bool = true,
    contextLength: Int = 512, window: Int = 4, seed: UInt64 = 1
  ) -> Weights {
    let weights = Weights(
      configuration(
        architecture: architecture, tied: tied, contextLength: contextLength, window: window))
    for entry in weights.layout.entries {
      var stream = RandomStream(seed: seed, entry.name)
      let isFactor = entry.name.hasSuffix("norm.weight") && !architecture.family.normsAddOne
      let centre: Float = isFactor ? 1 : 0
      weights.buffer[entry.offset..<entry.offset + entry.count] = (0..<entry.count).map { _ in
        centre + 0.2 * Float(stream.normal())
      }
    }
    return weights
  }

  static func tokens(_ count: Int, _ name: String, seed: UInt64 = 1) -> [Int32] {
    var stream = RandomStream(seed: seed, "tokens", name)
    return (0..<count).map { _ in Int32(stream.integer(below: 53)) }
  }

  static func coefficients(_ count: Int, seed: UInt64 = 1) -> [Float] {
    var stream = RandomStream(seed: seed, "coefficients")
    return (0..<count).map { _ in Float(stream.normal()) / Float(count) }
  }
}

extension FloatBuffer {
  var values: [Float] { self[0..<count] }
}
