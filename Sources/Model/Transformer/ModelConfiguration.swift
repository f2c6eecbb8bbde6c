/// The shape of a decoder-only transformer: RMSNorm, rotary positions (half-split), grouped-query
/// attention, SwiGLU.
package struct ModelConfiguration: Sendable, Hashable {
  /// The families that are told apart on import and export.
  package enum Architecture: String, Sendable, Hashable {
    /// Llama: no biases.
    case llama
    /// Qwen2: biases on q, k and v.
    case qwen2
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
  /// Added to the mean square in RMSNorm.
  package var normEpsilon: Double
  /// Whether the output layer is the embedding.
  package var tiedEmbeddings: Bool
  /// Whether q, k and v have biases.
  package var attentionBias: Bool
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
