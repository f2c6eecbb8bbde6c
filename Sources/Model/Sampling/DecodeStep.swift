import CKernels

/// One step of decoding for several sequences: each sequence's last token in, the logits of its next
/// one out. A sequence's logits do not depend on the others, nor on the threads.
final class DecodeStep {
  struct Row {
    let token: Int32
    let prompt: KeyValueCache
    /// Keys and values of the completion, with room for this token at the end.
    let completion: KeyValueCache

    var position: Int { prompt.count + completion.count - 1 }
    var keyCount: Int { position + 1 }
  }

  private let configuration: ModelConfiguration
  private let parameters: ParameterViews
  private let weights: DecodingWeights
  private let layout: HeadLayout
  private let pool: WorkerPool
  private let memory: FloatBuffer
  private let stream: Matrix
  private let normalised: Matrix
  /// A layer's output before the norm behind it; no columns where there is none.
  private let projected: Matrix
  private let heads: Matrix
  private let attention: Matrix
  private let gate: Matrix
  private let up: Matrix
  private let logits: Matrix
  private var rotary: LayerRotations
  private var scratch: WorkerScratch

  /// Memory for up to `batchSize` sequences.
  init(_ weights: DecodingWeights, batchSize: Int, _ pool: WorkerPool) {
    let c = weights.weights.configuration
    let layout = HeadLayout(c)
    let queries = layout.queries.count
    let widths = [
      c.hiddenSize, c.hiddenSize, layout.width, queries, c.intermediateSize, c.intermediateSize,
      c.vocabularySize, c.plainOutputWidth,
    ]
    let memory = FloatBuffer(count: batchSize * widths.reduce(0, +))
    var offset = 0
    let matrices = widths.map { width in
      defer { offset += batchSize * width }
      return Matrix(memory.base + offset, rows: batchSize, columns: width)
    }
    self.memory = memory
    (stream, normalised, heads, attention) = (matrices[0], matrices[1], matrices[2], matrices[3])
    (gate, up, logits, projected) = (matrices[4], matrices[5], matrices[6], matrices[7])
    configuration = c
    parameters = weights.weights.views
    self.weights = weights
    self.layout = layout
    self.pool = pool
    rotary = LayerRotations(c)
    scratch = WorkerScratch(pool)
  }

  /// Computes the logits of each row's next token; they are good until the next call.
  func run(_ rows: [Row]) -> Matrix {
    precondition(rows.count <= stream.rowCount)
    let longest = rows.map(\.keyCount).max() ?? 0
    rotary.prepare(longest)
    let groups = DecodeAttention.groups(rows, layout)
    let scratch = scratch.prepare(
      rows: (groups.map(\.count).max() ?? 0) * layout.groupSize,
      columns: DecodeAttention.scratchWidth(keys: longest, layout))
    embed(rows)
    for (layer, view) in parameters.blocks.enumerated() {
      let block = weights.blocks[layer]
      pool.measure(.projections) {
        computeHeads(rows.count, normalise(rows.count, view.attentionNorm), block, view)
      }
      pool.measure(.attention) { attend(rows, groups, layer: layer, scratch) }
      pool.measure(.feedForward) {
        project(rows.count, attention, block.output, view.attentionOutputNorm)
        feedForward(rows.count, normalise(rows.count, view.feedForwardNorm), block)
        project(rows.count, gate, block.down, view.feedForwardOutputNorm)
      }
    }
    pool.measure(.output) {
      let x = normalise(rows.count, parameters.finalNorm)
      weights.head.multiply(x.plain, into: logits, pool)
    }
    return logits.rows(0..<rows.count)
  }

  private func embed(_ rows: [Row]) {
    let scale = configuration.embeddingScale
    for (index, row) in rows.enumerated() {
      let embedding = parameters.embedding.row(Int(row.token))
      stream.row(index).update(from: embedding, count: stream.columnCount)
      if let scale { multiply(stream.row(index), by: scale, count: stream.columnCount) }
    }
  }

  /// The stream normalised, or as it is where there is no norm.
  private func normalise(_ rows: Int, _ weight: UnsafeMutablePointer<Float>?) -> Matrix {
    guard let weight else { return stream.rows(0..<rows) }
    Normalisation(weight, configuration).apply(stream.rows(0..<rows), into: normalised)
    return normalised.rows(0..<rows)
  }

  /// Adds a layer's output, through the norm behind it if there is one, to the stream.
  private func project(
    _ rows: Int, _ x: Matrix, _ layer: PanelFactor, _ norm: UnsafeMutablePointer<Float>?
  ) {
    let x = x.rows(0..<rows).plain
    guard let norm else { return layer.multiply(x, into: stream, accumulate: true, pool) }
    layer.multiply(x, into: projected, pool)
    for row in 0..<rows {
      Normalisation(norm, configuration).apply(projected.row(row), into: projected.row(row))
      add(projected.row(row), to: stream.row(row), count: stream.columnCount)
    }
  }

  private func computeHeads(_ rows: Int, _ x: Matrix, _ block: BlockPanels, _ view: BlockView) {
    let layers = [
      (block.query, view.query.bias, layout.queries), (block.key, view.key.bias, layout.keys),
      (block.value, view.value.bias, layout.values),
    ]
    let tasks = layers.flatMap { panels, bias, columns in
      panels.pieces.map { (panels: panels, piece: $0, bias: bias, columns: columns) }
    }
    pool.parallel(tasks.count) { index, _ in
      let task = tasks[index]
      task.panels.multiply(
        task.piece, x.plain, into: heads.columns(task.columns),
        bias: task.bias.map { UnsafePointer($0) })
    }
    guard let norms = HeadNormalisation(view, configuration) else { return }
    for row in 0..<rows { norms.apply(heads.row(row)) }
  }

  /// The activation of the feed-forward layer, in `gate`.
  private func feedForward(_ rows: Int, _ x: Matrix, _ block: BlockPanels) {
    let x = x.plain
    let activation = GatedActivation(configuration)
    pool.parallel(block.gate.pieces.count) { task, _ in
      let piece = block.gate.pieces[task]
      block.gate.multiply(piece, x, into: gate)
      block.up.multiply(piece, x, into: up)
      for row in 0..<rows {
        let y = gate.row(row) + piece.lowerBound
        activation.apply(
          gate: y, up: up.row(row) + piece.lowerBound, into: y, count: piece.count)
      }
    }
  }

  private func attend(
    _ rows: [Row], _ groups: [Range<Int>], layer: Int, _ scratch: WorkerScratch.Shares
  ) {
    let rotation = rotary.of(layer)
    let window = configuration.window(of: layer)
    pool.parallel(groups.count * configuration.keyValueHeadCount) { task, worker in
      let group = groups[task % groups.count]
      let head = DecodeAttention(
        layout: layout, layer: layer, head: task / groups.count, rows: rows[group], window: window)
      head.run(
        heads.rows(group), rotation, into: attention.rows(group),
        scratch.rows(group.count * layout.groupSize, of: worker))
    }
  }
}

/// Copies of a model's linear layers as sampling reads them.
final class DecodingWeights {
  let blocks: [BlockPanels]
  let head: PanelFactor
  /// The model, whose norms and embedding are used as they are.
  let weights: Weights
  private let layers: MergedLayers
  private let pool: WorkerPool

  /// Room for a model's weights. Nothing is there before ``refresh()``.
  init(_ weights: Weights, _ adapters: Adapters?, _ precision: Precision, _ pool: WorkerPool) {
    self.weights = weights
    self.pool = pool
    layers = MergedLayers(weights, adapters, pool)
    let c = weights.configuration
    let format = PanelFormat(precision)
    blocks = (0..<c.layerCount).map { _ in BlockPanels(c, .forward, format) }
    head = PanelFactor(inner: c.hiddenSize, columns: c.vocabularySize, format)
  }

  /// Copies the weights as they are now, the adapters in them.
  func refresh() {
    pool.measure(.copies) {
      for (block, panels) in blocks.enumerated() { layers.fill(panels, block: block) }
      head.fill(with: weights.views.head.transposed, pool)
    }
  }
}
