/// The forward pass over a packed batch, up to the residual stream after the last block.
///
/// Each block is three loops over tasks: rows (norm, queries, keys and values), heads of stretches
/// (attention), rows again (projection, feed-forward layer).
final class ForwardPass {
  private let configuration: ModelConfiguration
  private let parameters: ParameterViews
  private let layout: HeadLayout
  private let pool: WorkerPool
  private let filledPanels: [BlockPanels]?
  private let workspace: BlockPanels
  private var activations: Activations
  private var normalised: WorkerScratch
  private var activated: WorkerScratch
  private var scores: WorkerScratch
  private(set) var rotary: RotaryPositions

  /// A pass over a model whose weights outlive it.
  ///
  /// `panels` are copies of the blocks' layers that somebody keeps up to date; without them the pass
  /// copies each block when its turn comes.
  init(
    _ weights: Weights, _ pool: WorkerPool, panels: [BlockPanels]? = nil,
    _ format: PanelFormat = .float32
  ) {
    filledPanels = panels
    workspace = panels?.first ?? BlockPanels(weights.configuration, .forward, format)
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
      let panels = panels(of: index, view)
      computeHeads(plan, view, panels, activations)
      attend(plan, activations)
      feedForward(plan, view, panels, activations, into: next)
      afterBlock(index, activations)
    }
    return trace
  }

  private func panels(of index: Int, _ view: BlockView) -> BlockPanels {
    if let filledPanels { return filledPanels[index] }
    workspace.fill(with: view, pool)
    return workspace
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

  private func computeHeads(
    _ plan: BatchPlan, _ view: BlockView, _ panels: BlockPanels, _ activations: BlockActivations
  ) {
    let norm = normalisation(view.attentionNorm)
    let scratch = normalised.prepare(
      rows: BatchPlan.largestBlock, columns: configuration.hiddenSize)
    pool.parallel(plan.rowBlocks.count) { task, worker in
      let rows = plan.rowBlocks[task]
      let x = scratch.rows(rows.count, of: worker)
      let heads = activations.heads.rows(rows)
      norm.apply(activations.input.rows(rows), into: x)
      for (layer, bias, columns) in [
        (panels.query, view.query.bias, layout.queries), (panels.key, view.key.bias, layout.keys),
        (panels.value, view.value.bias, layout.values),
      ] {
        layer.multiply(x.plain, into: heads.columns(columns), bias: bias.map { UnsafePointer($0) })
      }
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
    _ plan: BatchPlan, _ view: BlockView, _ panels: BlockPanels, _ activations: BlockActivations,
    into output: Matrix
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
      panels.output.multiply(
        activations.attention.rows(rows).plain, into: middle, accumulate: true)

      let x = scratch.rows(rows.count, of: worker)
      let gate = activations.gate.rows(rows)
      let up = activations.up.rows(rows)
      norm.apply(middle, into: x)
      panels.gate.multiply(x.plain, into: gate)
      panels.up.multiply(x.plain, into: up)

      let y = inner.rows(rows.count, of: worker)
      GatedActivation.apply(
        gate: gate.base, up: up.base, into: y.base, count: rows.count * gate.columnCount)
      output.rows(rows).copy(from: middle)
      panels.down.multiply(y.plain, into: output.rows(rows), accumulate: true)
    }
  }
}
