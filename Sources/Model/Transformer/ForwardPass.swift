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

/// What the forward pass of one block leaves behind.
struct BlockActivations {
  /// The residual stream that enters the block [rows, hidden].
  let input: Matrix
  /// Queries and keys (turned by their positions) and values [rows, HeadLayout.width].
  let heads: Matrix
  /// Attention's output before its projection [rows, heads * head size].
  let attention: Matrix
  /// log sum e^score of each row and head [rows, heads].
  let logSums: Matrix
  /// The residual stream after attention [rows, hidden].
  let middle: Matrix
  /// The two inner products of the feed-forward layer [rows, intermediate].
  let gate: Matrix
  let up: Matrix
}

/// What a forward pass leaves behind.
struct ForwardTrace {
  let blocks: [BlockActivations]
  /// The residual stream after the last block [rows, hidden].
  let output: Matrix
}

/// The memory of a forward pass, reused from batch to batch.
struct Activations {
  private var inputs: [ReusedBuffer] = []
  private var heads: [ReusedBuffer] = []
  private var attentions: [ReusedBuffer] = []
  private var logSums: [ReusedBuffer] = []
  private var middles: [ReusedBuffer] = []
  private var gates: [ReusedBuffer] = []
  private var ups: [ReusedBuffer] = []
  private let configuration: ModelConfiguration

  init(_ configuration: ModelConfiguration) { self.configuration = configuration }

  /// Makes room for a batch.
  /// - Parameter keepingBlocks: Whether each block has memory of its own, which the backward pass
  ///   needs; otherwise they share it.
  mutating func prepare(rows: Int, keepingBlocks: Bool) -> ForwardTrace {
    let c = configuration
    let queries = c.headCount * c.headSize
    let width = HeadLayout(c).width
    var streams: [Matrix] = []
    for index in 0...c.layerCount {
      let slot = keepingBlocks ? index : index % 2
      streams.append(Self.take(&inputs, slot, rows, c.hiddenSize))
    }
    var blocks: [BlockActivations] = []
    for index in 0..<c.layerCount {
      let slot = keepingBlocks ? index : 0
      blocks.append(
        BlockActivations(
          input: streams[index],
          heads: Self.take(&heads, slot, rows, width),
          attention: Self.take(&attentions, slot, rows, queries),
          logSums: Self.take(&logSums, slot, rows, c.headCount),
          middle: Self.take(&middles, slot, rows, c.hiddenSize),
          gate: Self.take(&gates, slot, rows, c.intermediateSize),
          up: Self.take(&ups, slot, rows, c.intermediateSize)))
    }
    return ForwardTrace(blocks: blocks, output: streams[c.layerCount])
  }

  private static func take(
    _ buffers: inout [ReusedBuffer], _ index: Int, _ rows: Int, _ columns: Int
  ) -> Matrix {
    while buffers.count <= index { buffers.append(ReusedBuffer()) }
    return buffers[index].matrix(rows: rows, columns: columns)
  }
}

/// Copies of a block's linear layers in panels.
final class BlockPanels {
  /// Which products the copies are for.
  enum Direction {
    case forward
    /// dx = dy W.
    case backward
  }

  let query: PanelFactor
  let key: PanelFactor
  let value: PanelFactor
  let output: PanelFactor
  let gate: PanelFactor
  let up: PanelFactor
  let down: PanelFactor
  private let direction: Direction

  /// Room for a block of a model. Nothing is there before ``fill(with:_:)``.
  init(_ configuration: ModelConfiguration, _ direction: Direction, _ format: PanelFormat) {
    self.direction = direction
    let panels = Self.shapes(configuration, direction).map {
      PanelFactor(inner: $0.inner, columns: $0.columns, format)
    }
    (query, key, value, output) = (panels[0], panels[1], panels[2], panels[3])
    (gate, up, down) = (panels[4], panels[5], panels[6])
  }

  /// Bytes of the copies of a block.
  static func byteCount(
    _ configuration: ModelConfiguration, _ direction: Direction, _ format: PanelFormat
  ) -> Int {
    shapes(configuration, direction).reduce(0) {
      $0 + PanelFactor.byteCount(inner: $1.inner, columns: $1.columns, format)
    }
  }

  /// The factors' shapes, in the order in which they are declared.
  private static func shapes(
    _ c: ModelConfiguration, _ direction: Direction
  ) -> [(inner: Int, columns: Int)] {
    let queries = c.headCount * c.headSize
    let keys = c.keyValueHeadCount * c.headSize
    let layers: [(outputs: Int, inputs: Int)] = [
      (queries, c.hiddenSize), (keys, c.hiddenSize), (keys, c.hiddenSize),
      (c.hiddenSize, queries), (c.intermediateSize, c.hiddenSize),
      (c.intermediateSize, c.hiddenSize), (c.hiddenSize, c.intermediateSize),
    ]
    return layers.map {
      direction == .forward ? (inner: $0.inputs, columns: $0.outputs) : ($0.outputs, $0.inputs)
    }
  }

  /// Copies a block's weights as they are now.
  func fill(with view: BlockView, _ pool: WorkerPool) {
    let layers = [
      (query, view.query.weight), (key, view.key.weight), (value, view.value.weight),
      (output, view.output), (gate, view.gate), (up, view.up), (down, view.down),
    ]
    let tasks = layers.flatMap { panels, weight in
      panels.pieces.map { (panels: panels, weight: weight, piece: $0) }
    }
    pool.parallel(tasks.count) { index, _ in
      let task = tasks[index]
      task.panels.fill(
        task.piece, with: direction == .forward ? task.weight.transposed : task.weight.plain)
    }
  }
}
