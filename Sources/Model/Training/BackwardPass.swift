/// The backward pass over the blocks and the embedding, added to the gradients of the weights or of
/// the adapters.
///
/// Each block is four loops over tasks: rows (feed-forward layer), heads of families (attention),
/// rows (projections), tiles of the weights' gradients.
final class BackwardPass {
  let configuration: ModelConfiguration
  let parameters: ParameterViews
  /// Of the weights; nil where these are frozen.
  let gradients: ParameterViews?
  let layout: HeadLayout
  let pool: WorkerPool
  let panels: BlockPanels
  private let layers: MergedLayers
  private var weightGradients: WeightGradients
  private var adapterGradients: AdapterGradients?
  private var workspace: BackwardWorkspace

  /// A pass over a model whose weights, adapters and gradients outlive it.
  /// - Parameter gradients: Of the adapters, where there are any; else of the weights.
  init(
    _ weights: Weights, _ adapters: Adapters?, gradients: FloatBuffer, _ layers: MergedLayers,
    _ pool: WorkerPool, _ format: PanelFormat
  ) {
    configuration = weights.configuration
    parameters = weights.views
    self.gradients =
      adapters == nil ? ParameterViews(weights.configuration, weights.layout, gradients) : nil
    adapterGradients = adapters.map { AdapterGradients($0, gradients) }
    self.layers = layers
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
      pool.measure(.copies) { layers.fill(panels, block: index) }
      let step = BackwardStep(
        pass: self, plan: plan, view: parameters.blocks[index], gradient: gradients?.blocks[index],
        activations: trace.blocks[index], buffers: buffers, stream: stream,
        inputStream: inputStream, rotation: rotary.of(index),
        window: configuration.window(of: index))
      pool.measure(.feedForward) { step.feedForward() }
      pool.measure(.attention) { step.attention() }
      pool.measure(.projections) { step.projections() }
      pool.measure(.weightGradients) {
        if let gradient = gradients?.blocks[index] {
          weightGradients.add(step.layerProducts, to: gradient, pool)
        }
        adapterGradients?.add(step.layerProducts, plan.rowBlocks, block: index, pool)
      }
      swap(&stream, &inputStream)
    }
    if let gradients { embedding(plan, stream, gradients) }
  }

  private func embedding(_ plan: BatchPlan, _ stream: Matrix, _ gradients: ParameterViews) {
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
