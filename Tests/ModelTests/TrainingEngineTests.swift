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
