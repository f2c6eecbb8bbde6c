/// The way back through one block.
struct BackwardStep {
  let pass: BackwardPass
  let plan: BatchPlan
  let view: BlockView
  /// Where the gradients of the block's norms and biases go; nil where these are frozen.
  let gradient: BlockView?
  let activations: BlockActivations
  let buffers: BackwardWorkspace.Buffers
  /// Gradient of the residual stream after the block [rows, hidden], given.
  let stream: Matrix
  /// Gradient of the residual stream before the block [rows, hidden], to be written.
  let inputStream: Matrix
  /// How the layer turns queries and keys; nil where it does not.
  let rotation: RotaryPositions?
  /// How many tokens the layer sees; nil for all.
  let window: Int?

  private var columns: VectorColumns { VectorColumns(pass.configuration) }

  private func normalisation(_ weight: UnsafeMutablePointer<Float>?) -> Normalisation? {
    weight.map { Normalisation($0, pass.configuration) }
  }

  /// The gradient of the feed-forward layer's output, and of attention's projection.
  private var feedForwardOutputGradient: Matrix {
    view.feedForwardOutputNorm == nil ? stream : buffers.feedForwardOutput
  }
  private var attentionOutputGradient: Matrix {
    view.attentionOutputNorm == nil ? buffers.middle : buffers.attentionOutput
  }
  /// What attention and the feed-forward layer took in: the norms' outputs, computed again.
  private var attentionInput: Matrix {
    view.attentionNorm == nil ? activations.input : buffers.attentionInput
  }
  private var feedForwardInput: Matrix {
    view.feedForwardNorm == nil ? activations.middle : buffers.feedForwardInput
  }

  /// From the gradient of the block's output to those of the middle stream and attention's output.
  func feedForward() {
    let columns = self.columns
    let norm = normalisation(view.feedForwardNorm)
    let activation = GatedActivation(pass.configuration)
    buffers.sums.parts.fill(with: 0)
    pass.pool.parallel(plan.rowBlocks.count) { task, worker in
      let rows = plan.rowBlocks[task]
      let sums = buffers.sums.parts.row(task)
      let gate = buffers.gate.rows(rows)
      let up = buffers.up.rows(rows)
      throughNormBehind(
        view.feedForwardOutputNorm, activations.feedForwardOutput, stream, rows,
        into: buffers.feedForwardOutput, sums + columns.feedForwardOutputNorm.lowerBound)
      pass.panels.down.multiply(feedForwardOutputGradient.rows(rows).plain, into: gate)
      activation.backward(
        gate: activations.gate.rows(rows).base, up: activations.up.rows(rows).base, dy: gate.base,
        activation: buffers.activation.rows(rows).base, dGate: gate.base, dUp: up.base,
        count: rows.count * gate.columnCount)

      let dInput = buffers.hidden.rows(rows.count, of: worker)
      pass.panels.gate.multiply(gate.plain, into: dInput)
      pass.panels.up.multiply(up.plain, into: dInput, accumulate: true)
      throughNormBefore(
        norm, activations.middle, dInput, rows, output: buffers.feedForwardInput, adding: stream,
        into: buffers.middle, sums + columns.feedForwardNorm.lowerBound)
      throughNormBehind(
        view.attentionOutputNorm, activations.attentionOutput, buffers.middle, rows,
        into: buffers.attentionOutput, sums + columns.attentionOutputNorm.lowerBound)
      pass.panels.output.multiply(
        attentionOutputGradient.rows(rows).plain, into: buffers.attention.rows(rows))
    }
    buffers.sums.add(columns.feedForwardNorm, to: gradient?.feedForwardNorm)
    buffers.sums.add(columns.attentionOutputNorm, to: gradient?.attentionOutputNorm)
    buffers.sums.add(columns.feedForwardOutputNorm, to: gradient?.feedForwardOutputNorm)
  }

  /// Through the norm in front of a layer, if there is one: `dx` = `add` + the gradient of what went
  /// in, where `dInput` is that of what came out; which is computed again into `output`.
  private func throughNormBefore(
    _ norm: Normalisation?, _ x: Matrix, _ dInput: Matrix, _ rows: Range<Int>, output: Matrix,
    adding add: Matrix, into dx: Matrix, _ weightGradient: UnsafeMutablePointer<Float>
  ) {
    guard let norm else {
      dx.rows(rows).copy(from: add.rows(rows))
      for (index, row) in rows.enumerated() {
        Model.add(dInput.row(index), to: dx.row(row), count: dx.columnCount)
      }
      return
    }
    norm.apply(x.rows(rows), into: output.rows(rows))
    for (index, row) in rows.enumerated() {
      norm.backward(
        x.row(row), dInput.row(index), adding: add.row(row), into: dx.row(row),
        weightGradient: weightGradient)
    }
  }

  /// Through the norm behind a layer, if there is one: from the gradient `dy` of what it gave to
  /// that of what it took, `x`.
  private func throughNormBehind(
    _ weight: UnsafeMutablePointer<Float>?, _ x: Matrix, _ dy: Matrix, _ rows: Range<Int>,
    into dx: Matrix, _ weightGradient: UnsafeMutablePointer<Float>
  ) {
    guard let norm = normalisation(weight) else { return }
    for row in rows {
      norm.backward(
        x.row(row), dy.row(row), adding: nil, into: dx.row(row), weightGradient: weightGradient)
    }
  }

  /// From the gradient of attention's output to those of queries, and of keys and values by head.
  func attention() {
    let attention = CausalAttention(layout: pass.layout, window: window)
    let gradients = CausalAttention.Gradients(
      output: buffers.attention, queries: buffers.heads, keys: buffers.keysByQueryHead,
      values: buffers.valuesByQueryHead)
    let heads = pass.layout.headCount
    pass.pool.parallel(plan.families.count * heads) { task, worker in
      attention.backward(
        plan.families[task / heads], head: task % heads, activations, gradients,
        buffers.attentionScratch(worker))
    }
  }

  /// From the gradients of queries, keys and values to that of the block's input.
  func projections() {
    let layout = pass.layout
    let columns = self.columns
    let norm = normalisation(view.attentionNorm)
    let headNorms = HeadNormalisation(view, pass.configuration)
    pass.pool.parallel(plan.rowBlocks.count) { task, worker in
      let rows = plan.rowBlocks[task]
      let sums = buffers.sums.parts.row(task)
      let heads = buffers.heads.rows(rows)
      for (index, row) in rows.enumerated() {
        gatherHeads(row)
        headNorms?.backward(
          activations.plainHeads.row(row), heads.row(index),
          weightGradients: sums + columns.headNorms.lowerBound)
        if pass.configuration.attentionBias {
          add(heads.row(index), to: sums + columns.bias.lowerBound, count: layout.width)
        }
      }
      let dInput = buffers.hidden.rows(rows.count, of: worker)
      pass.panels.query.multiply(heads.columns(layout.queries).plain, into: dInput)
      pass.panels.key.multiply(heads.columns(layout.keys).plain, into: dInput, accumulate: true)
      pass.panels.value.multiply(heads.columns(layout.values).plain, into: dInput, accumulate: true)
      throughNormBefore(
        norm, activations.input, dInput, rows, output: buffers.attentionInput,
        adding: buffers.middle, into: inputStream, sums + columns.attentionNorm.lowerBound)
    }
    buffers.sums.add(columns.attentionNorm, to: gradient?.attentionNorm)
    if let headNorms {
      let start = columns.headNorms.lowerBound
      buffers.sums.add(headNorms.queryColumns.shifted(by: start), to: gradient?.queryNorm)
      buffers.sums.add(headNorms.keyColumns.shifted(by: start), to: gradient?.keyNorm)
    }
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
    rotation?.rotate(heads, layout, position: plan.positions[row], backwards: true)
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
    guard let gradient else { return }
    let start = columns.bias.lowerBound
    for (linear, columns) in [
      (gradient.query, pass.layout.queries), (gradient.key, pass.layout.keys),
      (gradient.value, pass.layout.values),
    ] {
      guard let bias = linear.bias else { continue }
      buffers.sums.add(columns.shifted(by: start), to: bias)
    }
  }

  /// What the gradients of the linear layers are made of, those with the same input in a row.
  var layerProducts: [LayerProduct] {
    let layout = pass.layout
    let heads = buffers.heads
    return [
      LayerProduct(.down, feedForwardOutputGradient, buffers.activation),
      LayerProduct(.gate, buffers.gate, feedForwardInput),
      LayerProduct(.up, buffers.up, feedForwardInput),
      LayerProduct(.output, attentionOutputGradient, activations.attention),
      LayerProduct(.query, heads.columns(layout.queries), attentionInput),
      LayerProduct(.key, heads.columns(layout.keys), attentionInput),
      LayerProduct(.value, heads.columns(layout.values), attentionInput),
    ]
  }
}

/// The gradient of a linear layer's output [rows, outputs], and the layer's input [rows, inputs].
struct LayerProduct {
  let layer: LinearLayer
  let dOutput: Matrix
  let input: Matrix

  init(_ layer: LinearLayer, _ dOutput: Matrix, _ input: Matrix) {
    self.layer = layer
    self.dOutput = dOutput
    self.input = input
  }
}

extension Range<Int> {
  fileprivate func shifted(by offset: Int) -> Range<Int> {
    lowerBound + offset..<upperBound + offset
  }
}
