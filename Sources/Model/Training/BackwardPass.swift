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
  func run(_ plan: BatchPlan, _ trace: ForwardTrace, _ rotary: LayerRotations) {
    let buffers = workspace.prepare(plan)
    var stream = buffers.stream
    var inputStream = buffers.otherStream
    for index in trace.blocks.indices.reversed() {
      panels.fill(with: parameters.blocks[index], pool)
      let step = BackwardStep(
        pass: self, plan: plan, view: parameters.blocks[index], gradient: gradients.blocks[index],
        activations: trace.blocks[index], buffers: buffers, stream: stream,
        inputStream: inputStream, rotation: rotary.of(index),
        window: configuration.window(of: index))
      step.feedForward()
      step.attention()
      step.projections()
      weightGradients.add(step.weightProducts, pool)
      swap(&stream, &inputStream)
    }
    embedding(plan, stream)
  }

  private func embedding(_ plan: BatchPlan, _ stream: Matrix) {
    let scale = configuration.embeddingScale
    let slices = WorkerPool.split(stream.columnCount, into: max(1, stream.columnCount / 64))
    pool.parallel(slices.count) { task, _ in
      let slice = slices[task]
      for (row, token) in plan.tokens.enumerated() {
        let gradient = gradients.embedding.row(Int(token)) + slice.lowerBound
        let part = stream.row(row) + slice.lowerBound
        if let scale {
          add(part, times: scale, to: gradient, count: slice.count)
        } else {
          add(part, to: gradient, count: slice.count)
        }
      }
    }
  }
}
