/// The final norm, the output layer and the softmax, forward and backward, a chunk of rows at a time:
/// logits of a whole batch would not fit in memory.
final class OutputPass {
  /// What the backward pass takes and where it puts its results.
  struct Gradients {
    /// dLoss / d log p of every target.
    let coefficients: [Float]
    /// Gradient of the residual stream [rows, hidden], zeros before.
    let stream: Matrix
    /// Gradients of the parameters, added to; nil where these are frozen.
    let parameters: ParameterViews?
  }

  struct Job {
    let plan: OutputPlan
    let targets: [PackedBatch.Target]
    /// The residual stream after the last block [rows, hidden].
    let stream: Matrix
    let temperature: Float
  }

  /// A chunk's rows and their numbers.
  private struct Chunk {
    let rows: Range<Int>
    /// The final norm's output [rows, hidden].
    let normalised: Matrix
    /// [rows, vocabulary].
    let logits: Matrix
    /// log sum e^logit of each row [rows, 1].
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
    norm = Normalisation(parameters.finalNorm, weights.configuration)
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
    guard let parameters = gradients.parameters else { return }
    normGradients.add(0..<norm.width, to: parameters.finalNorm)
    products.addWeightGradient(parameters.head, dLogits: chunk.logits, chunk.normalised)
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

/// Which rows predict something, and how they are divided. It depends on the batch alone.
struct OutputPlan {
  /// The rows that have targets, ascending.
  let rows: [Int]
  /// Indices of targets, by row.
  private let targets: [Int]
  /// Where each row's targets begin in `targets`; one more at the end.
  private let starts: [Int]
  /// Rows whose logits are in memory at one time.
  let chunks: [Range<Int>]

  /// About 128 MB of logits.
  private static let logitsInMemory = 1 << 25

  /// The most rows of a chunk.
  static func largestChunk(vocabularySize: Int) -> Int {
    min(2048, max(128, logitsInMemory / vocabularySize))
  }

  init(_ batch: PackedBatch, vocabularySize: Int) {
    let order = batch.targets.indices.sorted {
      (batch.targets[$0].row, $0) < (batch.targets[$1].row, $1)
    }
    var rows: [Int] = []
    var starts: [Int] = []
    for (index, target) in order.enumerated() {
      let row = batch.targets[target].row
      precondition(row >= 0 && row < batch.tokens.count, "a target's row is not in the batch")
      if rows.last == row { continue }
      rows.append(row)
      starts.append(index)
    }
    self.rows = rows
    targets = order
    self.starts = starts + [order.count]
    let largest = Self.largestChunk(vocabularySize: vocabularySize)
    let count = (rows.count + largest - 1) / largest
    chunks = count == 0 ? [] : WorkerPool.split(rows.count, into: count)
  }

  /// The targets of `rows[index]`.
  func targets(of index: Int) -> ArraySlice<Int> { targets[starts[index]..<starts[index + 1]] }
}

/// The three products of the output layer: logits, their gradient's way back, and the gradient of the
/// layer's weight.
struct OutputProducts {
  private let head: Matrix
  private let pool: WorkerPool
  /// In bfloat16: the weight for both directions, and the normalised stream.
  private var forward: PanelFactor?
  private var backward: PanelFactor?
  private var input: PanelFactor?
  private let format: PanelFormat

  /// Products with a weight that outlives them.
  init(_ head: Matrix, _ format: PanelFormat, _ pool: WorkerPool) {
    self.head = head
    self.format = format
    self.pool = pool
  }

  /// Takes the weight as it is now.
  mutating func refresh(withGradients: Bool) {
    guard format != .float32 else { return }
    let forward =
      forward ?? PanelFactor(inner: head.columnCount, columns: head.rowCount, format)
    forward.fill(with: head.transposed, pool)
    self.forward = forward
    guard withGradients else { return }
    let backward =
      backward ?? PanelFactor(inner: head.rowCount, columns: head.columnCount, format)
    backward.fill(with: head.plain, pool)
    self.backward = backward
  }

  /// logits = scale x W^T, for some rows, on the calling thread.
  func setLogits(_ logits: Matrix, _ x: Matrix, scale: Float) {
    guard let forward else {
      logits.setProduct(x.plain, head.transposed, scale: scale)
      return
    }
    forward.multiply(x.plain, into: logits)
    guard scale != 1 else { return }
    for index in 0..<logits.rowCount {
      multiply(logits.row(index), by: scale, count: logits.columnCount)
    }
  }

  /// dx = dlogits W, for some rows, on the calling thread.
  func setInputGradient(_ dInput: Matrix, _ dLogits: Matrix) {
    guard let backward else {
      dInput.setProduct(dLogits.plain, head.plain)
      return
    }
    backward.multiply(dLogits.plain, into: dInput)
  }

  /// dW += dlogits^T x, for all rows of a chunk.
  mutating func addWeightGradient(_ gradient: Matrix, dLogits: Matrix, _ x: Matrix) {
    let pieces = WorkerPool.split(
      gradient.rowCount, into: max(2, (gradient.rowCount + 1023) / 1024))
    guard format != .float32 else {
      pool.parallel(pieces.count) { task, _ in
        gradient.rows(pieces[task]).setProduct(
          dLogits.columns(pieces[task]).transposed, x.plain, accumulate: true)
      }
      return
    }
    let input = PanelFactor(inner: x.rowCount, columns: x.columnCount, format, in: input?.buffer)
    self.input = input
    input.fill(with: x.plain, pool)
    pool.parallel(pieces.count) { task, _ in
      input.multiply(
        dLogits.columns(pieces[task]).transposed, into: gradient.rows(pieces[task]),
        accumulate: true)
    }
  }
}

/// What the model thinks of a target.
package struct TokenScore: Sendable, Equatable {
  /// log p(token), of the softmax of the logits divided by the temperature, over all tokens.
  package let logProbability: Float
  /// The entropy of that softmax, in nats.
  package let entropy: Float

  package init(logProbability: Float, entropy: Float) {
    self.logProbability = logProbability
    self.entropy = entropy
  }
}
