/// Log-probabilities and gradients of a model on packed batches.
///
/// Results are bit-equal on any number of threads. An engine is used by one thread at a time; its
/// memory grows with the largest batch and is reused.
///
/// In bfloat16 the factors of the linear layers' products are rounded, in all three directions; sums,
/// attention, norms, softmax, gradients and weights are float32.
package final class TrainingEngine {
  package let weights: Weights
  /// What is trained in the weights' place, if anything; these are frozen then.
  package let adapters: Adapters?
  /// dLoss / dParameter, laid out as what is trained; backward passes add to it.
  package let gradients: FloatBuffer

  /// How linear layers are multiplied.
  package let precision: Precision
  package let pool: WorkerPool
  private let forwardPass: ForwardPass
  private let outputPass: OutputPass
  private let backwardPass: BackwardPass

  /// An engine with gradients at zero.
  /// - Parameter precision: How linear layers are multiplied.
  package init(
    weights: Weights, adapters: Adapters? = nil, pool: WorkerPool,
    precision: Precision = .float32
  ) {
    precondition(adapters != nil || weights.halves == nil, "what is trained must be float32")
    let format = PanelFormat(precision)
    let c = weights.configuration
    let layers = MergedLayers(weights, adapters, pool)
    self.weights = weights
    self.adapters = adapters
    self.precision = precision
    self.pool = pool
    gradients = FloatBuffer(count: (adapters?.layout ?? weights.layout).count)
    forwardPass = ForwardPass(
      weights, pool, .eachInTurn(BlockPanels(c, .forward, format), layers))
    outputPass = OutputPass(weights, pool, format)
    backwardPass = BackwardPass(weights, adapters, gradients: gradients, layers, pool, format)
  }

  /// Where what is trained lies.
  package var layout: ParameterLayout { adapters?.layout ?? weights.layout }
  /// What is trained: the adapters, or the weights.
  package var trained: FloatBuffer { adapters?.buffer ?? weights.buffer }

  package func zeroGradients() {
    let pieces = WorkerPool.split(gradients.count, into: max(1, gradients.count / (1 << 18)))
    pool.measure(.optimiser) {
      pool.parallel(pieces.count) { task, _ in
        (gradients.base + pieces[task].lowerBound).update(repeating: 0, count: pieces[task].count)
      }
    }
  }

  /// The scores of all targets.
  /// - Parameters:
  ///   - batch: The tokens and targets.
  ///   - temperature: What logits are divided by; positive.
  ///   - adapted: Whether the adapters, if there are any, are in the model.
  package func logProbabilities(
    _ batch: PackedBatch, temperature: Float = 1, adapted: Bool = true
  ) -> [TokenScore] {
    guard !batch.targets.isEmpty else { return [] }
    let trace = forwardPass.run(BatchPlan(batch), keepingBlocks: false, adapted: adapted)
    return pool.measure(.output) { outputPass.run(job(batch, trace, temperature)) }
  }

  /// Adds the gradients of a loss that is known through its derivatives, which depend on the scores.
  ///
  /// - Parameters:
  ///   - batch: The tokens and targets.
  ///   - temperature: What logits are divided by; positive.
  ///   - coefficients: Given the scores, dLoss / d log p of every target. If it throws, the
  ///     gradients stay as they were.
  /// - Returns: The scores of all targets.
  @discardableResult
  package func backward(
    _ batch: PackedBatch, temperature: Float = 1,
    coefficients: ([TokenScore]) throws -> [Float]
  ) rethrows -> [TokenScore] {
    let plan = BatchPlan(batch)
    guard !batch.targets.isEmpty else { return [] }
    let trace = forwardPass.run(plan, keepingBlocks: true)
    let job = job(batch, trace, temperature)
    let scores = pool.measure(.output) { outputPass.run(job, preparesBackward: true) }
    let known = try coefficients(scores)
    pool.measure(.output) { outputPass.backward(job, outputGradients(plan, batch, known)) }
    backwardPass.run(plan, trace, forwardPass.rotary)
    return scores
  }

  /// Adds the gradients of a loss whose derivatives are known beforehand, as in supervised training:
  /// logits are computed only once.
  ///
  /// - Parameters:
  ///   - batch: The tokens and targets.
  ///   - temperature: What logits are divided by; positive.
  ///   - coefficients: dLoss / d log p of every target.
  /// - Returns: The scores of all targets.
  @discardableResult
  package func backward(
    _ batch: PackedBatch, temperature: Float = 1, coefficients: [Float]
  ) -> [TokenScore] {
    let plan = BatchPlan(batch)
    guard !batch.targets.isEmpty else { return [] }
    let trace = forwardPass.run(plan, keepingBlocks: true)
    let scores = pool.measure(.output) {
      outputPass.run(
        job(batch, trace, temperature), outputGradients(plan, batch, coefficients))
    }
    backwardPass.run(plan, trace, forwardPass.rotary)
    return scores
  }

  private func job(
    _ batch: PackedBatch, _ trace: ForwardTrace, _ temperature: Float
  ) -> OutputPass.Job {
    precondition(temperature > 0, "training needs a positive temperature")
    let plan = OutputPlan(batch, vocabularySize: weights.configuration.vocabularySize)
    return OutputPass.Job(
      plan: plan, targets: batch.targets, stream: trace.output, temperature: temperature)
  }

  private func outputGradients(
    _ plan: BatchPlan, _ batch: PackedBatch, _ coefficients: [Float]
  ) -> OutputPass.Gradients {
    precondition(coefficients.count == batch.targets.count, "one coefficient for each target")
    return OutputPass.Gradients(
      coefficients: coefficients, stream: backwardPass.prepare(plan),
      parameters: backwardPass.gradients)
  }
}
