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
    let c = configuration
    let queries = c.headCount * c.headSize
    let keys = c.keyValueHeadCount * c.headSize
    func panels(_ outputs: Int, _ inputs: Int) -> PanelFactor {
      direction == .forward
        ? PanelFactor(inner: inputs, columns: outputs, format)
        : PanelFactor(inner: outputs, columns: inputs, format)
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
    pool.parallel(tasks.count) { index, _ in
      let task = tasks[index]
      task.panels.fill(
        task.piece, with: direction == .forward ? task.weight.transposed : task.weight.plain)
    }
  }
}
