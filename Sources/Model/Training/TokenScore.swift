/// What the model thinks of a target.
public struct TokenScore: Sendable, Equatable {
  /// log p(token), of the softmax of the logits divided by the temperature, over all tokens.
  public let logProbability: Float
  /// The entropy of that softmax, in nats.
  public let entropy: Float

  /// A score.
  public init(logProbability: Float, entropy: Float) {
    self.logProbability = logProbability
    self.entropy = entropy
  }
}
