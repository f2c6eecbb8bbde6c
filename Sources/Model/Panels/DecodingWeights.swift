/// Copies of a model's linear layers as sampling reads them.
final class DecodingWeights {
  let blocks: [BlockPanels]
  let head: PanelWeights
  /// The model, whose norms and embedding are used as they are.
  let weights: Weights

  /// Room for a model's weights. Nothing is there before ``refresh(_:)``.
  init(_ weights: Weights, _ precision: Precision) {
    self.weights = weights
    let c = weights.configuration
    blocks = (0..<c.layerCount).map { _ in BlockPanels(c, .forward, precision) }
    head = PanelWeights(
      outputs: c.vocabularySize, inputs: c.hiddenSize, .forward, precision)
  }

  /// Copies the weights as they are now.
  func refresh(_ pool: WorkerPool) {
    let views = weights.views
    for (panels, view) in zip(blocks, views.blocks) { panels.fill(with: view, pool) }
    pool.parallel(head.pieces.count) { task, _ in
      head.fill(head.pieces[task], with: views.head)
    }
  }
}
