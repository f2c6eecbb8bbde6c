import Base
import Foundation
import Model
import Runner

/// Trains on the cross-entropy of examples; what `pretrain` and `distill` share.
struct SupervisedTrainer {
  /// The numbers that it publishes.
  static let values = ["steps", "final_loss"]
  /// What it logs by step.
  static let metrics = TrainingLoop.metricNames + ["loss", "epoch"]

  let context: StageContext
  let model: ModelArtifact
  let examples: [SupervisedExample]
  let name: (_ example: Int) -> String
  let plan: EpochPlan
  let steps: Int
  let optimiser: OptimiserParameters
  let checkpointSeconds: Double

  func run() throws {
    let loop = TrainingLoop(
      context: context, model: model, optimiser: optimiser,
      totalSteps: steps, checkpointSeconds: checkpointSeconds)
    var lastLoss = Double.nan
    try loop.run { step, engine, apply in
      let indices = plan.indices(step: step)
      let batch = indices.map { examples[$0] }
      let logProbabilities = accumulate(batch, engine)
      guard logProbabilities.allSatisfy(\.isFinite) else {
        try loop.checkWeights(after: step - 1)
        let items = zip(indices, logProbabilities).filter { !$1.isFinite }.map { name($0.0) }
        throw TrainingError.loss(step: step, items: items)
      }
      let loss = -logProbabilities.reduce(0, +) / Double(batch.reduce(0) { $0 + $1.targetCount })
      try applying(step, indices, engine, apply)
      lastLoss = loss
      let tokens = batch.reduce(0) { $0 + $1.tokens.count }
      return TrainingLoop.StepResult(
        metrics: ["loss": loss, "epoch": Double(step) / Double(plan.stepsPerEpoch)],
        tokens: tokens, remark: "loss \(loss.formatted(decimals: 3))")
    }
    try model.write(to: context.output("model"))
    context.publish(Double(steps), as: "steps")
    if lastLoss.isFinite { context.publish(lastLoss, as: "final_loss") }
  }

  /// Adds the gradient of the batch's mean -log p.
  /// - Returns: each example's log p, in nats.
  private func accumulate(_ batch: [SupervisedExample], _ engine: TrainingEngine) -> [Double] {
    let weight = -1 / Float(batch.reduce(0) { $0 + $1.targetCount })
    engine.zeroGradients()
    return packs(of: batch).flatMap { pack in
      var packed = PackedBatch()
      let ranges = pack.map { packed.append($0.tokens, inLoss: $0.inLoss) }
      let scores = engine.backward(
        packed, coefficients: [Float](repeating: weight, count: packed.targets.count))
      return ranges.map { scores[$0].reduce(0) { $0 + Double($1.logProbability) } }
    }
  }

  /// Applies the gradients; where they are not finite, finds out for which examples.
  private func applying(
    _ step: Int, _ indices: ArraySlice<Int>, _ engine: TrainingEngine, _ apply: () throws -> Void
  ) throws {
    do {
      try apply()
    } catch OptimiserError.gradientNotFinite(let parameter, _) {
      let items = indices.filter { index in
        _ = accumulate([examples[index]], engine)
        return !engine.hasFiniteGradients
      }
      throw TrainingError.gradient(step: step, parameter: parameter, items: items.map(name))
    }
  }

  private func packs(of batch: [SupervisedExample]) -> [[SupervisedExample]] {
    var packs: [[SupervisedExample]] = []
    var room = 0
    for example in batch {
      if example.tokens.count > room {
        packs.append([])
        room = PackedBatch.supervisedTokens
      }
      packs[packs.count - 1].append(example)
      room -= example.tokens.count
    }
    return packs
  }
}

/// A text to learn: its tokens, and from which one on they are in the loss.
package struct SupervisedExample: Sendable {
  /// Prompt and completion, or the text, with end-of-text.
  package let tokens: [Int32]
  /// The index of the first token in the loss. The first token of all is never predicted.
  package let firstTarget: Int

  /// A prompt and its completion, each tokenised by itself so that no token spans the boundary,
  /// just as the sampler sees them. End-of-text follows and is in the loss.
  /// - Throws: `StageError.failed` for a model without an end-of-text token.
  package init(prompt: String, completion: String, model: ModelArtifact) throws {
    let before = model.tokenizer.encode(prompt)
    tokens = before + model.tokenizer.encode(completion) + [try model.endToken()]
    firstTarget = before.count
  }

  /// A plain text. It follows an end-of-text token, so that its first token is learned, too.
  /// - Throws: `StageError.failed` for a model without an end-of-text token.
  package init(text: String, model: ModelArtifact) throws {
    let end = try model.endToken()
    tokens = [end] + model.tokenizer.encode(text) + [end]
    firstTarget = 1
  }

  /// How many tokens are in the loss.
  package var targetCount: Int { tokens.count - max(firstTarget, 1) }

  package var inLoss: [Bool] { tokens.indices.map { $0 >= max(firstTarget, 1) } }
}

/// Which examples each step trains on: every epoch is a shuffle of its own.
package struct EpochPlan: Sendable {
  package let count: Int
  package let batchSize: Int
  package let seed: Int

  package init(count: Int, batchSize: Int, seed: Int) {
    self.count = count
    self.batchSize = batchSize
    self.seed = seed
  }

  /// The last step of an epoch takes what is left.
  package var stepsPerEpoch: Int { (count + batchSize - 1) / batchSize }

  /// The indices of the examples of a step, from 1.
  package func indices(step: Int) -> ArraySlice<Int> {
    let (epoch, position) = (step - 1).quotientAndRemainder(dividingBy: stepsPerEpoch)
    var stream = RandomStream(seed: UInt64(bitPattern: Int64(seed)), "order", epoch)
    let order = stream.shuffled(Array(0..<count))
    return order[position * batchSize..<min(count, (position + 1) * batchSize)]
  }
}
