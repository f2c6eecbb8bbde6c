/// The gradients of a block's linear layers, dW += dY^T X, in tiles of rows.
struct WeightGradients {
  private struct Tile {
    let product: LayerProduct
    let gradient: Matrix
    let rows: Range<Int>
  }

  private let format: PanelFormat
  private var memory: [FloatBuffer?] = []

  init(_ format: PanelFormat) { self.format = format }

  /// Adds the products, of which those with the same input follow each other.
  mutating func add(
    _ products: [LayerProduct], to gradients: BlockView, _ pool: WorkerPool
  ) {
    let tiles = products.flatMap { product in
      let gradient = gradients[product.layer].floats
      return WorkerPool.split(gradient.rowCount, into: (gradient.rowCount + 255) / 256)
        .map { Tile(product: product, gradient: gradient, rows: $0) }
    }
    guard format != .float32 else {
      pool.parallel(tiles.count) { task, _ in
        let tile = tiles[task]
        tile.gradient.rows(tile.rows).setProduct(
          tile.product.dOutput.columns(tile.rows).transposed, tile.product.input.plain,
          accumulate: true)
      }
      return
    }
    let inputs = panels(of: products, pool)
    pool.parallel(tiles.count) { task, _ in
      let tile = tiles[task]
      inputs[tile.product.input.base]?.multiply(
        tile.product.dOutput.columns(tile.rows).transposed,
        into: tile.gradient.rows(tile.rows), accumulate: true)
    }
  }

  /// The inputs in panels, by where they lie.
  private mutating func panels(
    of products: [LayerProduct], _ pool: WorkerPool
  ) -> [UnsafeMutablePointer<Float>: PanelFactor] {
    var panels: [UnsafeMutablePointer<Float>: PanelFactor] = [:]
    for input in products.map(\.input) where panels[input.base] == nil {
      if memory.count == panels.count { memory.append(nil) }
      let factor = PanelFactor(
        inner: input.rowCount, columns: input.columnCount, format, in: memory[panels.count])
      memory[panels.count] = factor.buffer
      factor.fill(with: input.plain, pool)
      panels[input.base] = factor
    }
    return panels
  }
}
