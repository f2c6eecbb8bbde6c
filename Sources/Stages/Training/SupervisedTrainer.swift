import Foundation
import Model
import Runner

/// Trains on the cross-entropy of examples; what `pretrain` and `distill` share.
struct SupervisedTrainer {
  let context: StageContext
  let model: ModelArtifact
  let examples: [SupervisedExample]
  let plan: EpochPlan
  let steps: Int
  let optimiser: OptimiserParameters
  let checkpointSeconds: Double

  /// Trains, then writes the output `model`.
  func run() throws {
    let loop = TrainingLoop(
      context: context, weights: model.weights, tokenizer: model.tokenizer, optimiser: optimiser,
      totalSteps: steps, checkpointSeconds: checkpointSeconds)
    var lastLoss = Double.nan
    try loop.run { step, engine, apply in
      let batch = plan.indices(step: step).map { examples[$0] }
      let loss = try accumulate(batch, engine, step: step)
      let norm = try apply()
      lastLoss = loss
      let tokens = batch.reduce(0) { $0 + $1.tokens.count }
      return TrainingLoop.StepResult(
        metrics: [
          "loss": loss, "grad_norm": norm,
          "learning_rate": optimiser.learningRate(atUpdate: step - 1, of: steps),
          "epoch": Double(step) / Double(plan.stepsPerEpoch),
        ], tokens: tokens, remark: "loss \(loss.formatted(decimals: 3))")
    }
    try model.write(to: context.output("model"))
    context.publish(Double(steps), as: "steps")
    if lastLoss.isFinite { context.publish(lastLoss, as: "final_loss") }
  }

  /// Adds the gradient of the batch's mean -log p.
  /// - Returns: that mean, in nats a token.
  private func accumulate(
    _ batch: [SupervisedExample], _ engine: TrainingEngine, step: Int
  ) throws -> Double {
    let total = batch.reduce(0) { $0 + $1.targetCount }
    let weight = -1 / Float(total)
    engine.zeroGradients()
    var sum = 0.0
    for pack in packs(of: batch) {
      var packed = PackedBatch()
      for example in pack { packed.append(example.tokens, inLoss: example.inLoss) }
      let scores = engine.backward(
        packed, coefficients: [Float](repeating: weight, count: packed.targets.count))
      sum -= scores.reduce(0) { $0 + Double($1.logProbability) }
    }
    guard sum.isFinite else {
      throw StageError.failed(
        "the loss of step \(step) is not finite; try a smaller learning_rate")
    }
    return sum / Double(total)
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
