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
    let slices = WorkerPool.split(stream.columnCount, into: max(1, stream.columnCount / 64))
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
  struct Buffers {
    /// Gradients of the residual stream after and before a block, in turn [rows, hidden].
    let stream: Matrix
    let otherStream: Matrix
    /// Gradient of the residual stream between attention and the feed-forward layer [rows, hidden].
    let middle: Matrix
    /// The two norms' outputs, computed again [rows, hidden].
    let attentionInput: Matrix
    let feedForwardInput: Matrix
    /// The activation of the feed-forward layer, computed again, and gradients in it
    /// [rows, intermediate].
    let activation: Matrix
    let gate: Matrix
    let up: Matrix
    /// Gradient of attention's output [rows, heads * head size].
    let attention: Matrix
    /// Gradients of queries, keys and values [rows, HeadLayout.width].
    let heads: Matrix
    /// Gradients of keys and values for each query head [rows, heads * head size].
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

struct BackwardStep {
  let pass: BackwardPass
  let plan: BatchPlan
  let view: BlockView
  let gradient: BlockView
  let activations: BlockActivations
  let buffers: BackwardWorkspace.Buffers
  /// Gradient of the residual stream after the block [rows, hidden], given.
  let stream: Matrix
  /// Gradient of the residual stream before the block [rows, hidden], to be written.
  let inputStream: Matrix
  let rotary: RotaryPositions

  private var hiddenSize: Int { pass.configuration.hiddenSize }
  private var attentionNormColumns: Range<Int> { 0..<hiddenSize }
  private var feedForwardNormColumns: Range<Int> { hiddenSize..<2 * hiddenSize }
  private var biasColumns: Range<Int> { 2 * hiddenSize..<2 * hiddenSize + pass.layout.width }

  private func normalisation(_ weight: UnsafeMutablePointer<Float>) -> Normalisation {
    Normalisation(
      weight: weight, width: hiddenSize, epsilon: Float(pass.configuration.normEpsilon))
  }

  /// From the gradient of the block's output to those of the middle stream and attention's output.
  func feedForward() {
    let norm = normalisation(view.feedForwardNorm)
    buffers.sums.parts.fill(with: 0)
    pass.pool.parallel(plan.rowBlocks.count) { task, worker in
      let rows = plan.rowBlocks[task]
      let gate = buffers.gate.rows(rows)
      let up = buffers.up.rows(rows)
      pass.panels.down.multiply(stream.rows(rows).plain, into: gate)
      GatedActivation.backward(
        gate: activations.gate.rows(rows).base, up: activations.up.rows(rows).base, dy: gate.base,
        activation: buffers.activation.rows(rows).base, dGate: gate.base, dUp: up.base,
        count: rows.count * gate.columnCount)

      let dInput = buffers.hidden.rows(rows.count, of: worker)
      pass.panels.gate.multiply(gate.plain, into: dInput)
      pass.panels.up.multiply(up.plain, into: dInput, accumulate: true)
      norm.apply(activations.middle.rows(rows), into: buffers.feedForwardInput.rows(rows))
      for (index, row) in rows.enumerated() {
        norm.backward(
          activations.middle.row(row), dInput.row(index), adding: stream.row(row),
          into: buffers.middle.row(row),
          weightGradient: buffers.sums.parts.row(task) + feedForwardNormColumns.lowerBound)
      }
      pass.panels.output.multiply(
        buffers.middle.rows(rows).plain, into: buffers.attention.rows(rows))
    }
    buffers.sums.add(feedForwardNormColumns, to: gradient.feedForwardNorm)
  }

  /// From the gradient of attention's output to those of queries, and of keys and values by head.
  func attention() {
    let attention = CausalAttention(layout: pass.layout)
    let gradients = CausalAttention.Gradients(
      output: buffers.attention, queries: buffers.heads, keys: buffers.keysByQueryHead,
      values: buffers.valuesByQueryHead)
    let heads = pass.layout.headCount
    pass.pool.parallel(plan.families.count * heads) { task, worker in
      attention.backward(
        plan.families[task / heads], head: task % heads, activations, gradients,
        scores: buffers.scores.rows(CausalAttention.queryBlock, of: worker),
        scoreGradients: buffers.scoreGradients.rows(CausalAttention.queryBlock, of: worker))
    }
  }

  /// From the gradients of queries, keys and values to that of the block's input.
  func projections() {
    let layout = pass.layout
    let norm = normalisation(view.attentionNorm)
    pass.pool.parallel(plan.rowBlocks.count) { task, worker in
      let rows = plan.rowBlocks[task]
      let heads = buffers.heads.rows(rows)
      for (index, row) in rows.enumerated() {
        gatherHeads(row)
        if pass.configuration.attentionBias {
          add(
            heads.row(index), to: buffers.sums.parts.row(task) + biasColumns.lowerBound,
            count: layout.width)
        }
      }
      let dInput = buffers.hidden.rows(rows.count, of: worker)
      pass.panels.query.multiply(heads.columns(layout.queries).plain, into: dInput)
      pass.panels.key.multiply(heads.columns(layout.keys).plain, into: dInput, accumulate: true)
      pass.panels.value.multiply(heads.columns(layout.values).plain, into: dInput, accumulate: true)
      norm.apply(activations.input.rows(rows), into: buffers.attentionInput.rows(rows))
      for (index, row) in rows.enumerated() {
        norm.backward(
          activations.input.row(row), dInput.row(index), adding: buffers.middle.row(row),
          into: inputStream.row(row),
          weightGradient: buffers.sums.parts.row(task) + attentionNormColumns.lowerBound)
      }
    }
    buffers.sums.add(attentionNormColumns, to: gradient.attentionNorm)
    addBiasGradients()
  }

  /// Sums keys' and values' gradients over the query heads that share them, and turns queries' and
  /// keys' back.
  private func gatherHeads(_ row: Int) {
    let layout = pass.layout
    let heads = buffers.heads.row(row)
    for index in 0..<layout.keyValueHeadCount {
      gather(
        buffers.keysByQueryHead.row(row), index, into: heads + layout.keyHead(index).lowerBound)
      gather(
        buffers.valuesByQueryHead.row(row), index, into: heads + layout.valueHead(index).lowerBound)
    }
    for head in 0..<layout.headCount + layout.keyValueHeadCount {
      rotary.rotate(
        heads + head * layout.headSize, position: plan.positions[row], backwards: true)
    }
  }

  private func gather(
    _ byQueryHead: UnsafeMutablePointer<Float>, _ index: Int,
    into sum: UnsafeMutablePointer<Float>
  ) {
    let size = pass.layout.headSize
    let first = byQueryHead + index * pass.layout.groupSize * size
    sum.update(from: first, count: size)
    for other in 1..<max(1, pass.layout.groupSize) {
      add(first + other * size, to: sum, count: size)
    }
  }

  private func addBiasGradients() {
    let start = biasColumns.lowerBound
    for (linear, columns) in [
      (gradient.query, pass.layout.queries), (gradient.key, pass.layout.keys),
      (gradient.value, pass.layout.values),
    ] {
      guard let bias = linear.bias else { continue }
      buffers.sums.add(start + columns.lowerBound..<start + columns.upperBound, to: bias)
    }
  }

  /// The linear layers' gradients and what they are made of.
  var weightProducts: [WeightGradients.Product] {
    let layout = pass.layout
    return [
      (gradient.down, stream, buffers.activation),
      (gradient.gate, buffers.gate, buffers.feedForwardInput),
      (gradient.up, buffers.up, buffers.feedForwardInput),
      (gradient.output, buffers.middle, activations.attention),
      (gradient.query.weight, buffers.heads.columns(layout.queries), buffers.attentionInput),
      (gradient.key.weight, buffers.heads.columns(layout.keys), buffers.attentionInput),
      (gradient.value.weight, buffers.heads.columns(layout.values), buffers.attentionInput),
    ].map { WeightGradients.Product(gradient: $0, dOutput: $1, input: $2) }
  }
}

/// The gradients of a block's linear layers, dW += dY^T X, in tiles of rows.
struct WeightGradients {
  struct Product {
    let gradient: Matrix
    let dOutput: Matrix
    let input: Matrix
  }

  private struct Tile {
    let product: Product
    let rows: Range<Int>
  }

  private let format: PanelFormat
  private var memory: [FloatBuffer?] = []

  init(_ format: PanelFormat) { self.format = format }

  /// Adds the products, of which those with the same input follow each other.
  mutating func add(_ products: [Product], _ pool: WorkerPool) {
    let tiles = products.flatMap { product in
      WorkerPool.split(product.gradient.rowCount, into: (product.gradient.rowCount + 255) / 256)
        .map { Tile(product: product, rows: $0) }
    }
    guard format != .float32 else {
      pool.parallel(tiles.count) { task, _ in
        let tile = tiles[task]
        tile.product.gradient.rows(tile.rows).setProduct(
          tile.product.dOutput.columns(tile.rows).transposed, tile.product.input.plain,
          accumulate: true)
      }
      return
    }
    let inputs = panels(of: products, pool)
    pool.parallel(tiles.count) { task, _ in
      let tile = tiles[task]
      inputs[tile.product.input.base]?.multiply(
        tile.product.dOutput.columns(tile.rows).transposed,
        into: tile.product.gradient.rows(tile.rows), accumulate: true)
    }
  }

  /// The inputs in panels, by where they lie.
  private mutating func panels(
    of products: [Product], _ pool: WorkerPool
  ) -> [UnsafeMutablePointer<Float>: PanelFactor] {
    var panels: [UnsafeMutablePointer<Float>: PanelFactor] = [:]
    for input in products.map(\.input) where panels[input.base] == nil {
      if memory.count == panels.count { memory.append(nil) }
      let factor = PanelFactor(
        inner: input.rowCount, columns: input.columnCount, format, in: memory[panels.count])
      memory[panels.count] = factor.buffer
      factor.fill(with: input.plain, pool)
      panels[input.base] = factor
    }
    return panels
  }
}
