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
    let panels = Self.shapes(configuration, direction).map {
      PanelFactor(inner: $0.inner, columns: $0.columns, format)
    }
    (query, key, value, output) = (panels[0], panels[1], panels[2], panels[3])
    (gate, up, down) = (panels[4], panels[5], panels[6])
  }

  /// Bytes of the copies of a block.
  static func byteCount(
    _ configuration: ModelConfiguration, _ direction: Direction, _ format: PanelFormat
  ) -> Int {
    shapes(configuration, direction).reduce(0) {
      $0 + PanelFactor.byteCount(inner: $1.inner, columns: $1.columns, format)
    }
  }

  /// The factors' shapes, in the order in which they are declared.
  private static func shapes(
    _ c: ModelConfiguration, _ direction: Direction
  ) -> [(inner: Int, columns: Int)] {
    let queries = c.headCount * c.headSize
    let keys = c.keyValueHeadCount * c.headSize
    let layers: [(outputs: Int, inputs: Int)] = [
      (queries, c.hiddenSize), (keys, c.hiddenSize), (keys, c.hiddenSize),
      (c.hiddenSize, queries), (c.intermediateSize, c.hiddenSize),
      (c.intermediateSize, c.hiddenSize), (c.hiddenSize, c.intermediateSize),
    ]
    return layers.map {
      direction == .forward ? (inner: $0.inputs, columns: $0.outputs) : ($0.outputs, $0.inputs)
    }
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
