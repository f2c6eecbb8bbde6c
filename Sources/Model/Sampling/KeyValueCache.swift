import CKernels

/// Keys and values of a few positions in all blocks of a model, in panels: a query's scores and the
/// sum of values are products with them.
final class KeyValueBlock {
  /// How many positions there is room for; a whole number of panels.
  static let length = 4 * PanelFactor.panelWidth

  /// Panels of positions [head size, positions].
  let keys: HeadPanels
  /// Panels of elements [positions, head size].
  let values: HeadPanels

  init(_ configuration: ModelConfiguration) {
    let size = configuration.headSize
    keys = HeadPanels(configuration, columns: Self.length, inner: size)
    values = HeadPanels(configuration, columns: size, inner: Self.length)
  }
}

/// A matrix in panels for each key head of each block.
struct HeadPanels {
  private let heads: Int
  /// Rows of each panel.
  private let inner: Int
  /// Floats of one head.
  private let size: Int
  private let memory: FloatBuffer

  init(_ configuration: ModelConfiguration, columns: Int, inner: Int) {
    heads = configuration.keyValueHeadCount
    self.inner = inner
    let width = PanelFactor.panelWidth
    size = (columns + width - 1) / width * width * inner
    memory = FloatBuffer(count: configuration.layerCount * heads * size)
  }

  private func base(layer: Int, head: Int) -> UnsafeMutablePointer<Float> {
    memory.base + (layer * heads + head) * size
  }

  func write(_ column: UnsafePointer<Float>, to index: Int, layer: Int, head: Int) {
    let width = PanelFactor.panelWidth
    let start = base(layer: layer, head: head) + index / width * width * inner + index % width
    for row in 0..<inner { start[row * width] = column[row] }
  }

  /// Writes the first `count` elements of a row.
  func writeRow(_ row: UnsafePointer<Float>, count: Int, to index: Int, layer: Int, head: Int) {
    let width = PanelFactor.panelWidth
    var start = base(layer: layer, head: head) + index * width
    for first in stride(from: 0, to: count, by: width) {
      start.update(from: row + first, count: min(width, count - first))
      start += width * inner
    }
  }

  /// y = x F or y += x F, where F are the first rows and columns of a head's matrix.
  func multiply(
    _ x: Matrix, layer: Int, head: Int, columns: Int, inner: Int, into y: Matrix, accumulate: Bool
  ) {
    let factor = ck_panel_factor(
      panels: base(layer: layer, head: head), format: PanelFormat.float32.rawValue,
      columns: columns,
      inner: inner, capacity: self.inner)
    ck_multiply_panels(
      PanelFactor.instructionSet, ck_row_factor(base: x.base, stride: x.stride, step: 1),
      x.rowCount, factor, nil, 1,
      Int32(accumulate ? CK_ADD : CK_SET), y.base, y.stride)
  }
}

/// Keys and values of a stretch of positions, which grows at its end.
struct KeyValueCache {
  private(set) var blocks: [KeyValueBlock] = []
  private(set) var count = 0
  private let configuration: ModelConfiguration

  init(_ configuration: ModelConfiguration) { self.configuration = configuration }

  mutating func extend(by positions: Int) {
    count += positions
    while blocks.count * KeyValueBlock.length < count {
      blocks.append(KeyValueBlock(configuration))
    }
  }

  func write(
    _ position: Int, layer: Int, head: Int, key: UnsafePointer<Float>, value: UnsafePointer<Float>
  ) {
    let block = blocks[position / KeyValueBlock.length]
    let index = position % KeyValueBlock.length
    block.keys.write(key, to: index, layer: layer, head: head)
    block.values.writeRow(
      value, count: configuration.headSize, to: index, layer: layer, head: head)
  }

  /// Whether these are the same keys and values in the same memory.
  func isSame(as other: KeyValueCache) -> Bool {
    count == other.count && blocks.elementsEqual(other.blocks, by: ===)
  }

  /// Calls `body` with each block, its first position and how many of its positions are filled.
  func forEachRun(_ body: (_ block: KeyValueBlock, _ first: Int, _ count: Int) -> Void) {
    for (index, block) in blocks.enumerated() {
      let first = index * KeyValueBlock.length
      body(block, first, min(KeyValueBlock.length, count - first))
    }
  }
}

/// A prompt that the model has read: what all its completions share.
final class PromptCache {
  let keysAndValues: KeyValueCache
  /// The logits of the first new token.
  let logits: [Float]

  init(keysAndValues: KeyValueCache, logits: [Float]) {
    self.keysAndValues = keysAndValues
    self.logits = logits
  }
}

/// Reads prompts, each by itself, so that the result depends on nothing else.
final class PromptReader {
  private let configuration: ModelConfiguration
  private let parameters: ParameterViews
  private let head: PanelFactor
  private let pool: WorkerPool
  private let forwardPass: ForwardPass
  private let layout: HeadLayout
  private var normalised = ReusedBuffer()

  /// A reader of the prompts of a model whose weights outlive it.
  init(_ decoding: DecodingWeights, _ pool: WorkerPool) {
    let weights = decoding.weights
    head = decoding.head
    configuration = weights.configuration
    parameters = weights.views
    layout = HeadLayout(weights.configuration)
    self.pool = pool
    forwardPass = ForwardPass(weights, pool, .copies(decoding.blocks))
  }

  func read(_ prompt: [Int32]) -> PromptCache {
    var cache = KeyValueCache(configuration)
    cache.extend(by: prompt.count)
    let batch = PackedBatch(tokens: prompt, segments: [.init(start: 0, count: prompt.count)])
    let trace = forwardPass.run(BatchPlan(batch), keepingBlocks: false) { layer, activations in
      copy(activations.heads, layer: layer, into: cache)
    }
    return PromptCache(
      keysAndValues: cache, logits: logits(of: trace.output.row(prompt.count - 1)))
  }

  private func copy(_ heads: Matrix, layer: Int, into cache: KeyValueCache) {
    pool.parallel(configuration.keyValueHeadCount) { head, _ in
      for position in 0..<heads.rowCount {
        let row = heads.row(position)
        cache.write(
          position, layer: layer, head: head, key: row + layout.keyHead(head).lowerBound,
          value: row + layout.valueHead(head).lowerBound)
      }
    }
  }

  private func logits(of row: UnsafeMutablePointer<Float>) -> [Float] {
    let input = normalised.matrix(rows: 1, columns: configuration.hiddenSize)
    Normalisation(parameters.finalNorm, configuration).apply(row, into: input.base)
    return [Float](unsafeUninitializedCapacity: configuration.vocabularySize) { buffer, count in
      count = configuration.vocabularySize
      guard let base = buffer.baseAddress else { return }
      head.multiply(input.plain, into: Matrix(base, rows: 1, columns: count), pool)
    }
  }
}
