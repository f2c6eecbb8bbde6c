import Model
import Testing

/// Supervised training against float64 numbers from an independent implementation.
@Suite("Reference: training", .serialized)
struct ReferenceTrainingTests {
  static func meanLoss(_ scores: [TokenScore]) -> Double {
    -scores.reduce(0.0) { $0 + Double($1.logProbability) } / Double(scores.count)
  }

  static func meanCoefficients(_ batch: PackedBatch) -> [Float] {
    [Float](repeating: -1 / Float(batch.targets.count), count: batch.targets.count)
  }

  @Test("log-probabilities and loss", arguments: ReferenceFolder.models)
  func logProbabilities(_ model: ReferenceModel) throws {
    let examples = try ReferenceExamples(model)
    let engine = try model.engine()
    let scores = engine.logProbabilities(examples.everything)
    let expected = try examples.tensors.floats("next_token_logprobs")
    var index = 0
    var worst: Float = 0
    for (row, tokens) in examples.tokens.enumerated() {
      for position in tokens.indices.dropLast() {
        defer { index += 1 }
        // Outside the loss the file holds log p(token 0), whatever its README says.
        guard examples.inLoss[row][position + 1] else { continue }
        let difference =
          scores[index].logProbability - expected[row * (examples.columns - 1) + position]
        worst = max(worst, difference.isFinite ? abs(difference) : .infinity)
      }
    }
    #expect(worst < 1e-4)
    #expect(index == scores.count)

    let supervised = engine.logProbabilities(examples.supervised)
    let sft = try model.json("sft.json")
    #expect(supervised.count == sft["tokens_in_loss"].integer)
    #expect(abs(Self.meanLoss(supervised) - sft["loss"].number) < 1e-5)
  }

  @Test("gradients of every parameter", arguments: ReferenceFolder.models)
  func gradients(_ model: ReferenceModel) throws {
    let batch = try ReferenceExamples(model).supervised
    let engine = try model.engine()
    let scores = engine.backward(batch, coefficients: Self.meanCoefficients(batch))
    let sft = try model.json("sft.json")
    #expect(abs(Self.meanLoss(scores) - sft["loss"].number) < 1e-5)
    let expected = try model.tensors("sft_grads.safetensors")
    #expect(expected.names == engine.weights.layout.entries.map(\.name).sorted())
    for entry in engine.weights.layout.entries {
      let difference = relativeDifference(
        engine.gradients[entry.offset..<entry.offset + entry.count],
        try expected.floats(entry.name))
      #expect(difference < 1e-4, "\(entry.name)")
    }
  }

  @Test("AdamW, as for distillation", arguments: ReferenceFolder.models)
  func optimiserForDistillation(_ model: ReferenceModel) throws {
    let weights = try train(model, run: "sft")
    let expected = try model.tensors("adamw_sft_params.safetensors")
    var differences: [Float] = []
    for entry in weights.layout.entries {
      let actual = try #require(weights[entry.name])
      #expect(actual.allSatisfy { $0.isFinite })
      differences += zip(actual, try expected.floats(entry.name)).map { abs($0 - $1) }
    }
    differences.sort()
    #expect(differences[differences.count * 999 / 1000] < 1e-6)
    #expect(try #require(differences.last) < 2e-4)
  }

  @Test("AdamW, as for reinforcement", arguments: ReferenceFolder.models)
  func optimiserForRLVR(_ model: ReferenceModel) throws {
    let weights = try train(model, run: "grpo")
    let expected = try model.json("sft.json")["steps"]["grpo"]["params_after"]
    for entry in weights.layout.entries {
      let actual = try #require(weights[entry.name]).map(Double.init)
      let summary = expected[entry.name]
      let norm = actual.reduce(0) { $0 + $1 * $1 }.squareRoot()
      // Where a gradient is nearly nothing, float32 turns it into a step of another size: in short
      // biases a norm shows what single entries may differ by.
      let tolerance = max(1e-5 * summary["norm"].number, 1e-4)
      #expect(abs(norm - summary["norm"].number) < tolerance, "\(entry.name)")
      #expect(!summary["at"].elements.isEmpty)
      for sample in summary["at"].elements.map(\.numbers) {
        #expect(abs(actual[Int(sample[0])] - sample[1]) < 1e-4, "\(entry.name)")
      }
    }
  }

  /// Makes the steps of a run and checks each one's loss and gradient norm.
  private func train(_ model: ReferenceModel, run: String) throws -> Weights {
    let engine = try model.engine()
    let batch = try ReferenceExamples(model).supervised
    let expected = try model.json("sft.json")["steps"][run]
    var optimiser = AdamW(
      engine.weights.layout,
      AdamW.Parameters(
        beta1: expected["betas"].numbers[0], beta2: expected["betas"].numbers[1],
        epsilon: expected["eps"].number, weightDecay: expected["weight_decay"].number))
    #expect(!expected["trace"].elements.isEmpty)
    for step in expected["trace"].elements {
      engine.zeroGradients()
      let scores = engine.backward(batch, coefficients: Self.meanCoefficients(batch))
      #expect(abs(Self.meanLoss(scores) - step["loss"].number) < 1e-4)
      let norm = try optimiser.step(
        engine.trained, gradients: engine.gradients, learningRate: expected["lr"].number,
        maxGradientNorm: expected["max_grad_norm"].number, pool: engine.pool)
      #expect(abs(norm / step["grad_norm"].number - 1) < 1e-4)
    }
    let loss = Self.meanLoss(engine.logProbabilities(batch))
    #expect(abs(loss - expected["loss_after"].number) < 1e-4)
    return engine.weights
  }
}

/// The sequences of sft.safetensors, without their padding.
struct ReferenceExamples {
  let tensors: SafetensorsFile
  private(set) var tokens: [[Int32]] = []
  private(set) var inLoss: [[Bool]] = []
  /// How long the padded sequences are.
  let columns: Int

  init(_ model: ReferenceModel) throws {
    tensors = try model.tensors("sft.safetensors")
    let shape = try tensors.shape("input_ids")
    columns = shape[1]
    let ids = try tensors.integers("input_ids")
    let mask = try tensors.integers("attention_mask")
    let labels = try tensors.integers("labels")
    for row in 0..<shape[0] {
      let start = row * columns
      let range = start..<start + mask[start..<start + columns].reduce(0, +)
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
