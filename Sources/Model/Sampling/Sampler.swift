/// Completes prompts, many at a time.
///
/// A completion depends on the model, its prompt, the options and its random stream alone: it is
/// bit-identical whatever the batch size, the number of threads and the order of requests. A sampler
/// is used by one thread at a time, and reads the weights as they are at each call.
public final class Sampler {
  private let weights: Weights
  private let pool: WorkerPool
  private let batchSize: Int
  private let decoding: DecodingWeights
  private let reader: PromptReader
  private let step: DecodeStep

  /// A sampler for a model.
  /// - Parameters:
  ///   - weights: The model.
  ///   - pool: Who does the work.
  ///   - batchSize: How many sequences are decoded together; the more, the less often the weights
  ///     are read.
  ///   - precision: What the weights of linear layers are rounded to. All else is float32.
  public init(
    weights: Weights, pool: WorkerPool, batchSize: Int = 32, precision: Precision = .float32
  ) {
    precondition(batchSize > 0)
    self.weights = weights
    self.pool = pool
    self.batchSize = batchSize
    decoding = DecodingWeights(weights, precision)
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
  ///   - onCompletion: Called with the indices of request and sample as completions end.
  ///   - interrupted: Asked before each step; if it says so, sampling ends.
  /// - Returns: The completions, by request and stream.
  /// - Throws: ``SamplingError``, or what `onCompletion` throws.
  public func generate(
    _ requests: [SamplingRequest], options: SamplingOptions,
    shouldStop: (([Int32]) -> Bool)? = nil,
    onCompletion: (_ request: Int, _ sample: Int, Completion) throws -> Void = { _, _, _ in },
    interrupted: () -> Bool = { false }
  ) throws -> [[Completion]] {
    try check(requests)
    decoding.refresh(pool)
    var completions: [[Completion?]] = requests.map {
      [Completion?](repeating: nil, count: $0.streams.count)
    }
    var queue = SamplingQueue(requests, weights.configuration, options, reader)
    var active: [ActiveSequence] = []
    while true {
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

  private func check(_ requests: [SamplingRequest]) throws {
    let limit = weights.configuration.contextLength
    for (index, request) in requests.enumerated() {
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
    pool.parallel(active.count) { task, _ in
      if task < going.count, let logits {
        let row = UnsafeMutableBufferPointer(start: logits.row(task), count: logits.columnCount)
        going[task].choose(row, options)
      } else {
        beginning[task - going.count].chooseFirst(options)
      }
    }
    if let broken = active.first(where: \.isBroken) {
      throw SamplingError.logitsNotFinite(request: broken.request)
    }
  }
}

/// The samples that have not begun, in the order of requests.
private struct SamplingQueue {
  private let requests: [SamplingRequest]
  private let configuration: ModelConfiguration
  private let options: SamplingOptions
  private let reader: PromptReader
  private var request = 0
  private var sample = 0
  private var prompt: PromptCache?

  init(
    _ requests: [SamplingRequest], _ configuration: ModelConfiguration,
    _ options: SamplingOptions, _ reader: PromptReader
  ) {
    self.requests = requests
    self.configuration = configuration
    self.options = options
    self.reader = reader
  }

  /// The next sample to begin. A prompt is read when its first sample begins.
  mutating func next() -> ActiveSequence? {
    while request < requests.count && sample == requests[request].streams.count {
      request += 1
      sample = 0
      prompt = nil
    }
    guard request < requests.count else { return nil }
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
