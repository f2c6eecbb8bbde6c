/// A completion that is being written.
final class ActiveSequence {
  let request: Int
  let sample: Int
  private(set) var tokens: [Int32] = []
  /// Whether logits were not finite.
  private(set) var isBroken = false

  private let prompt: PromptCache
  private var completion: KeyValueCache
  private var stream: RandomStream
  private var logProbabilities: [Float] = []
  private let limit: Int
  private let stopTokens: [Int32]

  init(
    request: Int, sample: Int, prompt: PromptCache, completion: KeyValueCache,
    stream: RandomStream, limit: Int, stopTokens: [Int32]
  ) {
    self.request = request
    self.sample = sample
    self.prompt = prompt
    self.completion = completion
    self.stream = stream
    self.limit = limit
    self.stopTokens = stopTokens
  }

  /// Makes room for the key and value of the last token.
  func makeRoom() { completion.extend(by: 1) }

  /// The last token's place in a step; there must be one, and room for it.
  var row: DecodeStep.Row {
    DecodeStep.Row(
      token: tokens[tokens.count - 1], prompt: prompt.keysAndValues, completion: completion)
  }

  /// Takes the first token from what the prompt leaves.
  func chooseFirst(_ options: SamplingOptions) {
    var logits = prompt.logits
    logits.withUnsafeMutableBufferPointer { choose($0, options) }
  }

  /// Takes the next token. The logits are spoilt.
  func choose(_ logits: UnsafeMutableBufferPointer<Float>, _ options: SamplingOptions) {
    guard let chosen = options.choose(logits, &stream) else {
      isBroken = true
      return
    }
    tokens.append(chosen.token)
    logProbabilities.append(chosen.logProbability)
  }

  /// Why the completion ends here; nil if it goes on.
  func finish(_ shouldStop: (([Int32]) -> Bool)?) -> Completion.Finish? {
    if let last = tokens.last, stopTokens.contains(last) { return .stopToken }
    if shouldStop?(tokens) ?? false { return .stopped }
    return tokens.count >= limit ? .length : nil
  }

  func completion(_ finish: Completion.Finish) -> Completion {
    Completion(tokens: tokens, logProbabilities: logProbabilities, finish: finish)
  }
}
