/// The backward pass through one block.
struct BackwardStep {
  let pass: BackwardPass
  let plan: BatchPlan
  let view: BlockView
  let gradient: BlockView
  let activations: BlockActivations
  let buffers: BackwardWorkspace.Buffers
  /// Gradient of the residual stream after the block, given.
  let stream: Matrix
  /// Gradient of the residual stream before the block, to be written.
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
