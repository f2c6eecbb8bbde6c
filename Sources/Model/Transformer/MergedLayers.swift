/// The blocks' linear layers as products take them: in float32, and W + s B A where there are
/// adapters.
///
/// An element of W + s B A comes from the same operations wherever it is made, for the forward pass,
/// the backward pass, sampling, or a model that is published: all of them have the same model.
final class MergedLayers {
  private let views: ParameterViews
  private let adapters: Adapters?
  private let adapterViews: [[LinearLayer: AdapterView]]
  private let pool: WorkerPool
  private var scratch: WorkerScratch
  private var updates: [LinearLayer: LowRankUpdate] = [:]

  /// The layers of a model that outlives them.
  init(_ weights: Weights, _ adapters: Adapters?, _ pool: WorkerPool) {
    views = weights.views
    self.adapters = adapters
    adapterViews = adapters?.views ?? []
    self.pool = pool
    scratch = WorkerScratch(pool)
  }

  /// Columns of panels that are made at a time. A tile of the rows that become columns of the forward
  /// pass is one stretch of memory; one of columns needs some width to be read quickly.
  static func tileWidth(_ direction: BlockPanels.Direction) -> Int {
    direction == .forward ? PanelFactor.panelWidth : 4 * PanelFactor.panelWidth
  }

  /// Numbers of the largest tile.
  static func tileSize(_ c: ModelConfiguration, _ direction: BlockPanels.Direction) -> Int {
    let longest = LinearLayer.allCases.map { layer in
      let (outputs, inputs) = layer.shape(c)
      return direction == .forward ? inputs : outputs
    }
    return tileWidth(direction) * (longest.max() ?? 0)
  }

  /// Copies a block's layers as they are now.
  /// - Parameter adapted: Whether the adapters, if there are any, are in them.
  func fill(_ panels: BlockPanels, block: Int, adapted: Bool = true) {
    let view = views.blocks[block]
    let updates = adapted ? lowRankUpdates(of: block) : [:]
    let width = Self.tileWidth(panels.direction)
    let longest = LinearLayer.allCases.map { panels[$0].inner }.max() ?? 0
    let tiles = scratch.prepare(rows: 1, columns: width * longest)
    let tasks = LinearLayer.allCases.flatMap { layer in
      panels[layer].pieces.map { (layer: layer, piece: $0) }
    }
    pool.parallel(tasks.count) { index, worker in
      let (layer, piece) = tasks[index]
      let factor = panels[layer]
      if case .float32(let weight) = view[layer], updates[layer] == nil {
        let isForward = panels.direction == .forward
        factor.fill(piece, with: isForward ? weight.transposed : weight.plain)
        return
      }
      for start in stride(from: piece.lowerBound, to: piece.upperBound, by: width) {
        let columns = start..<min(piece.upperBound, start + width)
        fill(
          factor, columns, panels.direction, view[layer], updates[layer],
          tile: tiles.rows(1, of: worker).base)
      }
    }
  }

  private func fill(
    _ factor: PanelFactor, _ columns: Range<Int>, _ direction: BlockPanels.Direction,
    _ weight: HeldMatrix, _ update: LowRankUpdate?, tile memory: UnsafeMutablePointer<Float>
  ) {
    switch direction {
    case .forward:
      let tile = Matrix(memory, rows: columns.count, columns: weight.columnCount)
      weight.copy(rows: columns, columns: 0..<weight.columnCount, into: tile)
      update?.add(to: tile, rows: columns, columns: 0..<weight.columnCount)
      factor.fill(columns, withPart: tile.transposed)
    case .backward:
      let tile = Matrix(memory, rows: weight.rowCount, columns: columns.count)
      weight.copy(rows: 0..<weight.rowCount, columns: columns, into: tile)
      update?.add(to: tile, rows: 0..<weight.rowCount, columns: columns)
      factor.fill(columns, withPart: tile.plain)
    }
  }

  private func lowRankUpdates(of block: Int) -> [LinearLayer: LowRankUpdate] {
    guard let adapters else { return [:] }
    for layer in adapters.lora.targets {
      guard let view = adapterViews[block][layer] else { continue }
      updates[layer] = LowRankUpdate(view, scale: adapters.lora.scale, in: updates[layer])
    }
    return updates
  }
}

/// s B A of a layer, to be added to tiles of its weight.
struct LowRankUpdate {
  private let a: PanelFactor
  /// s B [outputs, rank].
  private let scaledB: FloatBuffer
  private let shape: (outputs: Int, rank: Int)

  /// - Parameter other: One whose memory is used again, if it is large enough.
  init(_ view: AdapterView, scale: Float, in other: LowRankUpdate? = nil) {
    shape = (view.b.rowCount, view.b.columnCount)
    a = PanelFactor(
      inner: view.a.rowCount, columns: view.a.columnCount, .float32, in: other?.a.buffer)
    for piece in a.pieces { a.fill(piece, with: view.a.plain) }
    let count = shape.outputs * shape.rank
    scaledB =
      other.flatMap { $0.scaledB.count >= count ? $0.scaledB : nil } ?? FloatBuffer(count: count)
    scaledB.base.update(from: view.b.base, count: count)
    multiply(scaledB.base, by: scale, count: count)
  }

  /// Adds what belongs to some rows and columns of the weight; columns begin with a panel.
  func add(to tile: Matrix, rows: Range<Int>, columns: Range<Int>) {
    let b = Matrix(scaledB.base, rows: shape.outputs, columns: shape.rank)
    a.multiply(columns, b.rows(rows).plain, intoPart: tile, accumulate: true)
  }
}

extension Weights {
  /// Lends the values of a parameter as the model with adapters has them, row-major, in float32.
  package func withValues<Result>(
    of entry: ParameterLayout.Placement, merging adapters: Adapters?,
    _ body: (UnsafeBufferPointer<Float>) throws -> Result
  ) rethrows -> Result {
    guard let adapters, let view = adapters.view(of: entry.name) else {
      return try withValues(of: entry, body)
    }
    let merged = FloatBuffer(count: entry.count)
    withValues(of: entry) { values in
      if let start = values.baseAddress { merged.base.update(from: start, count: entry.count) }
    }
    let tile = Matrix(merged.base, rows: entry.shape[0], columns: entry.shape[1])
    LowRankUpdate(view, scale: adapters.lora.scale)
      .add(to: tile, rows: 0..<tile.rowCount, columns: 0..<tile.columnCount)
    return try merged.withElements(0..<entry.count) { try body(UnsafeBufferPointer($0)) }
  }
}
