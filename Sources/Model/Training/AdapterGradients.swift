/// The gradients of a block's adapters.
///
/// With y = (W + s B A) x, h = A x and dh = s B^T dy, summed over rows: dA += dh x^T and
/// dB += s dy h^T. The weight's own gradient is never made.
struct AdapterGradients {
  private let adapters: [[LinearLayer: AdapterView]]
  private let gradients: [[LinearLayer: AdapterView]]
  private let scale: Float
  private let rank: Int
  private var memory = ReusedBuffer()

  /// Gradients of adapters, laid out as these.
  init(_ adapters: Adapters, _ gradients: FloatBuffer) {
    self.adapters = adapters.views
    self.gradients = adapters.views(of: gradients)
    scale = adapters.lora.scale
    rank = adapters.lora.rank
  }

  /// One layer with what its gradients are made of.
  private struct Layer {
    let product: LayerProduct
    let adapter: AdapterView
    let gradient: AdapterView
    /// x A^T and s dy B [rows, rank].
    let hidden: Matrix
    let dHidden: Matrix
  }

  /// Adds the gradients of a block, as far as its layers have adapters.
  mutating func add(
    _ products: [LayerProduct], _ rowBlocks: [Range<Int>], block: Int, _ pool: WorkerPool
  ) {
    let layers = layers(products, block)
    pool.parallel(layers.count * rowBlocks.count) { task, _ in
      let layer = layers[task / rowBlocks.count]
      let rows = rowBlocks[task % rowBlocks.count]
      layer.hidden.rows(rows).setProduct(
        layer.product.input.rows(rows).plain, layer.adapter.a.transposed)
      layer.dHidden.rows(rows).setProduct(
        layer.product.dOutput.rows(rows).plain, layer.adapter.b.plain, scale: scale)
    }
    let tiles = layers.flatMap { layer in
      ranges(layer.gradient.a.columnCount).map { (layer: layer, isA: true, range: $0) }
        + ranges(layer.gradient.b.rowCount).map { (layer: layer, isA: false, range: $0) }
    }
    pool.parallel(tiles.count) { task, _ in
      let (layer, isA, range) = tiles[task]
      if isA {
        layer.gradient.a.columns(range).setProduct(
          layer.dHidden.transposed, layer.product.input.columns(range).plain, accumulate: true)
      } else {
        layer.gradient.b.rows(range).setProduct(
          layer.product.dOutput.columns(range).transposed, layer.hidden.plain, scale: scale,
          accumulate: true)
      }
    }
  }

  private mutating func layers(_ products: [LayerProduct], _ block: Int) -> [Layer] {
    let adapted = products.filter { adapters[block][$0.layer] != nil }
    let hidden = memory.matrix(
      rows: products.first?.input.rowCount ?? 0, columns: 2 * rank * adapted.count)
    return adapted.enumerated().compactMap { index, product in
      guard let adapter = adapters[block][product.layer],
        let gradient = gradients[block][product.layer]
      else { return nil }
      let start = 2 * rank * index
      return Layer(
        product: product, adapter: adapter, gradient: gradient,
        hidden: hidden.columns(start..<start + rank),
        dHidden: hidden.columns(start + rank..<start + 2 * rank))
    }
  }

  /// How the work is divided, which the number of threads has no part in.
  private func ranges(_ count: Int) -> [Range<Int>] {
    WorkerPool.split(count, into: (count + 511) / 512)
  }
}
