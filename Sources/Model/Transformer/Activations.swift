/// What the forward pass of one block leaves behind.
struct BlockActivations {
  /// The residual stream that enters the block [rows, hidden].
  let input: Matrix
  /// Queries and keys (turned by their positions) and values [rows, HeadLayout.width].
  let heads: Matrix
  /// Queries and keys before their norms [rows, queries and keys]; no columns where there are none.
  let plainHeads: Matrix
  /// Attention's output before its projection [rows, heads * head size].
  let attention: Matrix
  /// log sum e^score of each row and head [rows, heads].
  let logSums: Matrix
  /// Attention's projection before the norm behind it [rows, hidden]; no columns where there is none.
  let attentionOutput: Matrix
  /// The residual stream after attention [rows, hidden].
  let middle: Matrix
  /// The two inner products of the feed-forward layer [rows, intermediate].
  let gate: Matrix
  let up: Matrix
  /// The feed-forward layer's output before the norm behind it [rows, hidden]; no columns where there
  /// is none.
  let feedForwardOutput: Matrix
}

/// What a forward pass leaves behind.
struct ForwardTrace {
  let blocks: [BlockActivations]
  /// The residual stream after the last block [rows, hidden].
  let output: Matrix
}

/// The memory of a forward pass, reused from batch to batch.
struct Activations {
  private var inputs: [ReusedBuffer] = []
  private var heads: [ReusedBuffer] = []
  private var plainHeads: [ReusedBuffer] = []
  private var attentions: [ReusedBuffer] = []
  private var logSums: [ReusedBuffer] = []
  private var attentionOutputs: [ReusedBuffer] = []
  private var middles: [ReusedBuffer] = []
  private var gates: [ReusedBuffer] = []
  private var ups: [ReusedBuffer] = []
  private var feedForwardOutputs: [ReusedBuffer] = []
  private let configuration: ModelConfiguration

  init(_ configuration: ModelConfiguration) { self.configuration = configuration }

  /// Makes room for a batch.
  /// - Parameter keepingBlocks: Whether each block has memory of its own, which the backward pass
  ///   needs; otherwise they share it.
  mutating func prepare(rows: Int, keepingBlocks: Bool) -> ForwardTrace {
    let c = configuration
    let queries = c.headCount * c.headSize
    let width = HeadLayout(c).width
    let plainHeadWidth = c.plainHeadWidth
    let outputWidth = c.plainOutputWidth
    var streams: [Matrix] = []
    for index in 0...c.layerCount {
      let slot = keepingBlocks ? index : index % 2
      streams.append(Self.take(&inputs, slot, rows, c.hiddenSize))
    }
    var blocks: [BlockActivations] = []
    for index in 0..<c.layerCount {
      let slot = keepingBlocks ? index : 0
      blocks.append(
        BlockActivations(
          input: streams[index],
          heads: Self.take(&heads, slot, rows, width),
          plainHeads: Self.take(&plainHeads, slot, rows, plainHeadWidth),
          attention: Self.take(&attentions, slot, rows, queries),
          logSums: Self.take(&logSums, slot, rows, c.headCount),
          attentionOutput: Self.take(&attentionOutputs, slot, rows, outputWidth),
          middle: Self.take(&middles, slot, rows, c.hiddenSize),
          gate: Self.take(&gates, slot, rows, c.intermediateSize),
          up: Self.take(&ups, slot, rows, c.intermediateSize),
          feedForwardOutput: Self.take(&feedForwardOutputs, slot, rows, outputWidth)))
    }
    return ForwardTrace(blocks: blocks, output: streams[c.layerCount])
  }

  private static func take(
    _ buffers: inout [ReusedBuffer], _ index: Int, _ rows: Int, _ columns: Int
  ) -> Matrix {
    while buffers.count <= index { buffers.append(ReusedBuffer()) }
    return buffers[index].matrix(rows: rows, columns: columns)
  }
}

extension ModelConfiguration {
  /// Columns of queries and keys that are kept as they were before their norms; 0 without norms.
  var plainHeadWidth: Int {
    architecture.family.queryKeyNorm == .none
      ? 0 : (headCount + keyValueHeadCount) * headSize
  }

  /// Columns of what attention and the feed-forward layer give before the norms behind them; 0
  /// without such norms.
  var plainOutputWidth: Int { architecture.family.norms == .before ? 0 : hiddenSize }
}
