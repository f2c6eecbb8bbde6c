/// Copies of a block's linear layers in panels, which ``MergedLayers`` makes.
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
  let direction: Direction

  /// Room for a block of a model. Nothing is there before somebody fills it.
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
    _ configuration: ModelConfiguration, _ direction: Direction
  ) -> [(inner: Int, columns: Int)] {
    LinearLayer.allCases.map { layer in
      let (outputs, inputs) = layer.shape(configuration)
      return direction == .forward ? (inner: inputs, columns: outputs) : (outputs, inputs)
    }
  }

  subscript(layer: LinearLayer) -> PanelFactor {
    switch layer {
    case .query: query
    case .key: key
    case .value: value
    case .output: output
    case .gate: gate
    case .up: up
    case .down: down
    }
  }
}
