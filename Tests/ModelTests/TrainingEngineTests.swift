import Model
import Testing

@Suite("Training engine", .serialized)
struct TrainingEngineTests {
  /// Lengths around the block of queries (128) and of rows (256).
  private static func batch() -> PackedBatch {
    var batch = PackedBatch()
    for (index, length) in [7, 150, 40, 300].enumerated() {
      let tokens = RandomModel.tokens(length, "sequence \(index)")
      batch.append(tokens, inLoss: tokens.indices.map { $0 % 3 != 1 })
    }
    return batch
  }

  private static func gradients(
    _ batch: PackedBatch, _ coefficients: [Float], weights: Weights, threads: Int = 2
  ) -> (scores: [TokenScore], gradients: [Float]) {
    let engine = TrainingEngine(weights: weights, pool: WorkerPool(threads: threads))
    let scores = engine.backward(batch, temperature: 0.8, coefficients: coefficients)
    return (scores, engine.gradients.values)
  }

  /// Central differences in float32 of a loss computed in double from the scores.
  @Test("gradients are finite differences", arguments: [true, false])
  func finiteDifferences(tied: Bool) throws {
    let weights = RandomModel.weights(tied: tied)
    var batch = PackedBatch()
    batch.append(
      prompt: RandomModel.tokens(5, "prompt"),
      completions: [6, 1, 9].map { RandomModel.tokens($0, "completion \($0)") })
    batch.append(RandomModel.tokens(8, "single"), inLoss: [Bool](repeating: true, count: 8))
    let coefficients = RandomModel.coefficients(batch.targets.count)
    let engine = TrainingEngine(weights: weights, pool: WorkerPool(threads: 2))
    engine.backward(batch, coefficients: coefficients)
    func loss() -> Double {
      zip(engine.logProbabilities(batch), coefficients)
        .reduce(0) { $0 + Double($1.0.logProbability) * Double($1.1) }
    }
    for entry in weights.layout.entries {
      let range = entry.offset..<entry.offset + entry.count
      let gradient = engine.gradients[range]
      var direction = RandomStream(seed: 3, entry.name)
      let signs = (0..<entry.count).map { _ in direction.integer(below: 2) == 0 ? Float(-1) : 1 }
      let values = weights.buffer[range]
      let step: Float = 1e-3
      weights.buffer[range] = zip(values, signs).map { $0 + step * $1 }
      let above = loss()
      weights.buffer[range] = zip(values, signs).map { $0 - step * $1 }
      let below = loss()
      weights.buffer[range] = values
      let expected = zip(gradient, signs).reduce(0.0) { $0 + Double($1.0 * $1.1) }
      let scale = gradient.reduce(0.0) { $0 + Double($1 * $1) }.squareRoot()
      #expect(scale > 0, "\(entry.name) has no gradient")
      let difference = abs((above - below) / Double(2 * step) - expected)
      #expect(difference < 5e-3 * max(scale, 0.05), "\(entry.name)")
    }
  }

  @Test("one thread and several give the same bits", arguments: [2, 3])
  func threads(count: Int) {
    let weights = RandomModel.weights()
    var batch = Self.batch()
    batch.append(
      prompt: RandomModel.tokens(30, "prompt"),
      completions: [50, 20].map { RandomModel.tokens($0, "completion \($0)") })
    let coefficients = RandomModel.coefficients(batch.targets.count)
    let one = Self.gradients(batch, coefficients, weights: weights, threads: 1)
    let several = Self.gradients(batch, coefficients, weights: weights, threads: count)
    #expect(one.scores == several.scores)
    #expect(one.gradients == several.gradients)
    #expect(one.gradients.contains { $0 != 0 })
  }

  @Test("a packed batch is the sum of its sequences, also as micro-batches")
  func packing() {
    let weights = RandomModel.weights()
    let packed = Self.batch()
    let coefficients = RandomModel.coefficients(packed.targets.count)
    let whole = Self.gradients(packed, coefficients, weights: weights)
    let engine = TrainingEngine(weights: weights, pool: WorkerPool(threads: 2))
    var scores: [TokenScore] = []
    for (index, length) in [7, 150, 40, 300].enumerated() {
      var single = PackedBatch()
      let tokens = RandomModel.tokens(length, "sequence \(index)")
      single.append(tokens, inLoss: tokens.indices.map { $0 % 3 != 1 })
      let first = scores.count
      scores += engine.backward(
        single, temperature: 0.8,
        coefficients: Array(coefficients[first..<first + single.targets.count]))
    }
    #expect(scores.count == whole.scores.count)
    for (a, b) in zip(scores, whole.scores) {
      #expect(abs(a.logProbability - b.logProbability) < 1e-4)
      #expect(abs(a.entropy - b.entropy) < 1e-4)
    }
    #expect(relativeDifference(engine.gradients.values, whole.gradients) < 1e-4)
  }

  /// The longest prompt and completion need two blocks of queries.
  @Test("a shared prompt is a repeated one", arguments: [9, 140])
  func sharedPrompt(length: Int) {
    let weights = RandomModel.weights()
    let prompt = RandomModel.tokens(length, "prompt")
    let completions = [12, 1, 150, 3].map { RandomModel.tokens($0, "completion \($0)") }
    var shared = PackedBatch()
    let ranges = shared.append(prompt: prompt, completions: completions)
    #expect(ranges.map(\.count) == completions.map(\.count))
    var repeated = PackedBatch()
    for completion in completions {
      let inLoss = (0..<prompt.count + completion.count).map { $0 >= prompt.count }
      repeated.append(prompt + completion, inLoss: inLoss)
    }
    #expect(shared.targets.map(\.token) == repeated.targets.map(\.token))
    #expect(shared.tokens.count < repeated.tokens.count)
    let coefficients = RandomModel.coefficients(shared.targets.count)
    let a = Self.gradients(shared, coefficients, weights: weights)
    let b = Self.gradients(repeated, coefficients, weights: weights)
    for (a, b) in zip(a.scores, b.scores) {
      #expect(abs(a.logProbability - b.logProbability) < 1e-4)
    }
    #expect(relativeDifference(a.gradients, b.gradients) < 1e-4)
  }

  @Test("coefficients may depend on the scores, and an error leaves the gradients alone")
  func coefficientsFromScores() throws {
    struct Refused: Error {}
    let weights = RandomModel.weights(architecture: .llama)
    let batch = Self.batch()
    let coefficients = RandomModel.coefficients(batch.targets.count)
    let known = Self.gradients(batch, coefficients, weights: weights)
    let engine = TrainingEngine(weights: weights, pool: WorkerPool(threads: 2))
    #expect(throws: Refused.self) {
      try engine.backward(batch, temperature: 0.8) { _ in throw Refused() }
    }
    #expect(engine.gradients.values.allSatisfy { $0 == 0 })
    let scores = engine.backward(batch, temperature: 0.8) { scores in
      #expect(scores == known.scores)
      return coefficients
    }
    #expect(scores == known.scores)
    #expect(engine.gradients.values == known.gradients)
    engine.zeroGradients()
    #expect(engine.gradients.values.allSatisfy { $0 == 0 })
  }

  @Test("what no token of the loss follows is not computed")
  func trimming() {
    var batch = PackedBatch()
    #expect(batch.append([1, 2, 3], inLoss: [true, false, false]).isEmpty)
    #expect(batch.tokens.isEmpty)
    let targets = batch.append([4, 5, 6, 7], inLoss: [false, false, true, false])
    #expect(batch.tokens == [4, 5])
    #expect(targets == 0..<1)
    #expect(batch.targets == [.init(row: 1, token: 6)])
    let engine = TrainingEngine(
      weights: RandomModel.weights(), pool: WorkerPool(threads: 1))
    #expect(engine.backward(PackedBatch(), coefficients: []).isEmpty)
  }
}
