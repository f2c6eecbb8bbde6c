import Foundation
import Model
import Testing

/// The engine against float64 numbers from an independent implementation.
@Suite(
  "Reference: training", .serialized,
  .enabled(if: !ReferenceModel.all.isEmpty, ReferenceModel.skipReason))
struct ReferenceTrainingTests {
  /// The sequences of sft.safetensors, without their padding.
  struct Examples {
    var tokens: [[Int32]] = []
    var inLoss: [[Bool]] = []
    let columns: Int

    init(_ tensors: ReferenceTensors) throws {
      let shape = try tensors.shape("input_ids")
      columns = shape[1]
      let ids = try tensors.integers("input_ids")
      let mask = try tensors.integers("attention_mask")
      let labels = try tensors.integers("labels")
      for row in 0..<shape[0] {
        let range =
          row * columns..<row * columns + mask[row * columns..<(row + 1) * columns].reduce(0, +)
        tokens.append(ids[range].map(Int32.init))
        inLoss.append(labels[range].map { $0 != -100 })
      }
    }

    /// All sequences with the tokens that are in the loss.
    var supervised: PackedBatch {
      var batch = PackedBatch()
      for (tokens, inLoss) in zip(tokens, inLoss) { batch.append(tokens, inLoss: inLoss) }
      return batch
    }

    /// All sequences with every token but the first as a target.
    var everything: PackedBatch {
      var batch = PackedBatch()
      for tokens in tokens { batch.append(tokens, inLoss: tokens.map { _ in true }) }
      return batch
    }
  }

  static func meanLoss(_ scores: [TokenScore]) -> Double {
    -scores.reduce(0.0) { $0 + Double($1.logProbability) } / Double(scores.count)
  }

  static func meanCoefficients(_ batch: PackedBatch) -> [Float] {
    [Float](repeating: -1 / Float(batch.targets.count), count: batch.targets.count)
  }

  @Test("log-probabilities and loss", arguments: ReferenceModel.all)
  func logProbabilities(_ model: ReferenceModel) throws {
    let tensors = try model.tensors("sft.safetensors")
    let examples = try Examples(tensors)
    let engine = TrainingEngine(weights: try model.weights(), pool: WorkerPool(threads: 2))
    let scores = engine.logProbabilities(examples.everything)
    let expected = try tensors.floats("next_token_logprobs")
    var index = 0
    for (row, tokens) in examples.tokens.enumerated() {
      for position in 0..<tokens.count - 1 {
        defer { index += 1 }
        // Outside the loss the file holds log p(token 0), whatever its README says.
        guard examples.inLoss[row][position + 1] else { continue }
        let difference = abs(
          scores[index].logProbability - expected[row * (examples.columns - 1) + position])
        #expect(difference < 1e-4)
      }
    }
    #expect(index == scores.count)

    let supervised = engine.logProbabilities(examples.supervised)
    let sft = try model.json("sft.json")
    #expect(supervised.count == sft["tokens_in_loss"].integer)
    #expect(abs(Self.meanLoss(supervised) - sft["loss"].number) < 1e-5)
  }

  /// Every logit, from log-probabilities: log p(token) differs from the logit by a row's constant.
  @Test("logits", arguments: ReferenceModel.all)
  func logits(_ model: ReferenceModel) throws {
    let tensors = try model.tensors("sft.safetensors")
    let examples = try Examples(tensors)
    let expected = try tensors.floats("logits")
    let vocabulary = try tensors.shape("logits")[2]
    let engine = TrainingEngine(weights: try model.weights(), pool: WorkerPool(threads: 2))
    for (row, tokens) in examples.tokens.enumerated() {
      let targets = tokens.indices.flatMap { position in
        (0..<vocabulary).map { PackedBatch.Target(row: position, token: Int32($0)) }
      }
      let scores = engine.logProbabilities(
        PackedBatch(
          tokens: tokens, segments: [.init(start: 0, count: tokens.count)], targets: targets))
      for position in tokens.indices {
        let start = (row * examples.columns + position) * vocabulary
        let logits = expected[start..<start + vocabulary].map(Double.init)
        let logSum = log(logits.reduce(0) { $0 + exp($1) })
        let worst =
          logits.indices.map {
            abs(logits[$0] - logSum - Double(scores[position * vocabulary + $0].logProbability))
          }.max() ?? .nan
        #expect(worst < 1e-4)
        let entropy = logits.reduce(0) { $0 - exp($1 - logSum) * ($1 - logSum) }
        #expect(abs(entropy - Double(scores[position * vocabulary].entropy)) < 1e-4)
      }
    }
  }

  @Test("gradients of every parameter", arguments: ReferenceModel.all)
  func gradients(_ model: ReferenceModel) throws {
    let batch = try Examples(try model.tensors("sft.safetensors")).supervised
    let engine = TrainingEngine(weights: try model.weights(), pool: WorkerPool(threads: 2))
    let scores = engine.backward(batch, coefficients: Self.meanCoefficients(batch))
    let sft = try model.json("sft.json")
    #expect(abs(Self.meanLoss(scores) - sft["loss"].number) < 1e-5)
    let expected = try model.tensors("sft_grads.safetensors")
    #expect(expected.names.count == engine.weights.layout.entries.count)
    for entry in engine.weights.layout.entries {
      let difference = relativeDifference(
        engine.gradients[entry.offset..<entry.offset + entry.count],
        try expected.floats(entry.name))
      #expect(difference < 1e-4, "\(entry.name)")
    }
  }

  @Test("three steps of AdamW, as for distillation", arguments: ReferenceModel.all)
  func optimiserForDistillation(_ model: ReferenceModel) throws {
    let weights = try train(model, run: "sft")
    let expected = try model.tensors("adamw_sft_params.safetensors")
    var differences: [Float] = []
    for entry in weights.layout.entries {
      let actual = try #require(weights[entry.name])
      differences += zip(actual, try expected.floats(entry.name)).map { abs($0 - $1) }
    }
    differences.sort()
    #expect(differences[differences.count * 999 / 1000] < 1e-6)
    #expect(try #require(differences.last) < 2e-4)
  }

  @Test("three steps of AdamW, as for reinforcement", arguments: ReferenceModel.all)
  func optimiserForReinforcement(_ model: ReferenceModel) throws {
    let weights = try train(model, run: "grpo")
    let expected = try model.json("sft.json")["steps"]["grpo"]["params_after"]
    for entry in weights.layout.entries {
      let actual = try #require(weights[entry.name]).map(Double.init)
      let summary = expected[entry.name]
      let norm = actual.reduce(0) { $0 + $1 * $1 }.squareRoot()
      #expect(abs(norm / summary["norm"].number - 1) < 1e-5, "\(entry.name)")
      for sample in summary["at"].elements.map(\.numbers) {
        #expect(abs(actual[Int(sample[0])] - sample[1]) < 1e-4, "\(entry.name)")
      }
    }
  }

  /// Makes the steps of a run and checks each one's loss and gradient norm.
  private func train(_ model: ReferenceModel, run: String) throws -> Weights {
    let weights = try model.weights()
    let pool = WorkerPool(threads: 2)
    let batch = try Examples(try model.tensors("sft.safetensors")).supervised
    let expected = try model.json("sft.json")["steps"][run]
    var optimiser = AdamW(
      weights.layout,
      AdamW.Parameters(
        beta1: expected["betas"].numbers[0], beta2: expected["betas"].numbers[1],
        epsilon: expected["eps"].number, weightDecay: expected["weight_decay"].number))
    let engine = TrainingEngine(weights: weights, pool: pool)
    for step in expected["trace"].elements {
      engine.zeroGradients()
      let scores = engine.backward(batch, coefficients: Self.meanCoefficients(batch))
      #expect(abs(Self.meanLoss(scores) - step["loss"].number) < 1e-4)
      let norm = try optimiser.step(
        weights, gradients: engine.gradients, learningRate: expected["lr"].number,
        maxGradientNorm: expected["max_grad_norm"].number, pool: pool)
      #expect(abs(norm / step["grad_norm"].number - 1) < 1e-4)
    }
    let loss = Self.meanLoss(engine.logProbabilities(batch))
    #expect(abs(loss - expected["loss_after"].number) < 1e-4)
    return weights
  }
}

/// The largest difference over the largest entry.
func relativeDifference(_ actual: [Float], _ expected: [Float]) -> Float {
  guard actual.count == expected.count else { return .infinity }
  let difference = zip(actual, expected).map { abs($0 - $1) }.max() ?? 0
  let largest = expected.map(abs).max() ?? 0
  return difference == 0 ? 0 : difference / largest
}
