import Foundation
import Model
import Runner

/// The loop that every training stage shares: resume, step, log, checkpoint, leave when asked to.
///
/// A step's randomness depends on the recipe's seed and the step's number alone, so weights,
/// moments and the number of steps done are all that a checkpoint must hold.
struct TrainingLoop {
  let context: StageContext
  let model: ModelArtifact
  let optimiser: OptimiserParameters
  let totalSteps: Int
  /// Optimiser updates a step.
  var updatesPerStep = 1
  /// Seconds between checkpoints; they never take more than a twentieth of the time.
  let checkpointSeconds: Double

  private var weights: Weights { model.weights }

  /// What one step computed, gradients apart.
  struct StepResult {
    /// Metrics under TRL's names; NaN where a step has none.
    var metrics: [String: Double]
    /// Tokens that were trained on.
    var tokens: Int
    /// A few words for the progress display.
    var remark: String
  }

  /// Runs the steps that are still to do.
  /// - Parameters:
  ///   - resumed: called once with the number of steps done, before the first step.
  ///   - sync: called before each checkpoint, to bring to the disk what belongs to the steps done.
  ///   - update: computes a step's gradients and applies them with the closure that it is given,
  ///     once or several times.
  /// - Throws: `TrainingFault.weights` rather than keep or hand on weights that are not finite.
  func run(
    resumed: (Int) throws -> Void = { _ in }, sync: () throws -> Void = {},
    update: (_ step: Int, _ engine: TrainingEngine, _ apply: () throws -> Double) throws
      -> StepResult
  ) throws {
    let pool = WorkerPool(threads: context.threads)
    let precision = optimiser.precision.forTraining
    if optimiser.precision != .float32 {
      context.publish(fact: .string(precision.rawValue), as: "precision")
    }
    let engine = TrainingEngine(weights: weights, pool: pool, precision: precision)
    var state = try TrainingState.latest(context: context, weights: weights, optimiser: optimiser)
    try context.metrics.truncate(after: state.step)
    try resumed(state.step)
    var clock = CheckpointClock(seconds: checkpointSeconds)

    while state.step < totalSteps {
      let step = state.step + 1
      let started = Date()
      let result = try update(step, engine) { try apply(engine, &state, pool) }
      state.step = step
      try log(result, step: step, seconds: Date().timeIntervalSince(started))
      // After the last step only the outputs remain to be written, which is as quick as leaving.
      if step < totalSteps, context.interruption.isRequested {
        try save(state, sync)
        throw StageError.interrupted
      }
      if step < totalSteps, clock.isDue {
        try clock.measure { try save(state, sync) }
      }
    }
    try checkWeights(after: totalSteps)
  }

  /// Throws if weights are not finite any more.
  func checkWeights(after step: Int) throws {
    if let found = weights.firstNotFinite() { throw TrainingFault.weights(step: step, found) }
  }

  private func save(_ state: TrainingState, _ sync: () throws -> Void) throws {
    try checkWeights(after: state.step)
    try context.metrics.sync()
    try sync()
    try state.save(context: context, model: model)
  }

  private func apply(
    _ engine: TrainingEngine, _ state: inout TrainingState, _ pool: WorkerPool
  ) throws -> Double {
    let rate = optimiser.learningRate(
      atUpdate: state.optimiser.stepCount, of: totalSteps * updatesPerStep)
    return try state.optimiser.step(
      weights, gradients: engine.gradients, learningRate: rate,
      maxGradientNorm: optimiser.maxGradientNorm > 0 ? optimiser.maxGradientNorm : nil, pool: pool)
  }

  private func log(_ result: StepResult, step: Int, seconds: Double) throws {
    var metrics = result.metrics
    metrics["num_tokens"] = Double(result.tokens)
    metrics["step_time"] = seconds
    metrics["tokens_per_second"] = Double(result.tokens) / max(seconds, 1e-9)
    try context.metrics.log(step: step, metrics)
    context.progress.update(
      Progress(step, of: totalSteps, "steps", remark: result.remark))
  }
}

/// Says when the next checkpoint is due, so that writing never takes over.
struct CheckpointClock {
  private let seconds: Double
  private var last = Date()
  private var cost = 0.0

  init(seconds: Double) { self.seconds = seconds }

  var isDue: Bool { Date().timeIntervalSince(last) >= max(seconds, 20 * cost) }

  mutating func measure(_ write: () throws -> Void) rethrows {
    let started = Date()
    try write()
    cost = Date().timeIntervalSince(started)
    last = Date()
  }
}
