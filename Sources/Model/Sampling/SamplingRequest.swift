/// A prompt and how often it is to be completed.
public struct SamplingRequest: Sendable {
  /// The prompt's tokens; at least one.
  public var prompt: [Int32]
  /// For each completion the random numbers that it takes, one for each token.
  public var streams: [RandomStream]

  /// A request for one completion for each stream.
  public init(prompt: [Int32], streams: [RandomStream]) {
    self.prompt = prompt
    self.streams = streams
  }
}
