import Model
import Testing

@Suite("Sampler", .serialized)
struct SamplerTests {
  static let options = SamplingOptions(
    temperature: 0.9, topP: 0.95, maxNewTokens: 70, stopTokens: [5])

  /// Prompts of several lengths, the second longer than a block of the cache.
  static func requests() -> [SamplingRequest] {
    [(3, 4), (100, 3), (1, 1), (40, 2)].enumerated().map { index, shape in
      SamplingRequest(
        prompt: RandomModel.tokens(shape.0, "prompt \(index)"),
        streams: (0..<shape.1).map { RandomStream(seed: 7, "problem", index, $0) })
    }
  }

  static func generate(
    _ requests: [SamplingRequest], threads: Int, batchSize: Int,
    options: SamplingOptions = options
  ) throws -> [[Completion]] {
    try Sampler(
      weights: RandomModel.weights(), pool: WorkerPool(threads: threads), batchSize: batchSize
    ).generate(requests, options: options)
  }

  @Test("what joins while others are decoded comes out as it would alone")
  func joining() throws {
    let requests = Self.requests()
    let expected = try Self.generate(requests, threads: 1, batchSize: 3)
    let sampler = Sampler(
      weights: RandomModel.weights(), pool: WorkerPool(threads: 2), batchSize: 8)
    var waiting = requests[1...]
    var steps = 0
    let joined = try sampler.generate(
      [requests[0]], options: Self.options,
      joining: {
        steps += 1
        guard steps.isMultiple(of: 4), let next = waiting.popFirst() else { return [] }
        return [next]
      })
    #expect(steps > 20)
    // Only what came while there was something to decode.
    #expect(joined == Array(expected.prefix(joined.count)) && joined.count > 1)
  }

  @Test("a completion ends at the stop token, the limit, or where the caller says")
  func finish() throws {
    let sampler = Sampler(
      weights: RandomModel.weights(), pool: WorkerPool(threads: 1), batchSize: 2)
    let request = Self.requests()[0]
    var options = Self.options
    options.maxNewTokens = 3
    options.stopTokens = []
    var reported = 0
    let short = try sampler.generate(
      [request], options: options,
      onCompletion: { index, sample, completion in
        #expect(index == 0 && completion.tokens.count == 3 && sample < 4)
        reported += 1
      })
    #expect(reported == 4)
    #expect(short[0].allSatisfy { $0.finish == .length })
    options.stopTokens = [short[0][1].tokens[1]]
    let stopped = try sampler.generate([request], options: options)[0][1]
    #expect(stopped.finish == .stopToken && stopped.tokens == Array(short[0][1].tokens[..<2]))
    options.stopTokens = []
    let told = try sampler.generate([request], options: options, shouldStop: { $0.count == 2 })
    #expect(told[0].allSatisfy { $0.finish == .stopped && $0.tokens.count == 2 })
  }

  /// At a temperature, before top-p cuts anything off: what training finds of the same tokens.
  @Test("the entropy is that of the distributions drawn from", arguments: [0.9, 0])
  func entropy(temperature: Float) throws {
    var options = Self.options
    options.temperature = temperature
    let request = Self.requests()[0]
    let completion = try Self.generate([request], threads: 1, batchSize: 2, options: options)[0][0]
    var batch = PackedBatch()
    batch.append(prompt: request.prompt, completions: [completion.tokens])
    let engine = TrainingEngine(weights: RandomModel.weights(), pool: WorkerPool(threads: 1))
    let scores = engine.logProbabilities(batch, temperature: temperature == 0 ? 1 : temperature)
    let wanted = scores.reduce(0) { $0 + Double($1.entropy) }
    #expect(scores.count == completion.tokens.count && wanted > 1)
    #expect(abs(completion.entropy - wanted) < 1e-4 * wanted)
  }

  @Test("the context's end is a limit, and prompts beyond it are refused")
  func context() throws {
    var options = Self.options
    options.stopTokens = []
    let stream = RandomStream(seed: 1)
    let long = SamplingRequest(prompt: RandomModel.tokens(505, "long"), streams: [stream])
    let completion = try Self.generate([long], threads: 1, batchSize: 1, options: options)[0][0]
    #expect(completion.tokens.count == 7 && completion.finish == .length)
    let tooLong = SamplingRequest(prompt: RandomModel.tokens(512, "long"), streams: [stream])
    #expect(throws: SamplingError.promptTooLong(request: 1, tokens: 512, contextLength: 512)) {
      try Self.generate([long, tooLong], threads: 1, batchSize: 1)
    }
    #expect(throws: SamplingError.emptyPrompt(request: 0)) {
      try Self.generate([SamplingRequest(prompt: [], streams: [])], threads: 1, batchSize: 1)
    }
  }

  @Test("sampling can be interrupted, and damaged weights are an error")
  func errors() throws {
    let weights = RandomModel.weights()
    let sampler = Sampler(weights: weights, pool: WorkerPool(threads: 2), batchSize: 2)
    var steps = 0
    #expect(throws: SamplingError.interrupted) {
      try sampler.generate(
        Self.requests(), options: Self.options,
        interrupted: {
          steps += 1
          return steps > 3
        })
    }
    #expect(steps == 4)
    weights.buffer[0..<weights.buffer.count] = [Float](
      repeating: .nan, count: weights.buffer.count)
    #expect(throws: SamplingError.logitsNotFinite(request: 0)) {
      try sampler.generate(Self.requests(), options: Self.options)
    }
  }
}

@Suite("Distribution of the next token")
struct TokenDistributionTests {
  /// A large vocabulary, so that not all tokens are candidates.
  private static let logits: [Float] = {
    var stream = RandomStream(seed: 11)
    return (0..<5_000).map { _ in Float(4 * stream.normal()) }
  }()

  @Test(
    "what is kept is what sorting everything keeps",
    arguments: [(0, 0.95), (0, 0.3), (50, 1.0), (50, 0.8), (4_999, 0.999), (0, 0.999_999)])
  func kept(topK: Int, topP: Double) {
    let options = SamplingOptions(temperature: 1.3, topK: topK, topP: topP, maxNewTokens: 1)
    let all = TokenDistribution(
      logits: Self.logits, SamplingOptions(temperature: 1.3, maxNewTokens: 1)
    ).kept.sorted { ($1.probability, $0.token) < ($0.probability, $1.token) }
    let top = topK > 0 ? Array(all[..<topK]) : all
    let mass = topK > 0 ? top.reduce(0) { $0 + Double($1.probability) } : 1
    var expected: [Int32] = []
    var before = 0.0
    for candidate in top where before < topP * mass {
      expected.append(candidate.token)
      before += Double(candidate.probability)
    }
    #expect(TokenDistribution(logits: Self.logits, options).kept.map(\.token) == expected)
  }

  @Test("equal probabilities are kept in the order of tokens")
  func ties() {
    let options = SamplingOptions(temperature: 1, topK: 2, maxNewTokens: 1)
    let kept = TokenDistribution(logits: [1, 3, 1, 3, 3], options).kept
    #expect(kept.map(\.token) == [1, 3])
  }

  @Test("samples have the frequencies of the distribution")
  func frequencies() throws {
    let weights = RandomModel.weights()
    let prompt = RandomModel.tokens(6, "prompt")
    let sampler = Sampler(weights: weights, pool: WorkerPool(threads: 2), batchSize: 64)
    let streams = (0..<4_000).map { RandomStream(seed: 1, "frequencies", $0) }
    for topP in [1, 0.8] {
      let options = SamplingOptions(temperature: 0.5, topP: topP, maxNewTokens: 1)
      let completions = try sampler.generate(
        [SamplingRequest(prompt: prompt, streams: streams)], options: options)[0]
      var frequencies: [Int32: Double] = [:]
      for completion in completions {
        frequencies[completion.tokens[0], default: 0] += 1 / Double(streams.count)
      }
      var batch = PackedBatch()
      batch.append(prompt: prompt, completions: (0..<53).map { [Int32($0)] })
      let scores = TrainingEngine(weights: weights, pool: WorkerPool(threads: 1))
        .logProbabilities(batch, temperature: 0.5)
      let kept = TokenDistribution(logits: scores.map { $0.logProbability / 2 }, options)
      for candidate in kept.kept {
        let frequency = frequencies[candidate.token] ?? 0
        #expect(abs(frequency - Double(candidate.probability) / kept.mass) < 0.04)
      }
      #expect(frequencies.keys.allSatisfy { token in kept.kept.contains { $0.token == token } })
    }
  }
}
