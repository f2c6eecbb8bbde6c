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
    forwardPass = ForwardPass(weights, pool, panels: decoding.blocks)
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
    Normalisation(
      weight: parameters.finalNorm, width: configuration.hiddenSize,
      epsilon: Float(configuration.normEpsilon)
    ).apply(row, into: input.base)
    return [Float](unsafeUninitializedCapacity: configuration.vocabularySize) { buffer, count in
      count = configuration.vocabularySize
      guard let base = buffer.baseAddress else { return }
      head.multiply(input.plain, into: Matrix(base, rows: 1, columns: count), pool)
    }
  }
}
