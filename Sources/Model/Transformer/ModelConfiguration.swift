/// The shape of a decoder-only transformer: RMSNorm, rotary positions (half-split), grouped-query
/// attention, a gated feed-forward layer. What its family adds stands in ``ModelFamily``.
package struct ModelConfiguration: Sendable, Hashable {
  /// The families that are told apart on import and export, by their `model_type`.
  package enum Architecture: String, Sendable, Hashable, CaseIterable {
    case llama
    case qwen2
    case qwen3
    case olmo2
    case smollm3
    case gemma3 = "gemma3_text"
  }

  /// What a layer's attention sees.
  package enum LayerAttention: Sendable, Hashable {
    /// All earlier tokens, turned by the positions.
    case full
    /// All earlier tokens, regardless of the positions.
    case unrotated
    /// The last ``slidingWindow`` tokens, turned with ``localRopeTheta``.
    case sliding
  }

  package var architecture: Architecture
  /// Rows of the embedding.
  package var vocabularySize: Int
  /// Width of the residual stream.
  package var hiddenSize: Int
  /// Width inside the feed-forward layers.
  package var intermediateSize: Int
  package var layerCount: Int
  package var headCount: Int
  /// Key and value heads in a block; divides `headCount`.
  package var keyValueHeadCount: Int
  package var headSize: Int
  /// The most positions that the model was made for.
  package var contextLength: Int
  /// Base of the rotary frequencies.
  package var ropeTheta: Double
  /// How the rotary frequencies of layers that see everything are stretched.
  package var rotaryScaling = RotaryScaling.none
  /// Added to the mean square in RMSNorm.
  package var normEpsilon: Double
  /// Whether the output layer is the embedding.
  package var tiedEmbeddings: Bool
  /// Whether q, k and v have biases.
  package var attentionBias: Bool
  /// Scores are divided by the root of this; by that of the head size where nil.
  package var queryScale: Double?
  /// What each layer's attention sees; empty where all see everything.
  package var layerAttention: [LayerAttention] = []
  /// How many tokens a sliding layer sees, the token itself among them.
  package var slidingWindow: Int?
  /// Base of the rotary frequencies in sliding layers.
  package var localRopeTheta: Double?
  /// The token that begins a text, if the model has one. It is never added by itself.
  package var beginToken: Int32?
  package var endTokens: [Int32]

  package init(
    architecture: Architecture, vocabularySize: Int, hiddenSize: Int, intermediateSize: Int,
    layerCount: Int, headCount: Int, keyValueHeadCount: Int, headSize: Int, contextLength: Int,
    ropeTheta: Double, normEpsilon: Double, tiedEmbeddings: Bool, attentionBias: Bool,
    beginToken: Int32? = nil, endTokens: [Int32] = []
  ) {
    self.architecture = architecture
    self.vocabularySize = vocabularySize
    self.hiddenSize = hiddenSize
    self.intermediateSize = intermediateSize
    self.layerCount = layerCount
    self.headCount = headCount
    self.keyValueHeadCount = keyValueHeadCount
    self.headSize = headSize
    self.contextLength = contextLength
    self.ropeTheta = ropeTheta
    self.normEpsilon = normEpsilon
    self.tiedEmbeddings = tiedEmbeddings
    self.attentionBias = attentionBias
    self.beginToken = beginToken
    self.endTokens = endTokens
  }
}

extension ModelConfiguration {
  /// What a layer's attention sees.
  package func attention(of layer: Int) -> LayerAttention {
    layer < layerAttention.count ? layerAttention[layer] : .full
  }

  /// How many tokens a layer sees at most; nil for all.
  package func window(of layer: Int) -> Int? {
    attention(of: layer) == .sliding ? slidingWindow : nil
  }

  /// How many keys a token sees, summed over the layers, where `keys` are there.
  package func visibleKeys(_ keys: Double) -> Double {
    (0..<layerCount).reduce(0) { sum, layer in
      sum + min(keys, window(of: layer).map(Double.init) ?? keys)
    }
  }

  /// What embeddings are multiplied by, rounded as transformers does in float32; nil for nothing.
  var embeddingScale: Float? {
    architecture.family.scalesEmbedding ? Float(Double(hiddenSize).squareRoot()) : nil
  }
}
