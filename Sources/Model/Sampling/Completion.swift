/// What a model wrote.
public struct Completion: Sendable, Equatable {
  /// Why it ended.
  public enum Finish: String, Sendable, Hashable {
    /// With a stop token.
    case stopToken = "stop_token"
    /// At the limit of new tokens or of the model's context.
    case length
    /// Because the caller said so, as for a stop string.
    case stopped
  }

  /// The tokens, with the stop token if it ended with one.
  public var tokens: [Int32]
  /// For each token log p of the softmax over all tokens at the temperature of sampling, before
  /// anything is cut off; at temperature 1 for greedy choice.
  public var logProbabilities: [Float]
  /// Why it ended.
  public var finish: Finish

  /// A completion of given parts.
  public init(tokens: [Int32], logProbabilities: [Float], finish: Finish) {
    self.tokens = tokens
    self.logProbabilities = logProbabilities
    self.finish = finish
  }
}
