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

/// Why sampling ended early.
public enum SamplingError: Error, Equatable, CustomStringConvertible {
  /// A prompt has no tokens.
  case emptyPrompt(request: Int)
  /// A prompt leaves no room for a token within the model's context.
  case promptTooLong(request: Int, tokens: Int, contextLength: Int)
  /// The model's logits are infinite or not numbers.
  case logitsNotFinite(request: Int)
  /// The caller asked for it.
  case interrupted

  /// A sentence for people.
  public var description: String {
    switch self {
    case .emptyPrompt(let request):
      return "prompt \(request) has no tokens; a model needs at least one to go on from"
    case .promptTooLong(let request, let tokens, let contextLength):
      return "prompt \(request) has \(tokens) tokens, which leaves no room in the model's context "
        + "of \(contextLength); shorten the prompt or take another model"
    case .logitsNotFinite(let request):
      return "the model's logits for prompt \(request) are not finite; its weights are damaged"
    case .interrupted:
      return "sampling was interrupted"
    }
  }
}
