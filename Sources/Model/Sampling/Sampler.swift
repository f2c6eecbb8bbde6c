/// Completes prompts, many at a time.
///
/// A completion depends on the model, its prompt, the options and its random stream alone: it is
/// bit-identical whatever the batch size, the number of threads and the order of requests. A sampler
/// is used by one thread at a time, and reads the weights as they are at each call.
package final class Sampler {
  private let weights: Weights
  private let pool: WorkerPool
  private let batchSize: Int
  private let decoding: DecodingWeights
  private let reader: PromptReader
  private let step: DecodeStep

  /// A sampler for a model.
  /// - Parameters:
  ///   - weights: The model.
  ///   - adapters: What is added to its layers, if anything.
  ///   - pool: Who does the work.
  ///   - batchSize: How many sequences are decoded together; the more, the less often the weights
  ///     are read.
  ///   - precision: What both factors of the linear layers' products are rounded to. All else is float32.
  package init(
    weights: Weights, adapters: Adapters? = nil, pool: WorkerPool, batchSize: Int = 32,
    precision: Precision = .float32
  ) {
    precondition(batchSize > 0)
    self.weights = weights
    self.pool = pool
    self.batchSize = batchSize
    decoding = DecodingWeights(weights, adapters, precision, pool)
    reader = PromptReader(decoding, pool)
    step = DecodeStep(decoding, batchSize: batchSize, pool)
  }

  /// Completes each request once for each of its streams.
  ///
  /// A completion ends with a stop token, where `shouldStop` says so, after `maxNewTokens`, or at
  /// the end of the model's context.
  /// - Parameters:
  ///   - requests: The prompts; each is read once for all its completions.
  ///   - options: How tokens are chosen.
  ///   - shouldStop: Given a completion's tokens so far, whether it ends here; asked after each
  ///     token, on the calling thread.
  ///   - joining: Asked before each step while there is room; what it returns is completed, too, as
  ///     further requests.
  ///   - onCompletion: Called with the indices of request and sample as completions end.
  ///   - interrupted: Asked before each step; if it says so, sampling ends.
  /// - Returns: The completions, by request and stream.
  /// - Throws: ``SamplingError``, or what `onCompletion` throws.
  package func generate(
    _ requests: [SamplingRequest], options: SamplingOptions,
    shouldStop: (([Int32]) -> Bool)? = nil,
    joining: () -> [SamplingRequest] = { [] },
    onCompletion: (_ request: Int, _ sample: Int, Completion) throws -> Void = { _, _, _ in },
    interrupted: () -> Bool = { false }
  ) throws -> [[Completion]] {
    decoding.refresh()
    var completions: [[Completion?]] = []
    var queue = SamplingQueue(weights.configuration, options, reader)
    func add(_ requests: [SamplingRequest]) throws {
      try check(requests, from: completions.count)
      completions += requests.map { [Completion?](repeating: nil, count: $0.streams.count) }
      queue.append(requests)
    }
    try add(requests)
    var active: [ActiveSequence] = []
    while true {
      if active.count < batchSize, queue.isEmpty { try add(joining()) }
      while active.count < batchSize, let sequence = queue.next() { active.append(sequence) }
      if active.isEmpty { break }
      if interrupted() { throw SamplingError.interrupted }
      try advance(active, options)
      try active.removeAll { sequence in
        guard let finish = sequence.finish(shouldStop) else { return false }
        let completion = sequence.completion(finish)
        completions[sequence.request][sequence.sample] = completion
        try onCompletion(sequence.request, sequence.sample, completion)
        return true
      }
    }
    return completions.map { $0.compactMap(\.self) }
  }

  /// - Parameter first: the index of the first of them.
  private func check(_ requests: [SamplingRequest], from first: Int) throws {
    let limit = weights.configuration.contextLength
    for (index, request) in zip(first..., requests) {
      if request.prompt.isEmpty { throw SamplingError.emptyPrompt(request: index) }
      if request.prompt.count >= limit {
        throw SamplingError.promptTooLong(
          request: index, tokens: request.prompt.count, contextLength: limit)
      }
    }
  }

  /// Gives each sequence one more token: the first from its prompt's logits, others from a step.
  private func advance(_ active: [ActiveSequence], _ options: SamplingOptions) throws {
    let going = active.filter { !$0.tokens.isEmpty }
    for sequence in going { sequence.makeRoom() }
    let logits = going.isEmpty ? nil : step.run(going.map(\.row))
    let beginning = active.filter(\.tokens.isEmpty)
    pool.measure(.choice) {
      pool.parallel(active.count) { task, _ in
        if task < going.count, let logits {
          let row = UnsafeMutableBufferPointer(start: logits.row(task), count: logits.columnCount)
          going[task].choose(row, options)
        } else {
          beginning[task - going.count].chooseFirst(options)
        }
      }
    }
    if let broken = active.first(where: \.isBroken) {
      throw SamplingError.logitsNotFinite(request: broken.request)
    }
  }
}

/// The samples that have not begun, in the order of requests.
private struct SamplingQueue {
  private var requests: [SamplingRequest] = []
  private let configuration: ModelConfiguration
  private let options: SamplingOptions
  private let reader: PromptReader
  private var request = 0
  private var sample = 0
  private var prompt: PromptCache?

  init(
    _ configuration: ModelConfiguration, _ options: SamplingOptions, _ reader: PromptReader
  ) {
    self.configuration = configuration
    self.options = options
    self.reader = reader
  }

  mutating func append(_ more: [SamplingRequest]) { requests += more }

  /// Whether all samples have begun.
  var isEmpty: Bool {
    mutating get {
      skipBegun()
      return request == requests.count
    }
  }

  /// Goes on to the next request where all samples of this one have begun.
  private mutating func skipBegun() {
    while request < requests.count && sample == requests[request].streams.count {
      request += 1
      sample = 0
      prompt = nil
    }
  }

  /// The next sample to begin. A prompt is read when its first sample begins.
  mutating func next() -> ActiveSequence? {
    if isEmpty { return nil }
    defer { sample += 1 }
    let cache = prompt ?? reader.read(requests[request].prompt)
    prompt = cache
    let room = configuration.contextLength - requests[request].prompt.count
    return ActiveSequence(
      request: request, sample: sample, prompt: cache,
      completion: KeyValueCache(configuration), stream: requests[request].streams[sample],
      limit: min(options.maxNewTokens, room), stopTokens: options.stopTokens)
  }
}

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
  private var entropy = 0.0
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
    entropy += Double(chosen.entropy)
  }

  /// Why the completion ends here; nil if it goes on.
  func finish(_ shouldStop: (([Int32]) -> Bool)?) -> Completion.Finish? {
    if let last = tokens.last, stopTokens.contains(last) { return .stopToken }
    if shouldStop?(tokens) ?? false { return .stopped }
    return tokens.count >= limit ? .length : nil
  }

  func completion(_ finish: Completion.Finish) -> Completion {
    Completion(
      tokens: tokens, logProbabilities: logProbabilities, entropy: entropy, finish: finish)
  }
}

package struct Completion: Sendable, Equatable {
  package enum Finish: String, Sendable, Hashable {
    case stopToken = "stop_token"
    /// At the limit of new tokens or of the model's context.
    case length
    /// Because the caller said so, as for a stop string.
    case stopped
  }

  package var tokens: [Int32]
  /// For each token log p of the softmax over all tokens at the temperature of sampling, before
  /// anything is cut off; at temperature 1 for greedy choice.
  package var logProbabilities: [Float]
  /// The entropy of that softmax, in nats, summed over the tokens.
  package var entropy: Double
  package var finish: Finish

  package init(tokens: [Int32], logProbabilities: [Float], entropy: Double, finish: Finish) {
    self.tokens = tokens
    self.logProbabilities = logProbabilities
    self.entropy = entropy
    self.finish = finish
  }
}

package struct SamplingOptions: Sendable, Hashable {
  /// What logits are divided by; 0 takes the most likely token always.
  package var temperature: Float
  /// How many of the most likely tokens are kept; 0 keeps all.
  package var topK: Int
  /// The most likely tokens are kept until their probabilities sum to this; 1 keeps all.
  package var topP: Double
  /// The most tokens that a completion may have.
  package var maxNewTokens: Int
  package var stopTokens: [Int32]

  package init(
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

package struct SamplingRequest: Sendable {
  /// The prompt's tokens; at least one.
  package var prompt: [Int32]
  /// For each completion the random numbers that it takes, one for each token.
  package var streams: [RandomStream]

  package init(prompt: [Int32], streams: [RandomStream]) {
    self.prompt = prompt
    self.streams = streams
  }
}

package enum SamplingError: Error, Equatable, CustomStringConvertible {
  case emptyPrompt(request: Int)
  /// A prompt leaves no room for a token within the model's context.
  case promptTooLong(request: Int, tokens: Int, contextLength: Int)
  /// The model's logits are infinite or not numbers.
  case logitsNotFinite(request: Int)
  case interrupted

  package var description: String {
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
