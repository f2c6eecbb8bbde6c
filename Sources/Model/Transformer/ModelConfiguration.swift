/// The shape of a decoder-only transformer: RMSNorm, rotary positions (half-split), grouped-query
/// attention, SwiGLU.
public struct ModelConfiguration: Sendable, Hashable {
  /// The families that are told apart on import and export.
  public enum Architecture: String, Sendable, Hashable {
    /// Llama: no biases.
    case llama
    /// Qwen2: biases on q, k and v.
    case qwen2
  }

  /// The family.
  public var architecture: Architecture
  /// Rows of the embedding.
  public var vocabularySize: Int
  /// Width of the residual stream.
  public var hiddenSize: Int
  /// Width inside the feed-forward layers.
  public var intermediateSize: Int
  /// How many blocks there are.
  public var layerCount: Int
  /// Query heads in a block.
  public var headCount: Int
  /// Key and value heads in a block; divides `headCount`.
  public var keyValueHeadCount: Int
  /// Width of a head.
  public var headSize: Int
  /// The most positions that the model was made for.
  public var contextLength: Int
  /// Base of the rotary frequencies.
  public var ropeTheta: Double
  /// Added to the mean square in RMSNorm.
  public var normEpsilon: Double
  /// Whether the output layer is the embedding.
  public var tiedEmbeddings: Bool
  /// Whether q, k and v have biases.
  public var attentionBias: Bool
  /// The token that begins a text, if the model has one. It is never added by itself.
  public var beginToken: Int32?
  /// The tokens that end a text.
  public var endTokens: [Int32]

  /// Describes a model.
  public init(
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
