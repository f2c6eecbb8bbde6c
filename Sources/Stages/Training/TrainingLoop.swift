import Base
import Foundation
import HDF5
import Model
import Runner

/// The loop that every training stage shares: resume, step, log, checkpoint, leave when asked to.
///
/// A step's randomness depends on the recipe's seed and the step's number alone, so weights,
/// moments and the number of steps done are all that a checkpoint must hold.
struct TrainingLoop {
  /// What every training logs beside the metrics of its kind. `step_time` stands in logs that an
  /// earlier version began.
  static let metrics = LoggedMetrics(
    counters: ["epoch", "tokens"],
    timings: [MetricsLog.stepSeconds, "step_time", "tokens_per_second"])
  /// The names of what every training logs, timings apart.
  static let metricNames = ["learning_rate", "grad_norm", "tokens"]
  /// The facts that every training may publish.
  static let facts = ["precision"]

  let context: StageContext
  let model: TrainedModel
  let optimiser: OptimiserParameters
  let totalSteps: Int
  var updatesPerStep = 1
  /// Seconds between checkpoints; they never take more than a twentieth of the time.
  let checkpointSeconds: Double
  /// The most that is computed at once, as far as it is known before the first step.
  var largestBatch = MemoryUse.Batch.none

  /// What one step computed, gradients apart.
  struct StepResult {
    /// Metrics, without those that the loop adds; NaN where a step has none. One that is called as
    /// in TRL is TRL's number (`docs/engine.md`).
    var metrics: [String: Double]
    /// The tokens that were trained on, or sampled.
    var tokens: Int
    /// A few words for the progress display.
    var remark: String
  }

  /// Runs the steps that are still to do.
  /// - Parameters:
  ///   - resumed: called once with the number of steps done, before the first step.
  ///   - sync: called before each checkpoint, to bring to the disk what belongs to the steps done.
  ///   - update: computes a step's gradients and applies them with the closure that it is given,
  ///     once or several times; the learning rate and gradient norm of the last time are logged.
  /// - Throws: `TrainingError.weights` rather than keep or hand on weights that are not finite.
  func run(
    resumed: (Int) throws -> Void = { _ in }, sync: () throws -> Void = {},
    update: (_ step: Int, _ engine: TrainingEngine, _ apply: () throws -> Void) throws
      -> StepResult
  ) throws {
    let precision = optimiser.precision
    let use = model.memoryUse(threads: context.threads)
    try MemoryLimit.check(
      use.training(largestBatch, precision), of: "training",
      for: "gradients, moments and \(largestBatch.rows) tokens at a time", advice: MemoryNeed.advice
    )
    let pool = try WorkerPool(reserving: context.threads)
    if optimiser.precision != .float32 {
      context.publish(fact: .string(precision.rawValue), as: "precision")
    }
    let engine = TrainingEngine(
      weights: model.artifact.weights, adapters: model.adapters, pool: pool, precision: precision)
    var state = try TrainingState.latest(context: context, model: model, optimiser: optimiser)
    try context.metrics.truncate(after: state.step)
    try resumed(state.step)
    // What is trained and both moments, in float32.
    var clock = CheckpointClock(seconds: checkpointSeconds, bytes: 12 * model.layout.count)

    while state.step < totalSteps {
      let step = state.step + 1
      let started = Date()
      var applied: [String: Double] = [:]
      var result = try update(step, engine) { applied = try apply(engine, &state, pool) }
      result.metrics.merge(applied) { $1 }
      state.step = step
      try log(result, step: step, seconds: Date().timeIntervalSince(started))
      try context.keep(step: step) { file in
        try checkWeights(after: step)
        try model.write(to: file)
      }
      // After the last step only the outputs remain to be written, which is as quick as leaving.
      if step < totalSteps, context.interruption.isRequested {
        try save(state, sync)
        throw InterruptedError()
      }
      if step < totalSteps, clock.isDue {
        try clock.measure { try save(state, sync) }
      }
    }
    try checkWeights(after: totalSteps)
  }

  func checkWeights(after step: Int) throws {
    if let found = model.firstNotFinite() { throw TrainingError.weights(step: step, found) }
  }

  private func save(_ state: TrainingState, _ sync: () throws -> Void) throws {
    try checkWeights(after: state.step)
    try context.metrics.sync()
    try sync()
    try state.save(context: context, model: model)
  }

  /// Applies the gradients.
  /// - Returns: what is logged of it: the learning rate, and the gradients' norm before clipping.
  private func apply(
    _ engine: TrainingEngine, _ state: inout TrainingState, _ pool: WorkerPool
  ) throws -> [String: Double] {
    try state.optimiser.step(
      engine, optimiser, of: totalSteps * updatesPerStep, pool: pool)
  }

  private func log(_ result: StepResult, step: Int, seconds: Double) throws {
    var metrics = result.metrics
    metrics["tokens"] = Double(result.tokens)
    metrics[MetricsLog.stepSeconds] = seconds
    metrics["tokens_per_second"] = Double(result.tokens) / max(seconds, 1e-9)
    try context.metrics.log(step: step, metrics)
    context.progress.update(
      StageProgress(step, of: totalSteps, "steps", remark: result.remark))
  }
}

extension AdamW {
  /// Applies the gradients of an engine.
  /// - Parameter updates: how many there will be in all, for the schedule.
  /// - Returns: what is logged of it.
  mutating func step(
    _ engine: TrainingEngine, _ parameters: OptimiserParameters, of updates: Int, pool: WorkerPool
  ) throws -> [String: Double] {
    let rate = parameters.learningRate(atUpdate: stepCount, of: updates)
    let norm = try step(
      engine.trained, gradients: engine.gradients, learningRate: rate,
      maxGradientNorm: parameters.maxGradientNorm > 0 ? parameters.maxGradientNorm : nil,
      pool: pool)
    return ["learning_rate": rate, "grad_norm": norm]
  }
}

/// Says when the next checkpoint is due: early, so that a job that is soon stopped gets on, then as
/// often as writing takes a hundredth of the time, at the latest after so many seconds unless that were
/// more than a twentieth.
package struct CheckpointClock {
  /// What is assumed before the first checkpoint.
  private static let bytesPerSecond = 3e8

  /// Seconds from the last checkpoint, or from the beginning, to the next.
  package private(set) var interval: Double
  private let seconds: Double
  private var last = Date()

  /// - Parameters:
  ///   - seconds: the longest time between two checkpoints, which the recipe allows.
  ///   - bytes: how large a checkpoint is.
  package init(seconds: Double, bytes: Int) {
    self.seconds = seconds
    interval = min(seconds, max(1, 20 * Double(bytes) / Self.bytesPerSecond))
  }

  var isDue: Bool { Date().timeIntervalSince(last) >= interval }

  /// Notes that a checkpoint was written, in so many seconds.
  package mutating func note(cost: Double) {
    last = Date()
    interval = max(20 * cost, min(seconds, 100 * cost))
  }

  mutating func measure(_ write: () throws -> Void) rethrows {
    let started = Date()
    try write()
    note(cost: Date().timeIntervalSince(started))
  }
}

/// What a training stage must remember to go on bit for bit: steps done and the optimiser's state.
///
/// In a checkpoint the model lies as in an artifact, or adapters alone with the digest of the weights
/// below them (`base` of `/adapters`); the moments under `/training/first_moment` and
/// `/training/second_moment`, the counts as attributes of `/training`.
struct TrainingState {
  var step: Int
  var optimiser: AdamW

  /// The state and the weights of the newest checkpoint that can be read, or the beginning.
  static func latest(
    context: StageContext, model: TrainedModel, optimiser: OptimiserParameters
  ) throws -> TrainingState {
    let state = try context.checkpoints.resume {
      try read($0, model: model, optimiser: optimiser)
    }
    return state ?? TrainingState(step: 0, optimiser: AdamW(model.layout, optimiser))
  }

  private static func read(
    _ checkpoint: Checkpoint, model: TrainedModel, optimiser: OptimiserParameters
  ) throws -> TrainingState {
    let file = try HDF5Reader(checkpoint.file)
    let layout = model.layout
    let isAdapted = model.adapters != nil
    if isAdapted, try file.attribute("base", of: Adapters.group)?.string != model.baseDigest {
      throw StageError.failed("the checkpoint's adapters belong to other weights")
    }
    // Everything is read before the weights are touched: half a checkpoint must change nothing.
    let loaded = FloatBuffer(count: layout.count)
    try loaded.read(from: file, group: isAdapted ? Adapters.group : "/model", layout: layout)
    let adam = AdamW(layout, optimiser)
    try adam.firstMoments.read(from: file, group: "/training/first_moment", layout: layout)
    try adam.secondMoments.read(from: file, group: "/training/second_moment", layout: layout)
    var state = TrainingState(step: checkpoint.step, optimiser: adam)
    state.optimiser.stepCount = try file.attribute("updates", of: "/training")?.integer ?? 0
    model.trained.copy(from: loaded)
    return state
  }

  func save(context: StageContext, model: TrainedModel) throws {
    try context.checkpoints.save(step: step) { url in
      try HDF5File.create(url) { file in
        if let adapters = model.adapters, let base = model.baseDigest {
          try adapters.write(to: file)
          try file.setAttribute("base", .string(base), of: Adapters.group)
        } else {
          try model.artifact.write(to: file)
        }
        try optimiser.firstMoments.write(
          to: file, group: "/training/first_moment", layout: model.layout)
        try optimiser.secondMoments.write(
          to: file, group: "/training/second_moment", layout: model.layout)
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

/// Why training cannot go on: a number is infinite or none at all.
///
/// Stages throw it before anything is published. The checkpoint before stays as it is.
enum TrainingError: Error, Equatable, CustomStringConvertible {
  /// The loss of a step, and what it is not finite for.
  case loss(step: Int, items: [String])
  /// The gradient of a step, and what it is not finite for: nothing where only the sum is not.
  case gradient(step: Int, parameter: String?, items: [String])
  /// The weights that a step left behind.
  case weights(step: Int, NotFiniteValue)

  /// A sentence for people: the step, the item, and what to try.
  var description: String { "\(what); nothing was published. \(advice)" }

  private var what: String {
    switch self {
    case .loss(let step, let items):
      "the loss of step \(step) is not finite (\(Self.list(items)))"
    case .gradient(let step, let parameter, let items):
      "the gradient of \(parameter ?? "all parameters together") is not finite in step \(step) "
        + "(\(Self.list(items)))"
    case .weights(let step, let found):
      "\(found.parameter) holds \(found.value) after step \(step)"
    }
  }

  private var advice: String {
    let calmer = "a smaller learning_rate, more warmup_steps or a smaller max_gradient_norm"
    switch self {
    case .loss(_, let items) where !items.isEmpty, .gradient(_, _, let items) where !items.isEmpty:
      return "Try \(calmer); if it happens in the first steps, look at what is named here."
    case .loss, .gradient: return "Try \(calmer)."
    case .weights: return "Try \(calmer), an epsilon above 0 and a beta2 below 1."
    }
  }

  private static func list(_ items: [String]) -> String {
    guard !items.isEmpty else { return "only of the batch as a whole" }
    let more = items.count > 3 ? " and \(items.count - 3) more" : ""
    return items.prefix(3).joined(separator: ", ") + more
  }
}

extension TrainingEngine {
  var hasFiniteGradients: Bool {
    gradients.withElements(0..<gradients.count) { $0.allSatisfy(\.isFinite) }
  }
}
