import Foundation
import Model
import Runner

/// Trains on the cross-entropy of examples; what `pretrain` and `distill` share.
struct SupervisedTrainer {
  let context: StageContext
  let model: ModelArtifact
  let examples: [SupervisedExample]
  /// What messages call an example.
  let name: (_ example: Int) -> String
  let plan: EpochPlan
  let steps: Int
  let optimiser: OptimiserParameters
  let checkpointSeconds: Double

  /// Trains, then writes the output `model`.
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
        throw TrainingFault.loss(step: step, items: items)
      }
      let loss = -logProbabilities.reduce(0, +) / Double(batch.reduce(0) { $0 + $1.targetCount })
      let norm = try applying(step, indices, engine, apply)
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
    _ step: Int, _ indices: ArraySlice<Int>, _ engine: TrainingEngine, _ apply: () throws -> Double
  ) throws -> Double {
    do {
      return try apply()
    } catch OptimiserError.gradientNotFinite(let parameter, _) {
      let items = indices.filter { index in
        _ = accumulate([examples[index]], engine)
        return !engine.hasFiniteGradients
      }
      throw TrainingFault.gradient(step: step, parameter: parameter, items: items.map(name))
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
