/// Copies of a model's linear layers as sampling reads them.
final class DecodingWeights {
  let blocks: [BlockPanels]
  let head: PanelFactor
  /// The model, whose norms and embedding are used as they are.
  let weights: Weights

  /// Room for a model's weights. Nothing is there before ``refresh(_:)``.
  init(_ weights: Weights, _ precision: Precision) {
    self.weights = weights
    let c = weights.configuration
    let format = PanelFormat.decoding(precision)
    blocks = (0..<c.layerCount).map { _ in BlockPanels(c, .forward, format) }
    head = PanelFactor(inner: c.hiddenSize, columns: c.vocabularySize, format)
  }

  /// Copies the weights as they are now.
  func refresh(_ pool: WorkerPool) {
    let views = weights.views
    for (panels, view) in zip(blocks, views.blocks) { panels.fill(with: view, pool) }
    head.fill(with: views.head.transposed, pool)
  }
}
