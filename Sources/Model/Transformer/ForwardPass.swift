/// The forward pass over a packed batch, up to the residual stream after the last block.
///
/// Each block is three loops over tasks: rows (norm, queries, keys and values), heads of stretches
/// (attention), rows again (projection, feed-forward layer).
final class ForwardPass {
  private let configuration: ModelConfiguration
  private let parameters: ParameterViews
  private let layout: HeadLayout
  private let pool: WorkerPool
  private let layers: Layers
  private var activations: Activations
  private var normalised: WorkerScratch
  private var activated: WorkerScratch
  private var attentionMemory: AttentionMemory
  private(set) var rotary: LayerRotations

  /// Where the pass has the blocks' linear layers from.
  enum Layers {
    /// Copies of all blocks, which somebody keeps up to date.
    case copies([BlockPanels])
    /// Room for one block, which is copied when its turn comes.
    case eachInTurn(BlockPanels, MergedLayers)
  }

  /// A pass over a model whose weights outlive it.
  init(_ weights: Weights, _ pool: WorkerPool, _ layers: Layers) {
    self.layers = layers
    configuration = weights.configuration
    parameters = weights.views
    layout = HeadLayout(weights.configuration)
    self.pool = pool
    activations = Activations(weights.configuration)
    normalised = WorkerScratch(pool)
    activated = WorkerScratch(pool)
    attentionMemory = AttentionMemory(pool, .forward)
    rotary = LayerRotations(weights.configuration)
  }

  /// Computes a batch.
  /// - Parameters:
  ///   - keepingBlocks: Whether the trace holds every block's activations, as the backward pass
  ///     needs; otherwise only those of the last.
  ///   - adapted: Whether the adapters are in the layers, where each is copied in turn.
  ///   - afterBlock: Sees each block's activations when they are there.
  func run(
    _ plan: BatchPlan, keepingBlocks: Bool, adapted: Bool = true,
    afterBlock: (_ index: Int, BlockActivations) -> Void = { _, _ in }
  ) -> ForwardTrace {
    let trace = activations.prepare(rows: plan.rowCount, keepingBlocks: keepingBlocks)
    rotary.prepare(plan.longestSequence)
    embed(plan, into: trace.blocks[0].input)
    for (index, activations) in trace.blocks.enumerated() {
      let view = parameters.blocks[index]
      let next = index + 1 < trace.blocks.count ? trace.blocks[index + 1].input : trace.output
      let panels = pool.measure(.copies) { self.panels(of: index, adapted: adapted) }
      pool.measure(.projections) {
        computeHeads(plan, view, panels, rotary.of(index), activations)
      }
      pool.measure(.attention) {
        attend(plan, window: configuration.window(of: index), activations)
      }
      pool.measure(.feedForward) { feedForward(plan, view, panels, activations, into: next) }
      afterBlock(index, activations)
    }
    return trace
  }

  private func panels(of index: Int, adapted: Bool) -> BlockPanels {
    switch layers {
    case .copies(let panels): return panels[index]
    case .eachInTurn(let panels, let layers):
      layers.fill(panels, block: index, adapted: adapted)
      return panels
    }
  }

  private func embed(_ plan: BatchPlan, into stream: Matrix) {
    let embedding = parameters.embedding
    let scale = configuration.embeddingScale
    pool.parallel(plan.rowBlocks.count) { task, _ in
      for row in plan.rowBlocks[task] {
        let token = Int(plan.tokens[row])
        precondition(token >= 0 && token < embedding.rowCount, "token \(token) is not in the model")
        stream.row(row).update(from: embedding.row(token), count: stream.columnCount)
        if let scale { multiply(stream.row(row), by: scale, count: stream.columnCount) }
      }
    }
  }

  private func computeHeads(
    _ plan: BatchPlan, _ view: BlockView, _ panels: BlockPanels, _ rotation: RotaryPositions?,
    _ activations: BlockActivations
  ) {
    let headNorms = HeadNormalisation(view, configuration)
    let norm = view.attentionNorm.map { Normalisation($0, configuration) }
    let scratch = normalised.prepare(
      rows: BatchPlan.largestBlock, columns: configuration.hiddenSize)
    pool.parallel(plan.rowBlocks.count) { task, worker in
      let rows = plan.rowBlocks[task]
      let heads = activations.heads.rows(rows)
      let x = normalise(activations.input.rows(rows), norm, scratch.rows(rows.count, of: worker))
      for (layer, bias, columns) in [
        (panels.query, view.query.bias, layout.queries), (panels.key, view.key.bias, layout.keys),
        (panels.value, view.value.bias, layout.values),
      ] {
        layer.multiply(x.plain, into: heads.columns(columns), bias: bias.map { UnsafePointer($0) })
      }
      for row in rows { turn(row, headNorms, rotation, plan.positions[row], activations) }
    }
  }

  /// The rows normalised, in `scratch`, or as they are where there is no norm.
  private func normalise(_ rows: Matrix, _ norm: Normalisation?, _ scratch: Matrix) -> Matrix {
    guard let norm else { return rows }
    norm.apply(rows, into: scratch)
    return scratch
  }

  /// Normalises a row's queries and keys and turns them by its position, as far as the layer does.
  private func turn(
    _ row: Int, _ norms: HeadNormalisation?, _ rotation: RotaryPositions?, _ position: Int,
    _ activations: BlockActivations
  ) {
    let heads = activations.heads.row(row)
    if let norms {
      let plain = activations.plainHeads
      plain.row(row).update(from: heads, count: plain.columnCount)
      norms.apply(heads)
    }
    rotation?.rotate(heads, layout, position: position)
  }

  private func attend(_ plan: BatchPlan, window: Int?, _ activations: BlockActivations) {
    let attention = CausalAttention(layout: layout, window: window)
    let scratch = attentionMemory.prepare(keys: plan.longestSequence, layout)
    pool.parallel(plan.stretches.count * layout.headCount) { task, worker in
      attention.forward(
        plan.stretches[task / layout.headCount], head: task % layout.headCount,
        activations, scratch(worker))
    }
  }

  private func feedForward(
    _ plan: BatchPlan, _ view: BlockView, _ panels: BlockPanels, _ activations: BlockActivations,
    into output: Matrix
  ) {
    let norm = view.feedForwardNorm.map { Normalisation($0, configuration) }
    let scratch = normalised.prepare(
      rows: BatchPlan.largestBlock, columns: configuration.hiddenSize)
    let inner = activated.prepare(
      rows: BatchPlan.largestBlock, columns: configuration.intermediateSize)
    let activation = GatedActivation(configuration)
    pool.parallel(plan.rowBlocks.count) { task, worker in
      let rows = plan.rowBlocks[task]
      let middle = activations.middle.rows(rows)
      let hidden = scratch.rows(rows.count, of: worker)
      middle.copy(from: activations.input.rows(rows))
      project(
        activations.attention.rows(rows), panels.output, view.attentionOutputNorm,
        before: activations.attentionOutput.rows(rows), hidden, addingTo: middle)

      let x = normalise(middle, norm, hidden)
      let gate = activations.gate.rows(rows)
      let up = activations.up.rows(rows)
      panels.gate.multiply(x.plain, into: gate)
      panels.up.multiply(x.plain, into: up)

      let y = inner.rows(rows.count, of: worker)
      activation.apply(
        gate: gate.base, up: up.base, into: y.base, count: rows.count * gate.columnCount)
      output.rows(rows).copy(from: middle)
      project(
        y, panels.down, view.feedForwardOutputNorm,
        before: activations.feedForwardOutput.rows(rows), hidden, addingTo: output.rows(rows))
    }
  }

  /// Adds a layer's output, through the norm behind it if there is one, to the residual stream.
  /// `plain` keeps what it was before that norm.
  private func project(
    _ x: Matrix, _ layer: PanelFactor, _ norm: UnsafeMutablePointer<Float>?,
    before plain: Matrix, _ scratch: Matrix, addingTo stream: Matrix
  ) {
    guard let norm else {
      layer.multiply(x.plain, into: stream, accumulate: true)
      return
    }
    layer.multiply(x.plain, into: plain)
    Normalisation(norm, configuration).apply(plain, into: scratch)
    for row in 0..<stream.rowCount {
      add(scratch.row(row), to: stream.row(row), count: stream.columnCount)
    }
  }
}
