/// The forward pass over a packed batch, up to the residual stream after the last block.
///
/// Each block is three loops over tasks: rows (norm, queries, keys and values), heads of stretches
/// (attention), rows again (projection, feed-forward layer).
final class ForwardPass {
  private let configuration: ModelConfiguration
  private let parameters: ParameterViews
  private let layout: HeadLayout
  private let pool: WorkerPool
  private var activations: Activations
  private var normalised: WorkerScratch
  private var activated: WorkerScratch
  private var scores: WorkerScratch
  private(set) var rotary: RotaryPositions

  /// A pass over a model whose weights outlive it.
  init(_ weights: Weights, _ pool: WorkerPool) {
    configuration = weights.configuration
    parameters = weights.views
    layout = HeadLayout(weights.configuration)
    self.pool = pool
    activations = Activations(weights.configuration)
    normalised = WorkerScratch(pool)
    activated = WorkerScratch(pool)
    scores = WorkerScratch(pool)
    rotary = RotaryPositions(weights.configuration)
  }

  /// Computes a batch.
  /// - Parameters:
  ///   - keepingBlocks: Whether the trace holds every block's activations, as the backward pass
  ///     needs; otherwise only those of the last.
  ///   - afterBlock: Sees each block's activations when they are there.
  func run(
    _ plan: BatchPlan, keepingBlocks: Bool,
    afterBlock: (_ index: Int, BlockActivations) -> Void = { _, _ in }
  ) -> ForwardTrace {
    let trace = activations.prepare(rows: plan.rowCount, keepingBlocks: keepingBlocks)
    rotary.prepare(plan.longestSequence)
    embed(plan, into: trace.blocks[0].input)
    for (index, activations) in trace.blocks.enumerated() {
      let view = parameters.blocks[index]
      let next = index + 1 < trace.blocks.count ? trace.blocks[index + 1].input : trace.output
      computeHeads(plan, view, activations)
      attend(plan, activations)
      feedForward(plan, view, activations, into: next)
      afterBlock(index, activations)
    }
    return trace
  }

  private func embed(_ plan: BatchPlan, into stream: Matrix) {
    let embedding = parameters.embedding
    pool.parallel(plan.rowBlocks.count) { task, _ in
      for row in plan.rowBlocks[task] {
        let token = Int(plan.tokens[row])
        precondition(token >= 0 && token < embedding.rowCount, "token \(token) is not in the model")
        stream.row(row).update(from: embedding.row(token), count: stream.columnCount)
      }
    }
  }

  private func normalisation(_ weight: UnsafeMutablePointer<Float>) -> Normalisation {
    Normalisation(
      weight: weight, width: configuration.hiddenSize, epsilon: Float(configuration.normEpsilon))
  }

  private func computeHeads(_ plan: BatchPlan, _ view: BlockView, _ activations: BlockActivations) {
    let norm = normalisation(view.attentionNorm)
    let scratch = normalised.prepare(
      rows: BatchPlan.largestBlock, columns: configuration.hiddenSize)
    pool.parallel(plan.rowBlocks.count) { task, worker in
      let rows = plan.rowBlocks[task]
      let x = scratch.rows(rows.count, of: worker)
      let heads = activations.heads.rows(rows)
      norm.apply(activations.input.rows(rows), into: x)
      view.query.apply(x, into: heads.columns(layout.queries))
      view.key.apply(x, into: heads.columns(layout.keys))
      view.value.apply(x, into: heads.columns(layout.values))
      for (index, row) in rows.enumerated() {
        rotate(heads.row(index), position: plan.positions[row])
      }
    }
  }

  private func rotate(_ row: UnsafeMutablePointer<Float>, position: Int) {
    for head in 0..<layout.headCount + layout.keyValueHeadCount {
      rotary.rotate(row + head * layout.headSize, position: position)
    }
  }

  private func attend(_ plan: BatchPlan, _ activations: BlockActivations) {
    let attention = CausalAttention(layout: layout)
    let scratch = scores.prepare(
      rows: CausalAttention.queryBlock, columns: plan.longestSequence)
    pool.parallel(plan.stretches.count * layout.headCount) { task, worker in
      attention.forward(
        plan.stretches[task / layout.headCount], head: task % layout.headCount,
        activations, scores: scratch.rows(CausalAttention.queryBlock, of: worker))
    }
  }

  private func feedForward(
    _ plan: BatchPlan, _ view: BlockView, _ activations: BlockActivations, into output: Matrix
  ) {
    let norm = normalisation(view.feedForwardNorm)
    let scratch = normalised.prepare(
      rows: BatchPlan.largestBlock, columns: configuration.hiddenSize)
    let inner = activated.prepare(
      rows: BatchPlan.largestBlock, columns: configuration.intermediateSize)
    pool.parallel(plan.rowBlocks.count) { task, worker in
      let rows = plan.rowBlocks[task]
      let middle = activations.middle.rows(rows)
      middle.copy(from: activations.input.rows(rows))
      middle.setProduct(
        activations.attention.rows(rows).plain, view.output.transposed, accumulate: true)

      let x = scratch.rows(rows.count, of: worker)
      let gate = activations.gate.rows(rows)
      let up = activations.up.rows(rows)
      norm.apply(middle, into: x)
      gate.setProduct(x.plain, view.gate.transposed)
      up.setProduct(x.plain, view.up.transposed)

      let y = inner.rows(rows.count, of: worker)
      GatedActivation.apply(
        gate: gate.base, up: up.base, into: y.base, count: rows.count * gate.columnCount)
      output.rows(rows).copy(from: middle)
      output.rows(rows).setProduct(y.plain, view.down.transposed, accumulate: true)
    }
  }
}

extension LinearView {
  /// y = x W^T + b, row by row.
  func apply(_ x: Matrix, into y: Matrix) {
    y.setProduct(x.plain, weight.transposed)
    guard let bias else { return }
    for index in 0..<y.rowCount { add(bias, to: y.row(index), count: y.columnCount) }
  }
}
