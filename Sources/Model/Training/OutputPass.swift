/// The final norm, the output layer and the softmax, forward and backward, a chunk of rows at a time:
/// logits of a whole batch would not fit in memory.
final class OutputPass {
  /// What the backward pass takes and where it puts its results.
  struct Gradients {
    /// dLoss / d log p of every target.
    let coefficients: [Float]
    /// Gradient of the residual stream [rows, hidden], zeros before.
    let stream: Matrix
    /// Gradients of the parameters, added to.
    let parameters: ParameterViews
  }

  /// One call's arguments.
  struct Job {
    let plan: OutputPlan
    let targets: [PackedBatch.Target]
    /// The residual stream after the last block.
    let stream: Matrix
    let temperature: Float
  }

  /// A chunk's rows and their numbers.
  private struct Chunk {
    let rows: Range<Int>
    let normalised: Matrix
    let logits: Matrix
    /// log sum e^logit of each row, in one column.
    let logSums: Matrix
  }

  private let parameters: ParameterViews
  private let norm: Normalisation
  private let pool: WorkerPool
  private var products: OutputProducts
  private var normalised = ReusedBuffer()
  private var logits = ReusedBuffer()
  private var logSums = ReusedBuffer()
  private var scratch: WorkerScratch
  private var normGradients = PartialSums()

  /// A pass over a model whose weights outlive it.
  init(_ weights: Weights, _ pool: WorkerPool, _ format: PanelFormat) {
    parameters = weights.views
    norm = Normalisation(
      weight: parameters.finalNorm, width: weights.configuration.hiddenSize,
      epsilon: Float(weights.configuration.normEpsilon))
    self.pool = pool
    products = OutputProducts(parameters.head, format, pool)
    scratch = WorkerScratch(pool)
  }

  /// The scores of all targets and, with gradients, the backward pass.
  ///
  /// `preparesBackward` says that ``backward(_:_:)`` comes next.
  func run(
    _ job: Job, _ gradients: Gradients? = nil, preparesBackward: Bool = false
  ) -> [TokenScore] {
    products.refresh(withGradients: gradients != nil || preparesBackward)
    var scores = [TokenScore](
      repeating: TokenScore(logProbability: 0, entropy: 0), count: job.targets.count)
    scores.withUnsafeMutableBufferPointer { scores in
      for rows in job.plan.chunks {
        let chunk = chunk(rows)
        score(job, chunk, scores)
        if let gradients { backward(job, chunk, gradients) }
      }
    }
    return scores
  }

  /// The backward pass after ``run(_:_:)`` without gradients. Logits that are not in memory any more
  /// are computed again.
  func backward(_ job: Job, _ gradients: Gradients) {
    if job.plan.chunks.count > 1 {
      _ = run(job, gradients)
    } else if let rows = job.plan.chunks.first {
      backward(job, chunk(rows), gradients)
    }
  }

  private func chunk(_ rows: Range<Int>) -> Chunk {
    Chunk(
      rows: rows, normalised: normalised.matrix(rows: rows.count, columns: norm.width),
      logits: logits.matrix(rows: rows.count, columns: parameters.head.rowCount),
      logSums: logSums.matrix(rows: rows.count, columns: 1))
  }

  private func score(
    _ job: Job, _ chunk: Chunk, _ scores: UnsafeMutableBufferPointer<TokenScore>
  ) {
    let blocks = BatchPlan.blocks(of: chunk.rows.count)
    pool.parallel(blocks.count) { task, _ in
      for index in blocks[task] {
        let row = job.plan.rows[chunk.rows.lowerBound + index]
        norm.apply(job.stream.row(row), into: chunk.normalised.row(index))
      }
      products.setLogits(
        chunk.logits.rows(blocks[task]), chunk.normalised.rows(blocks[task]),
        scale: 1 / job.temperature)
      for index in blocks[task] { scoreRow(index, job, chunk, scores) }
    }
  }

  private func scoreRow(
    _ index: Int, _ job: Job, _ chunk: Chunk, _ scores: UnsafeMutableBufferPointer<TokenScore>
  ) {
    let logits = chunk.logits.row(index)
    let statistics = Softmax.statistics(logits, count: chunk.logits.columnCount)
    chunk.logSums.row(index)[0] = statistics.logSum
    for target in job.plan.targets(of: chunk.rows.lowerBound + index) {
      let token = Int(job.targets[target].token)
      precondition(token >= 0 && token < chunk.logits.columnCount, "token is not in the model")
      scores[target] = TokenScore(
        logProbability: logits[token] - statistics.logSum, entropy: statistics.entropy)
    }
  }

  private func backward(_ job: Job, _ chunk: Chunk, _ gradients: Gradients) {
    let blocks = BatchPlan.blocks(of: chunk.rows.count)
    normGradients.prepare(tasks: blocks.count, columns: norm.width)
    let parts = normGradients.parts
    let scratch = scratch.prepare(rows: BatchPlan.largestBlock, columns: norm.width)
    pool.parallel(blocks.count) { task, worker in
      for index in blocks[task] { logitGradients(index, job, chunk, gradients.coefficients) }
      let dNormalised = scratch.rows(blocks[task].count, of: worker)
      products.setInputGradient(dNormalised, chunk.logits.rows(blocks[task]))
      for (position, index) in blocks[task].enumerated() {
        let row = job.plan.rows[chunk.rows.lowerBound + index]
        let dStream = gradients.stream.row(row)
        norm.backward(
          job.stream.row(row), dNormalised.row(position), adding: dStream, into: dStream,
          weightGradient: parts.row(task))
      }
    }
    normGradients.add(0..<norm.width, to: gradients.parameters.finalNorm)
    products.addWeightGradient(
      gradients.parameters.head, dLogits: chunk.logits, chunk.normalised)
  }

  /// d log p(t) / d logit_i = (i = t) - p_i, summed over the row's targets, over the temperature.
  private func logitGradients(_ index: Int, _ job: Job, _ chunk: Chunk, _ coefficients: [Float]) {
    let row = chunk.logits.row(index)
    let targets = job.plan.targets(of: chunk.rows.lowerBound + index)
    var sum: Float = 0
    for target in targets { sum += coefficients[target] }
    Softmax.exponentials(
      row, minus: chunk.logSums.row(index)[0], times: -sum / job.temperature,
      count: chunk.logits.columnCount)
    for target in targets {
      row[Int(job.targets[target].token)] += coefficients[target] / job.temperature
    }
  }
}
