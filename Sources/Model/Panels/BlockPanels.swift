/// Copies of a block's linear layers in panels.
final class BlockPanels {
  let query: PanelWeights
  let key: PanelWeights
  let value: PanelWeights
  let output: PanelWeights
  let gate: PanelWeights
  let up: PanelWeights
  let down: PanelWeights

  /// Room for a block of a model. Nothing is there before ``fill(with:_:)``.
  init(
    _ configuration: ModelConfiguration, _ direction: PanelWeights.Direction,
    _ precision: Precision = .float32
  ) {
    let c = configuration
    let queries = c.headCount * c.headSize
    let keys = c.keyValueHeadCount * c.headSize
    func panels(_ outputs: Int, _ inputs: Int) -> PanelWeights {
      PanelWeights(outputs: outputs, inputs: inputs, direction, precision)
    }
    query = panels(queries, c.hiddenSize)
    key = panels(keys, c.hiddenSize)
    value = panels(keys, c.hiddenSize)
    output = panels(c.hiddenSize, queries)
    gate = panels(c.intermediateSize, c.hiddenSize)
    up = panels(c.intermediateSize, c.hiddenSize)
    down = panels(c.hiddenSize, c.intermediateSize)
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
    pool.parallel(tasks.count) { task, _ in
      tasks[task].panels.fill(tasks[task].piece, with: tasks[task].weight)
    }
  }
}
