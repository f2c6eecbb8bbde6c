/// How tokens are chosen.
public struct SamplingOptions: Sendable, Hashable {
  /// What logits are divided by; 0 takes the most likely token always.
  public var temperature: Float
  /// How many of the most likely tokens are kept; 0 keeps all.
  public var topK: Int
  /// The most likely tokens are kept until their probabilities sum to this; 1 keeps all.
  public var topP: Double
  /// The most tokens that a completion may have.
  public var maxNewTokens: Int
  /// Tokens that end a completion.
  public var stopTokens: [Int32]

  /// Options; by default plain sampling.
  public init(
    temperature: Float = 1, topK: Int = 0, topP: Double = 1, maxNewTokens: Int,
    stopTokens: [Int32] = []
  ) {
    precondition(temperature >= 0 && topK >= 0 && topP > 0 && topP <= 1 && maxNewTokens > 0)
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
    self.maxNewTokens = maxNewTokens
    self.stopTokens = stopTokens
  }
}
