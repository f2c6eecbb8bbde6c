/// A model's weights as decoding reads them.
final class DecodingWeights {
  /// A block's linear layers.
  struct Block {
    let query: PanelWeights
    let key: PanelWeights
    let value: PanelWeights
    let output: PanelWeights
    let gate: PanelWeights
    let up: PanelWeights
    let down: PanelWeights

    fileprivate var layers: [PanelWeights] { [query, key, value, output, gate, up, down] }
  }

  let blocks: [Block]
  let head: PanelWeights
  /// The same numbers as float32 in rows: the model itself, or a copy with rounded linear layers.
  let rounded: Weights
  private let source: Weights
  private let precision: Precision

  /// Room for a model's weights. Nothing is there before ``refresh(_:)``.
  init(_ weights: Weights, _ precision: Precision) {
    source = weights
    self.precision = precision
    rounded = precision == .float32 ? weights : Weights(copying: weights)
    let views = weights.views
    func panels(_ view: LinearView) -> PanelWeights {
      PanelWeights(view.weight, bias: view.bias.map { UnsafePointer($0) }, precision)
    }
    blocks = views.blocks.map { view in
      Block(
        query: panels(view.query), key: panels(view.key), value: panels(view.value),
        output: PanelWeights(view.output, precision), gate: PanelWeights(view.gate, precision),
        up: PanelWeights(view.up, precision), down: PanelWeights(view.down, precision))
    }
    head = PanelWeights(views.head, precision)
  }

  /// Copies the weights as they are now.
  func refresh(_ pool: WorkerPool) {
    if precision != .float32 { roundCopy(pool) }
    let tasks = (blocks.flatMap(\.layers) + [head]).flatMap { layer in
      layer.pieces.map { (layer: layer, piece: $0) }
    }
    pool.parallel(tasks.count) { task, _ in tasks[task].layer.fill(tasks[task].piece) }
  }

  /// Norms and biases stay as they are; so does an embedding that is not the output layer too.
  private func roundCopy(_ pool: WorkerPool) {
    let entries = source.layout.entries
    pool.parallel(entries.count) { task, _ in
      let entry = entries[task]
      let from = source.buffer.base + entry.offset
      let to = rounded.buffer.base + entry.offset
      let isRounded = entry.decays && entry.name != "model.embed_tokens.weight"
      for index in 0..<entry.count {
        to[index] = isRounded ? precision.rounded(from[index]) : from[index]
      }
    }
  }
}
