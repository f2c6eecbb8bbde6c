import Foundation
import HDF5
import Model
import Runner

/// What a training stage must remember to go on bit for bit: steps done and the optimiser's state.
///
/// In a checkpoint the model lies as in an artifact, the moments under
/// `/training/first_moment` and `/training/second_moment`, the counts as attributes of `/training`.
struct TrainingState {
  var step: Int
  var optimiser: AdamW

  /// The state and the weights of the newest checkpoint that can be read, or the beginning.
  static func latest(
    context: StageContext, weights: Weights, optimiser: OptimiserParameters
  ) throws -> TrainingState {
    let state = try context.checkpoints.resume {
      try read($0, weights: weights, optimiser: optimiser)
    }
    return state ?? TrainingState(step: 0, optimiser: AdamW(weights.layout, optimiser))
  }

  private static func read(
    _ checkpoint: Checkpoint, weights: Weights, optimiser: OptimiserParameters
  ) throws -> TrainingState {
    let file = try HDF5File.open(checkpoint.file)
    defer { try? file.close() }
    // Everything is read before the weights are touched: half a checkpoint must change nothing.
    let loaded = Weights(weights.configuration)
    try loaded.buffer.read(from: file, group: "/model", layout: weights.layout)
    let adam = AdamW(weights.layout, optimiser)
    try adam.firstMoments.read(
      from: file, group: "/training/first_moment", layout: weights.layout)
    try adam.secondMoments.read(
      from: file, group: "/training/second_moment", layout: weights.layout)
    var state = TrainingState(step: checkpoint.step, optimiser: adam)
    state.optimiser.stepCount = try file.attribute("updates", of: "/training")?.integer ?? 0
    weights.buffer.copy(from: loaded.buffer)
    return state
  }

  func save(context: StageContext, model: ModelArtifact) throws {
    try context.checkpoints.save(step: step) { url in
      try HDF5File.create(url) { file in
        try model.write(to: file)
        try optimiser.firstMoments.write(
          to: file, group: "/training/first_moment", layout: model.weights.layout)
        try optimiser.secondMoments.write(
          to: file, group: "/training/second_moment", layout: model.weights.layout)
        try file.setAttribute("step", .integer(step), of: "/training")
        try file.setAttribute("updates", .integer(optimiser.stepCount), of: "/training")
      }
    }
  }
}

extension AdamW {
  /// A fresh optimiser with a recipe's settings.
  init(_ layout: ParameterLayout, _ parameters: OptimiserParameters) {
    self.init(
      layout,
      Parameters(
        beta1: parameters.beta1, beta2: parameters.beta2, epsilon: parameters.epsilon,
        weightDecay: parameters.weightDecay))
  }
}

extension OptimiserParameters {
  /// The step size of an update, from 0: it rises from 0 over the warm-up, as transformers'
  /// `constant_with_warmup` does, and then follows the schedule.
  func learningRate(atUpdate update: Int, of total: Int) -> Double {
    let rises: LearningRateSchedule =
      switch schedule {
      case .constant: .constantWithWarmup(steps: warmupSteps)
      case .linear: .linear(warmup: warmupSteps, total: total)
      case .cosine: .cosine(warmup: warmupSteps, total: total, floor: 0)
      }
    return rises.rate(step: update, base: learningRate)
  }
}
