/// The memory of the backward pass, reused from block to block and batch to batch.
struct BackwardWorkspace {
  struct Buffers {
    /// Gradients of the residual stream after and before a block, in turn [rows, hidden].
    let stream: Matrix
    let otherStream: Matrix
    /// Gradient of the residual stream between attention and the feed-forward layer [rows, hidden].
    let middle: Matrix
    /// The outputs of the norms in front, computed again [rows, hidden]; no columns where there are
    /// none.
    let attentionInput: Matrix
    let feedForwardInput: Matrix
    /// The activation of the feed-forward layer, computed again, and gradients in it
    /// [rows, intermediate].
    let activation: Matrix
    let gate: Matrix
    let up: Matrix
    /// Gradients of attention's projection and of the feed-forward layer's output before the norms
    /// behind them [rows, hidden]; no columns where there are none.
    let attentionOutput: Matrix
    let feedForwardOutput: Matrix
    /// Gradient of attention's output [rows, heads * head size].
    let attention: Matrix
    /// Gradients of queries, keys and values [rows, HeadLayout.width].
    let heads: Matrix
    /// Gradients of keys and values for each query head [rows, heads * head size].
    let keysByQueryHead: Matrix
    let valuesByQueryHead: Matrix
    /// Each worker's own memory.
    let hidden: WorkerScratch.Shares
    let attentionScratch: AttentionMemory.Shares
    /// Sums over rows by task: gradients of norms and biases.
    let sums: PartialSums
  }

  private let configuration: ModelConfiguration
  private var memory = [ReusedBuffer](repeating: ReusedBuffer(), count: 14)
  private var hidden: WorkerScratch
  private var attentionMemory: AttentionMemory
  private var sums = PartialSums()

  init(_ configuration: ModelConfiguration, _ pool: WorkerPool) {
    self.configuration = configuration
    hidden = WorkerScratch(pool)
    attentionMemory = AttentionMemory(pool, .backward)
  }

  mutating func prepare(_ plan: BatchPlan) -> Buffers {
    let c = configuration
    let layout = HeadLayout(c)
    let queries = c.headCount * c.headSize
    let inputs = c.architecture.family.norms == .after ? 0 : c.hiddenSize
    let widths = [
      c.hiddenSize, c.hiddenSize, c.hiddenSize, inputs, inputs,
      c.intermediateSize, c.intermediateSize, c.intermediateSize, queries, layout.width, queries,
      queries, c.plainOutputWidth, c.plainOutputWidth,
    ]
    var views: [Matrix] = []
    for (index, width) in widths.enumerated() {
      views.append(memory[index].matrix(rows: plan.rowCount, columns: width))
    }
    sums.prepare(tasks: plan.rowBlocks.count, columns: VectorColumns(c).count)
    return Buffers(
      stream: views[0], otherStream: views[1], middle: views[2], attentionInput: views[3],
      feedForwardInput: views[4], activation: views[5], gate: views[6], up: views[7],
      attentionOutput: views[12], feedForwardOutput: views[13],
      attention: views[8], heads: views[9], keysByQueryHead: views[10],
      valuesByQueryHead: views[11],
      hidden: hidden.prepare(rows: BatchPlan.largestBlock, columns: c.hiddenSize),
      attentionScratch: attentionMemory.prepare(keys: plan.longestSequence, layout),
      sums: sums)
  }
}

/// Where the gradients of a block's norms and biases lie in the sums of a task.
struct VectorColumns {
  let attentionNorm: Range<Int>
  let feedForwardNorm: Range<Int>
  let bias: Range<Int>
  /// Of the norms behind attention and the feed-forward layer; empty where there are none.
  let attentionOutputNorm: Range<Int>
  let feedForwardOutputNorm: Range<Int>
  /// Of the norms of queries and keys, one after the other; empty where there are none.
  let headNorms: Range<Int>

  var count: Int { headNorms.upperBound }

  init(_ configuration: ModelConfiguration) {
    let c = configuration
    var end = 0
    func next(_ count: Int) -> Range<Int> {
      defer { end += count }
      return end..<end + count
    }
    attentionNorm = next(c.hiddenSize)
    feedForwardNorm = next(c.hiddenSize)
    bias = next(HeadLayout(c).width)
    attentionOutputNorm = next(c.plainOutputWidth)
    feedForwardOutputNorm = next(c.plainOutputWidth)
    headNorms = next(c.plainHeadWidth)
  }
}
