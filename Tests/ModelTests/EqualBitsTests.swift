import Foundation
import Model
import Testing

/// What must not change a single bit.
@Suite("Equal bits", .serialized)
struct EqualBitsTests {
  /// Plain sequences and a group with a long prompt.
  private static func batch() -> PackedBatch {
    var batch = PackedBatch()
    for (index, length) in [7, 150, 40, 700].enumerated() {
      let tokens = RandomModel.tokens(length, "sequence \(index)")
      batch.append(tokens, inLoss: tokens.indices.map { $0 % 3 != 1 })
    }
    batch.append(
      prompt: RandomModel.tokens(330, "prompt"),
      completions: [50, 1, 270].map { RandomModel.tokens($0, "completion \($0)") })
    return batch
  }

  private static func bits(_ values: [Float]) -> [UInt32] { values.map(\.bitPattern) }

  private static func bits(_ scores: [TokenScore]) -> [UInt32] {
    scores.flatMap { [$0.logProbability.bitPattern, $0.entropy.bitPattern] }
  }

  /// Scores and gradients; the engine may have been used before.
  private static func gradients(_ engine: TrainingEngine, _ batch: PackedBatch) -> [UInt32] {
    engine.zeroGradients()
    let scores = engine.backward(
      batch, temperature: 0.8, coefficients: RandomModel.coefficients(batch.targets.count))
    return bits(scores) + bits(engine.gradients.values)
  }

  @Test("gradients on any number of threads", arguments: [2, 3, 5])
  func threads(count: Int) {
    for architecture in ModelConfiguration.Architecture.allCases {
      let weights = RandomModel.weights(
        architecture: architecture, tied: architecture == .llama, window: 90)
      let one = TrainingEngine(weights: weights, pool: WorkerPool(threads: 1))
      let several = TrainingEngine(weights: weights, pool: WorkerPool(threads: count))
      let expected = Self.gradients(one, Self.batch())
      #expect(expected.contains { $0 != 0 })
      for _ in 0..<3 { #expect(Self.gradients(several, Self.batch()) == expected) }
      #expect(
        Self.bits(several.logProbabilities(Self.batch()))
          == Self.bits(one.logProbabilities(Self.batch())))
    }
  }

  /// A run that goes on after a kill has an engine without a past.
  @Test("gradients of an engine with a past")
  func past() {
    let weights = RandomModel.weights()
    func engine() -> TrainingEngine {
      TrainingEngine(weights: weights, pool: WorkerPool(threads: 2))
    }
    var small = PackedBatch()
    small.append(
      prompt: RandomModel.tokens(9, "p"), completions: [RandomModel.tokens(4, "c"), [1]])
    let used = engine()
    for batch in [Self.batch(), small, Self.batch(), small] {
      #expect(Self.gradients(used, batch) == Self.gradients(engine(), batch))
    }
  }

  @Test("steps of training on any number of threads, resumed or not")
  func steps() throws {
    func train(threads: Int, resumedAt: Int?) throws -> [UInt32] {
      let pool = WorkerPool(threads: threads)
      var weights = RandomModel.weights()
      var engine = TrainingEngine(weights: weights, pool: pool)
      var optimiser = AdamW(weights.layout, AdamW.Parameters(weightDecay: 0.1))
      for step in 0..<4 {
        if step == resumedAt {
          weights = Weights(copying: weights)
          engine = TrainingEngine(weights: weights, pool: pool)
          var other = AdamW(weights.layout, optimiser.parameters)
          other.firstMoments.copy(from: optimiser.firstMoments)
          other.secondMoments.copy(from: optimiser.secondMoments)
          other.stepCount = optimiser.stepCount
          optimiser = other
        }
        var batch = PackedBatch()
        batch.append(
          prompt: RandomModel.tokens(20 + 90 * step, "prompt", seed: UInt64(step)),
          completions: [30, 8].map { RandomModel.tokens($0, "c", seed: UInt64(step)) })
        _ = Self.gradients(engine, batch)
        try optimiser.step(
          engine.trained, gradients: engine.gradients, learningRate: 0.01, maxGradientNorm: 0.5,
          pool: pool)
      }
      return Self.bits(weights.buffer.values)
    }
    let expected = try train(threads: 1, resumedAt: nil)
    for (threads, resumedAt) in [(2, nil), (3, nil), (1, 1), (2, 2), (3, 3)] as [(Int, Int?)] {
      #expect(try train(threads: threads, resumedAt: resumedAt) == expected)
    }
  }

  /// Prompts within, at and beyond what caches may be cut by.
  private static func requests() -> [SamplingRequest] {
    [(3, 4), (64, 2), (1, 1), (333, 5), (700, 3), (128, 1)].enumerated().map { index, shape in
      SamplingRequest(
        prompt: RandomModel.tokens(shape.0, "prompt \(index)"),
        streams: (0..<shape.1).map { RandomStream(seed: 7, "problem", index, $0) })
    }
  }

  private static func sampler(threads: Int, batchSize: Int) -> Sampler {
    Sampler(
      weights: RandomModel.weights(contextLength: 1024), pool: WorkerPool(threads: threads),
      batchSize: batchSize)
  }

  private static let options = [
    SamplingOptions(temperature: 0.9, topP: 0.95, maxNewTokens: 90, stopTokens: [5]),
    SamplingOptions(temperature: 0, maxNewTokens: 20),
  ]

  private static func bits(_ completions: [[Completion]]) -> [[[UInt32]]] {
    completions.map {
      $0.map { completion in
        completion.tokens.map { UInt32(bitPattern: $0) }
          + completion.logProbabilities.map(\.bitPattern)
      }
    }
  }

  @Test(
    "completions on any number of threads and in any batch", arguments: options,
    [(1, 1), (2, 2), (2, 3), (3, 7), (2, 16), (1, 33)])
  func completions(_ options: SamplingOptions, _ shape: (threads: Int, batchSize: Int)) throws {
    let requests = Self.requests()
    let expected = Self.bits(
      try Self.sampler(threads: 1, batchSize: 5).generate(requests, options: options))
    let sampler = Self.sampler(threads: shape.threads, batchSize: shape.batchSize)
    #expect(Self.bits(try sampler.generate(requests, options: options)) == expected)
    // Again with the same sampler, the other way round.
    let reversed = try sampler.generate(requests.reversed(), options: options)
    #expect(Self.bits(reversed.reversed()) == expected)
    // Each alone, and some samples of it.
    let alone = try sampler.generate([requests[4]], options: options)
    #expect(Self.bits(alone) == [expected[4]])
    let last = SamplingRequest(prompt: requests[3].prompt, streams: [requests[3].streams[4]])
    #expect(Self.bits(try sampler.generate([last], options: options)) == [[expected[3][4]]])
  }

  /// Windows end within, at and between the blocks of 64 positions that caches consist of.
  @Test(
    "completions of every family, in any batch, see what a full forward pass sees",
    arguments: ModelConfiguration.Architecture.allCases, [5, 64, 150])
  func families(_ architecture: ModelConfiguration.Architecture, window: Int) throws {
    guard window == 5 || architecture.family.layers == .someSliding else { return }
    let weights = RandomModel.weights(
      architecture: architecture, contextLength: 1024, window: window)
    let requests = Self.requests()
    let options = SamplingOptions(temperature: 0, maxNewTokens: 70)
    func generate(threads: Int, batchSize: Int) throws -> [[Completion]] {
      let sampler = Sampler(
        weights: weights, pool: WorkerPool(threads: threads), batchSize: batchSize)
      return try sampler.generate(requests, options: options)
    }
    let completions = try generate(threads: 2, batchSize: 6)
    #expect(Self.bits(completions) == Self.bits(try generate(threads: 3, batchSize: 5)))
    #expect(Self.bits(completions) == Self.bits(try generate(threads: 1, batchSize: 1)))
    Self.expectForwardPass(weights, requests, completions, options)
  }

  private static func expectForwardPass(
    _ weights: Weights, _ requests: [SamplingRequest], _ completions: [[Completion]],
    _ options: SamplingOptions
  ) {
    var batch = PackedBatch()
    for (request, completions) in zip(requests, completions) {
      batch.append(prompt: request.prompt, completions: completions.map(\.tokens))
    }
    let engine = TrainingEngine(weights: weights, pool: WorkerPool(threads: 2))
    let scores = engine.logProbabilities(
      batch, temperature: options.temperature == 0 ? 1 : options.temperature)
    let sampled = completions.flatMap(\.self).flatMap(\.logProbabilities)
    #expect(sampled.count == scores.count && sampled.count >= 320)
    for (a, b) in zip(sampled, scores) { #expect(abs(a - b.logProbability) < 1e-4) }
  }

  @Test("greedy decoding, and sampling, see what a full forward pass sees", arguments: options)
  func fullForwardPass(_ options: SamplingOptions) throws {
    let requests = Self.requests()
    let completions = try Self.sampler(threads: 2, batchSize: 6)
      .generate(requests, options: options)
    Self.expectForwardPass(
      RandomModel.weights(contextLength: 1024), requests, completions, options)
  }
}
