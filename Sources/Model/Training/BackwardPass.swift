/// The backward pass over the blocks and the embedding, added to the gradients.
///
/// Each block is four loops over tasks: rows (feed-forward layer), heads of families (attention),
/// rows (projections), tiles of the weights' gradients.
final class BackwardPass {
  let configuration: ModelConfiguration
  let parameters: ParameterViews
  let gradients: ParameterViews
  let layout: HeadLayout
  let pool: WorkerPool
  /// A copy of the block that is at hand.
  let panels: BlockPanels
  private var weightGradients: WeightGradients
  private var workspace: BackwardWorkspace

  /// A pass over a model whose weights and gradients outlive it.
  init(
    _ weights: Weights, gradients: FloatBuffer, _ pool: WorkerPool, _ format: PanelFormat
  ) {
    configuration = weights.configuration
    parameters = weights.views
    self.gradients = ParameterViews(weights.configuration, weights.layout, gradients)
    layout = HeadLayout(weights.configuration)
    self.pool = pool
    panels = BlockPanels(weights.configuration, .backward, format)
    weightGradients = WeightGradients(format)
    workspace = BackwardWorkspace(weights.configuration, pool)
  }

  /// The gradient of the residual stream after the last block, zeroed, for a batch.
  func prepare(_ plan: BatchPlan) -> Matrix {
    let stream = workspace.prepare(plan).stream
    pool.parallel(plan.rowBlocks.count) { task, _ in stream.rows(plan.rowBlocks[task]).fill(with: 0)
    }
    return stream
  }

  /// Goes back through all blocks, from the gradient that ``prepare(_:)`` lent and somebody filled.
  func run(_ plan: BatchPlan, _ trace: ForwardTrace, _ rotary: RotaryPositions) {
    let buffers = workspace.prepare(plan)
    var stream = buffers.stream
    var inputStream = buffers.otherStream
    for index in trace.blocks.indices.reversed() {
      panels.fill(with: parameters.blocks[index], pool)
      let step = BackwardStep(
        pass: self, plan: plan, view: parameters.blocks[index], gradient: gradients.blocks[index],
        activations: trace.blocks[index], buffers: buffers, stream: stream,
        inputStream: inputStream, rotary: rotary)
      step.feedForward()
      step.attention()
      step.projections()
      weightGradients.add(step.weightProducts, pool)
      swap(&stream, &inputStream)
    }
    embedding(plan, stream)
  }

  private func embedding(_ plan: BatchPlan, _ stream: Matrix) {
    let slices = BatchPlan.split(stream.columnCount, into: max(1, stream.columnCount / 64))
    pool.parallel(slices.count) { task, _ in
      let slice = slices[task]
      for (row, token) in plan.tokens.enumerated() {
        add(
          stream.row(row) + slice.lowerBound,
          to: gradients.embedding.row(Int(token)) + slice.lowerBound, count: slice.count)
      }
    }
  }
}

/// The memory of the backward pass, reused from block to block and batch to batch.
struct BackwardWorkspace {
  /// Views for one batch.
  struct Buffers {
    /// Gradients of the residual stream after and before a block, in turn.
    let stream: Matrix
    let otherStream: Matrix
    /// Gradient of the residual stream between attention and the feed-forward layer.
    let middle: Matrix
    /// The two norms' outputs, computed again.
    let attentionInput: Matrix
    let feedForwardInput: Matrix
    /// The activation of the feed-forward layer, computed again, and gradients in it.
    let activation: Matrix
    let gate: Matrix
    let up: Matrix
    /// Gradients of attention's output, of queries, keys and values, and of keys and values for
    /// each query head.
    let attention: Matrix
    let heads: Matrix
    let keysByQueryHead: Matrix
    let valuesByQueryHead: Matrix
    /// Each worker's own memory.
    let hidden: WorkerScratch.Shares
    let scores: WorkerScratch.Shares
    let scoreGradients: WorkerScratch.Shares
    /// Sums over rows by task: the two norms' weights, then the biases.
    let sums: PartialSums
  }

  private let configuration: ModelConfiguration
  private var memory = [ReusedBuffer](repeating: ReusedBuffer(), count: 12)
  private var hidden: WorkerScratch
  private var scores: WorkerScratch
  private var scoreGradients: WorkerScratch
  private var sums = PartialSums()

  init(_ configuration: ModelConfiguration, _ pool: WorkerPool) {
    self.configuration = configuration
    hidden = WorkerScratch(pool)
    scores = WorkerScratch(pool)
    scoreGradients = WorkerScratch(pool)
  }

  mutating func prepare(_ plan: BatchPlan) -> Buffers {
    let c = configuration
    let layout = HeadLayout(c)
    let queries = c.headCount * c.headSize
    let widths = [
      c.hiddenSize, c.hiddenSize, c.hiddenSize, c.hiddenSize, c.hiddenSize,
      c.intermediateSize, c.intermediateSize, c.intermediateSize, queries, layout.width, queries,
      queries,
    ]
    var views: [Matrix] = []
    for (index, width) in widths.enumerated() {
      views.append(memory[index].matrix(rows: plan.rowCount, columns: width))
    }
    let queryBlock = CausalAttention.queryBlock
    sums.prepare(tasks: plan.rowBlocks.count, columns: 2 * c.hiddenSize + layout.width)
    return Buffers(
      stream: views[0], otherStream: views[1], middle: views[2], attentionInput: views[3],
      feedForwardInput: views[4], activation: views[5], gate: views[6], up: views[7],
      attention: views[8], heads: views[9], keysByQueryHead: views[10],
      valuesByQueryHead: views[11],
      hidden: hidden.prepare(rows: BatchPlan.largestBlock, columns: c.hiddenSize),
      scores: scores.prepare(rows: queryBlock, columns: plan.longestSequence),
      scoreGradients: scoreGradients.prepare(rows: queryBlock, columns: plan.longestSequence),
      sums: sums)
  }
}
