/// Optimiser steps on sequences of random tokens, all of which are in the loss.
public struct TrainingWorkload: Sendable {
  /// Sequences a step.
  public var sequences: Int
  /// Tokens a sequence.
  public var length: Int

  /// Describes the work.
  public init(sequences: Int, length: Int) {
    self.sequences = sequences
    self.length = length
  }

  /// Tokens a step.
  public var tokens: Int { sequences * length }

  /// The seconds of each step: clearing gradients, forward and backward pass, clipping, AdamW.
  /// One more step is done before them and not counted.
  /// - Throws: `OptimiserError`.
  public func run(_ engine: TrainingEngine, steps: Int) throws -> [Double] {
    let vocabulary = engine.weights.configuration.vocabularySize
    let batches = packs(vocabularySize: vocabulary)
    let weight = -1 / Float(batches.reduce(0) { $0 + $1.targets.count })
    var optimiser = AdamW(engine.weights.layout)
    let seconds = try (0...steps).map { _ in
      try Stopwatch.seconds {
        engine.zeroGradients()
        for batch in batches {
          engine.backward(
            batch, coefficients: [Float](repeating: weight, count: batch.targets.count))
        }
        try optimiser.step(
          engine.weights, gradients: engine.gradients, learningRate: 1e-5, maxGradientNorm: 1,
          pool: engine.pool)
      }
    }
    return Array(seconds.dropFirst())
  }

  /// Sequences that together have about as many tokens as supervised training computes at once.
  private func packs(vocabularySize: Int) -> [PackedBatch] {
    let sequencesTogether = max(1, PackedBatch.supervisedTokens / length)
    return stride(from: 0, to: sequences, by: sequencesTogether).map { first in
      var batch = PackedBatch()
      for sequence in first..<min(sequences, first + sequencesTogether) {
        var stream = RandomStream(seed: 0, "bench", sequence)
        let tokens = (0..<length).map { _ in Int32(stream.uniform() * Double(vocabularySize)) }
        batch.append(tokens, inLoss: tokens.indices.map { $0 > 0 })
      }
      return batch
    }
  }

  /// The least seconds that a step can take.
  public func floor(_ floor: WorkFloor) -> Double {
    floor.training(rows: tokens, targets: tokens, keys: Double(length) / 2)
  }
}
