/// Scaled dot-product attention of one head over one stretch, by blocks of queries.
///
/// Scores of a block exist only while it is worked on; the backward pass computes them again from
/// the logarithms of their sums (as in FlashAttention, Dao et al., 2022).
struct CausalAttention {
  /// How many queries are worked on at a time.
  static let queryBlock = 128

  let layout: HeadLayout
  /// How many tokens a token sees, itself among them; nil for all.
  let window: Int?

  /// Queries that are worked on together, and the keys that any of them sees.
  private struct QueryBlock {
    let rows: Range<Int>
    /// The keys of the stretch itself.
    let ownKeys: Range<Int>
    /// The keys of what the stretch continues.
    let prefix: Range<Int>
    /// The position of the block's first row, less that of its first key.
    let first: Int
    let window: Int?

    var keyCount: Int { prefix.count + ownKeys.count }
    var prefixColumns: Range<Int> { 0..<prefix.count }
    var ownColumns: Range<Int> { prefix.count..<keyCount }
    /// Which of the block's keys a row of it sees.
    func visible(_ index: Int) -> Range<Int> {
      let end = first + index + 1
      return max(0, end - (window ?? end))..<end
    }
  }

  private func queryBlocks(_ stretch: BatchPlan.Stretch) -> [QueryBlock] {
    stride(from: 0, to: stretch.rows.count, by: Self.queryBlock).map { first in
      let start = stretch.rows.lowerBound
      let end = start + min(first + Self.queryBlock, stretch.rows.count)
      let position = stretch.prefix.count + first
      let hidden = window.map { max(0, position + 1 - $0) } ?? 0
      let hiddenPrefix = min(hidden, stretch.prefix.count)
      return QueryBlock(
        rows: start + first..<end, ownKeys: start + hidden - hiddenPrefix..<end,
        prefix: stretch.prefix.dropFirst(hiddenPrefix), first: position - hidden, window: window)
    }
  }

  /// Sets the weights of keys that a row does not see.
  private func clear(_ row: UnsafeMutablePointer<Float>, but visible: Range<Int>, of count: Int) {
    row.update(repeating: 0, count: visible.lowerBound)
    (row + visible.upperBound).update(repeating: 0, count: count - visible.upperBound)
  }

  /// Computes the head's output and its log sums for all rows of a stretch.
  func forward(
    _ stretch: BatchPlan.Stretch, head: Int, _ activations: BlockActivations, scores: Matrix
  ) {
    let values = activations.heads.columns(layout.value(of: head))
    for block in queryBlocks(stretch) {
      let weights = computeScores(block, head: head, activations, into: scores)
      for index in 0..<block.rows.count {
        let row = weights.row(index)
        let visible = block.visible(index)
        let logSum = Softmax.apply(row + visible.lowerBound, count: visible.count)
        clear(row, but: visible, of: block.keyCount)
        activations.logSums.row(block.rows.lowerBound + index)[head] = logSum
      }
      let output = activations.attention.rows(block.rows).columns(layout.query(head))
      output.setProduct(weights.columns(block.ownColumns).plain, values.rows(block.ownKeys).plain)
      guard !block.prefix.isEmpty else { continue }
      output.setProduct(
        weights.columns(block.prefixColumns).plain, values.rows(block.prefix).plain,
        accumulate: true)
    }
  }

  private func computeScores(
    _ block: QueryBlock, head: Int, _ activations: BlockActivations, into scratch: Matrix
  ) -> Matrix {
    let scores = Matrix(
      scratch.base, rows: block.rows.count, columns: block.keyCount, stride: block.keyCount)
    let queries = activations.heads.rows(block.rows).columns(layout.query(head))
    let keys = activations.heads.columns(layout.key(of: head))
    scores.columns(block.ownColumns).setProduct(
      queries.plain, keys.rows(block.ownKeys).transposed, scale: layout.scoreScale)
    if !block.prefix.isEmpty {
      scores.columns(block.prefixColumns).setProduct(
        queries.plain, keys.rows(block.prefix).transposed, scale: layout.scoreScale)
    }
    return scores
  }

  /// The gradients of one head's queries, keys and values over a whole family of stretches.
  struct Gradients {
    /// Gradient of the attention's output [rows, heads * head size].
    let output: Matrix
    /// Gradient of the queries, written; columns as in `heads` of the activations.
    let queries: Matrix
    /// Gradients of keys and values, written; columns are query heads.
    let keys: Matrix
    let values: Matrix
  }

  /// Backward through one head of a family. Stretches that continue another add to its keys' and
  /// values' gradients, one after the other.
  func backward(
    _ family: [BatchPlan.Stretch], head: Int, _ activations: BlockActivations,
    _ gradients: Gradients, scores: Matrix, scoreGradients: Matrix
  ) {
    let columns = layout.query(head)
    for stretch in family {
      gradients.keys.rows(stretch.rows).columns(columns).fill(with: 0)
      gradients.values.rows(stretch.rows).columns(columns).fill(with: 0)
    }
    for stretch in family {
      for block in queryBlocks(stretch) {
        backward(
          block, head: head, activations, gradients, scores: scores,
          scoreGradients: scoreGradients)
      }
    }
  }

  private func backward(
    _ block: QueryBlock, head: Int, _ activations: BlockActivations, _ gradients: Gradients,
    scores: Matrix, scoreGradients: Matrix
  ) {
    let weights = computeScores(block, head: head, activations, into: scores)
    for index in 0..<block.rows.count {
      let row = weights.row(index)
      let visible = block.visible(index)
      let logSum = activations.logSums.row(block.rows.lowerBound + index)[head]
      Softmax.exponentials(row + visible.lowerBound, minus: logSum, count: visible.count)
      clear(row, but: visible, of: block.keyCount)
    }
    let dScores = Matrix(
      scoreGradients.base, rows: block.rows.count, columns: block.keyCount,
      stride: block.keyCount)
    backwardThroughValues(block, head: head, activations, gradients, weights, into: dScores)
    backwardThroughSoftmax(block, head: head, activations, gradients, weights, dScores)
    backwardThroughScores(block, head: head, activations, gradients, dScores)
  }

  /// dV += P^T dO and dP = dO V^T.
  private func backwardThroughValues(
    _ block: QueryBlock, head: Int, _ activations: BlockActivations, _ gradients: Gradients,
    _ weights: Matrix, into dWeights: Matrix
  ) {
    let values = activations.heads.columns(layout.value(of: head))
    let dValues = gradients.values.columns(layout.query(head))
    let dOutput = gradients.output.rows(block.rows).columns(layout.query(head))
    for (keys, columns) in [(block.prefix, block.prefixColumns), (block.ownKeys, block.ownColumns)]
    where !keys.isEmpty {
      dValues.rows(keys).setProduct(
        weights.columns(columns).transposed, dOutput.plain, accumulate: true)
      dWeights.columns(columns).setProduct(dOutput.plain, values.rows(keys).transposed)
    }
  }

  /// dS = P (dP - sum(P dP)), in place; the sum is that of dO O.
  private func backwardThroughSoftmax(
    _ block: QueryBlock, head: Int, _ activations: BlockActivations, _ gradients: Gradients,
    _ weights: Matrix, _ dWeights: Matrix
  ) {
    let output = activations.attention.rows(block.rows).columns(layout.query(head))
    let dOutput = gradients.output.rows(block.rows).columns(layout.query(head))
    for index in 0..<block.rows.count {
      let sum = dotProduct(output.row(index), dOutput.row(index), count: layout.headSize)
      Softmax.backward(
        weights.row(index), sum: sum, dWeights.row(index), count: block.keyCount)
    }
  }

  /// dQ = dS K and dK += dS^T Q, both times the scale of the scores.
  private func backwardThroughScores(
    _ block: QueryBlock, head: Int, _ activations: BlockActivations, _ gradients: Gradients,
    _ dScores: Matrix
  ) {
    let scale = layout.scoreScale
    let queries = activations.heads.rows(block.rows).columns(layout.query(head))
    let keys = activations.heads.columns(layout.key(of: head))
    let dQueries = gradients.queries.rows(block.rows).columns(layout.query(head))
    let dKeys = gradients.keys.columns(layout.query(head))
    dQueries.setProduct(
      dScores.columns(block.ownColumns).plain, keys.rows(block.ownKeys).plain, scale: scale)
    dKeys.rows(block.ownKeys).setProduct(
      dScores.columns(block.ownColumns).transposed, queries.plain, scale: scale, accumulate: true)
    guard !block.prefix.isEmpty else { return }
    dQueries.setProduct(
      dScores.columns(block.prefixColumns).plain, keys.rows(block.prefix).plain, scale: scale,
      accumulate: true)
    dKeys.rows(block.prefix).setProduct(
      dScores.columns(block.prefixColumns).transposed, queries.plain, scale: scale,
      accumulate: true)
  }
}

/// Where the heads of a token lie in its row of queries, keys and values.
struct HeadLayout {
  let headCount: Int
  let keyValueHeadCount: Int
  let headSize: Int
  /// What scores are multiplied by: one over the root of the head size, or of what the model says.
  let scoreScale: Float

  init(_ configuration: ModelConfiguration) {
    headCount = configuration.headCount
    keyValueHeadCount = configuration.keyValueHeadCount
    headSize = configuration.headSize
    scoreScale = 1 / Float(configuration.queryScale ?? Double(headSize)).squareRoot()
  }

  /// How many query heads share a key head.
  var groupSize: Int { headCount / keyValueHeadCount }
  /// Length of a row: all queries, then all keys, then all values.
  var width: Int { (headCount + 2 * keyValueHeadCount) * headSize }

  var queries: Range<Int> { 0..<headCount * headSize }
  var keys: Range<Int> {
    queries.upperBound..<queries.upperBound + keyValueHeadCount * headSize
  }
  var values: Range<Int> { keys.upperBound..<width }

  func query(_ head: Int) -> Range<Int> { head * headSize..<(head + 1) * headSize }
  /// The key that query head `head` looks at.
  func key(of head: Int) -> Range<Int> { keyHead(head / groupSize) }
  /// The value that query head `head` takes.
  func value(of head: Int) -> Range<Int> { valueHead(head / groupSize) }
  func keyHead(_ index: Int) -> Range<Int> {
    let start = keys.lowerBound + index * headSize
    return start..<start + headSize
  }
  func valueHead(_ index: Int) -> Range<Int> {
    let start = values.lowerBound + index * headSize
    return start..<start + headSize
  }
}
