/// Scaled dot-product attention of one head over one stretch, by blocks of queries.
///
/// Scores of a block exist only while it is worked on; the backward pass computes them again from
/// the logarithms of their sums (as in FlashAttention, Dao et al., 2022). A few rows of a block at a
/// time meet only the keys that the last of them sees.
struct CausalAttention {
  /// How many queries are worked on at a time.
  static let queryBlock = 128
  /// How many of them meet the same keys: a whole number of the kernels' tiles.
  private static let strip = 24

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
    /// Both, with their columns among the scores.
    var parts: [(keys: Range<Int>, columns: Range<Int>)] {
      let own = (ownKeys, prefix.count..<keyCount)
      return prefix.isEmpty ? [own] : [own, (prefix, 0..<prefix.count)]
    }
    /// Rows, counted from the block's first, that meet the same keys.
    var strips: [Range<Int>] {
      stride(from: 0, to: rows.count, by: CausalAttention.strip).map {
        ($0..<min($0 + CausalAttention.strip, rows.count))
      }
    }
    /// The rows of a strip among all.
    func rows(_ strip: Range<Int>) -> Range<Int> {
      rows.lowerBound + strip.lowerBound..<rows.lowerBound + strip.upperBound
    }
    /// How many keys the rows of a strip see.
    func keyCount(of strip: Range<Int>) -> Int { first + strip.upperBound }
    /// Columns of a part which are nobody's future, and the rows that see them: what lies before the
    /// block all of them, its own keys the strip that has the same rows and those behind it.
    func tiles(of part: (keys: Range<Int>, columns: Range<Int>)) -> [(
      columns: Range<Int>, rows: Range<Int>
    )] {
      let before = min(first, part.columns.upperBound)
      let earlier = part.columns.lowerBound..<before
      let tiles = earlier.isEmpty ? [] : [(earlier, 0..<rows.count)]
      guard part.columns.upperBound > first else { return tiles }
      return tiles
        + strips.map { (first + $0.lowerBound..<first + $0.upperBound, $0.lowerBound..<rows.count) }
    }
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

  /// Factors in a worker's memory, one behind the other.
  private struct Factors {
    var next: UnsafeMutablePointer<Float>

    mutating func copy(_ factor: Matrix.Factor) -> HeadFactor {
      let copy = HeadFactor(factor, in: next)
      next += HeadFactor.floatCount(inner: factor.rowCount, columns: factor.columnCount)
      return copy
    }
  }

  /// Keys and values of one part of a block.
  private struct Part {
    let keys: Range<Int>
    /// Among the scores.
    let columns: Range<Int>
    let tiles: [(columns: Range<Int>, rows: Range<Int>)]
    /// Keys, each of them a column.
    let keyColumns: HeadFactor
    /// Forward the values; backward the keys, each of them a row.
    let rows: HeadFactor
    /// Backward the values, each of them a column.
    let valueColumns: HeadFactor?
  }

  private func parts(
    _ block: QueryBlock, _ keys: Matrix, _ values: Matrix, _ factors: inout Factors, backward: Bool
  ) -> [Part] {
    block.parts.map { part in
      let keyRows = keys.rows(part.keys)
      let valueRows = values.rows(part.keys)
      return Part(
        keys: part.keys, columns: part.columns, tiles: backward ? block.tiles(of: part) : [],
        keyColumns: factors.copy(keyRows.transposed),
        rows: factors.copy(backward ? keyRows.plain : valueRows.plain),
        valueColumns: backward ? factors.copy(valueRows.transposed) : nil)
    }
  }

  /// Sets the weights of keys that a row does not see.
  private func clear(_ row: UnsafeMutablePointer<Float>, but visible: Range<Int>, of count: Int) {
    row.update(repeating: 0, count: visible.lowerBound)
    (row + visible.upperBound).update(repeating: 0, count: count - visible.upperBound)
  }

  /// Multiplies a strip's rows with keys or values in columns, as far as the strip sees them. What
  /// comes behind that in `products` is spoilt.
  private func multiply(
    _ rows: Matrix, _ parts: [Part], _ factor: (Part) -> HeadFactor?, seen: Int,
    scale: Float = 1, into products: Matrix
  ) {
    // The last panel of what comes first may reach into what comes behind, which is written later.
    for part in parts.reversed() {
      let columns = part.columns.clamped(to: 0..<seen)
      let width = PanelFactor.panelWidth
      let whole = (columns.count + width - 1) / width * width
      factor(part)?.multiply(
        rows.plain, into: products.columns(columns.lowerBound..<columns.lowerBound + whole),
        scale: scale)
    }
  }

  /// The products of a strip's weights, or their gradients, with the parts' rows.
  private func multiply(
    _ weights: Matrix, _ parts: [Part], seen: Int, scale: Float = 1, into products: Matrix
  ) {
    for (index, part) in parts.enumerated() {
      let columns = part.columns.clamped(to: 0..<seen)
      part.rows.multiply(
        weights.columns(columns).plain, rows: 0..<columns.count, into: products, scale: scale,
        accumulate: index > 0)
    }
  }

  /// Computes the head's output and its log sums for all rows of a stretch.
  func forward(
    _ stretch: BatchPlan.Stretch, head: Int, _ activations: BlockActivations,
    _ scratch: AttentionMemory.Share
  ) {
    let keys = activations.heads.columns(layout.key(of: head))
    let values = activations.heads.columns(layout.value(of: head))
    for block in queryBlocks(stretch) {
      var factors = Factors(next: scratch.factors)
      let parts = parts(block, keys, values, &factors, backward: false)
      for strip in block.strips {
        let rows = block.rows(strip)
        let seen = block.keyCount(of: strip)
        let weights = scratch.scores.rows(strip)
        multiply(
          activations.heads.rows(rows).columns(layout.query(head)), parts, \.keyColumns, seen: seen,
          scale: layout.scoreScale, into: weights)
        for (index, row) in zip(strip, rows) {
          let weights = scratch.scores.row(index)
          let visible = block.visible(index)
          let logSum = Softmax.apply(weights + visible.lowerBound, count: visible.count)
          clear(weights, but: visible, of: seen)
          activations.logSums.row(row)[head] = logSum
        }
        multiply(
          weights, parts, seen: seen,
          into: activations.attention.rows(rows).columns(layout.query(head)))
      }
    }
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
    _ gradients: Gradients, _ scratch: AttentionMemory.Share
  ) {
    let columns = layout.query(head)
    for stretch in family {
      gradients.keys.rows(stretch.rows).columns(columns).fill(with: 0)
      gradients.values.rows(stretch.rows).columns(columns).fill(with: 0)
    }
    for stretch in family {
      for block in queryBlocks(stretch) {
        backward(block, head: head, activations, gradients, scratch)
      }
    }
  }

  private func backward(
    _ block: QueryBlock, head: Int, _ activations: BlockActivations, _ gradients: Gradients,
    _ scratch: AttentionMemory.Share
  ) {
    let query = layout.query(head)
    let dOutput = gradients.output.rows(block.rows).columns(query)
    var factors = Factors(next: scratch.factors)
    let parts = parts(
      block, activations.heads.columns(layout.key(of: head)),
      activations.heads.columns(layout.value(of: head)), &factors, backward: true)
    for strip in block.strips {
      let seen = block.keyCount(of: strip)
      computeWeights(block, strip, head: head, activations, parts, scratch.scores)
      // dP = dO V^T
      let dScores = scratch.scoreGradients.rows(strip)
      multiply(dOutput.rows(strip), parts, \.valueColumns, seen: seen, into: dScores)
      throughSoftmax(block, strip, head: head, activations, dOutput, scratch)
      // dQ = dS K
      multiply(
        dScores, parts, seen: seen, scale: layout.scoreScale,
        into: gradients.queries.rows(block.rows(strip)).columns(query))
    }
    // dV += P^T dO and dK += dS^T Q
    let output = factors.copy(dOutput.plain)
    let queries = factors.copy(activations.heads.rows(block.rows).columns(query).plain)
    for part in parts {
      for tile in part.tiles {
        let keys = tile.columns.lowerBound - part.columns.lowerBound + part.keys.lowerBound
        let rows = keys..<keys + tile.columns.count
        output.multiply(
          scratch.scores.rows(tile.rows).columns(tile.columns).transposed, rows: tile.rows,
          into: gradients.values.rows(rows).columns(query), accumulate: true)
        queries.multiply(
          scratch.scoreGradients.rows(tile.rows).columns(tile.columns).transposed, rows: tile.rows,
          into: gradients.keys.rows(rows).columns(query), scale: layout.scoreScale,
          accumulate: true)
      }
    }
  }

  /// The weights of a strip, from the log sums that the forward pass left.
  private func computeWeights(
    _ block: QueryBlock, _ strip: Range<Int>, head: Int, _ activations: BlockActivations,
    _ parts: [Part], _ scores: Matrix
  ) {
    let seen = block.keyCount(of: strip)
    let rows = block.rows(strip)
    multiply(
      activations.heads.rows(rows).columns(layout.query(head)), parts, \.keyColumns, seen: seen,
      scale: layout.scoreScale, into: scores.rows(strip))
    for (index, row) in zip(strip, rows) {
      let weights = scores.row(index)
      let visible = block.visible(index)
      Softmax.exponentials(
        weights + visible.lowerBound, minus: activations.logSums.row(row)[head],
        count: visible.count)
      clear(weights, but: visible, of: seen)
    }
  }

  /// dS = P (dP - sum(P dP)), in place; the sum is that of dO O.
  private func throughSoftmax(
    _ block: QueryBlock, _ strip: Range<Int>, head: Int, _ activations: BlockActivations,
    _ dOutput: Matrix, _ scratch: AttentionMemory.Share
  ) {
    let output = activations.attention.rows(block.rows).columns(layout.query(head))
    for index in strip {
      let sum = dotProduct(output.row(index), dOutput.row(index), count: layout.headSize)
      Softmax.backward(
        scratch.scores.row(index), sum: sum, scratch.scoreGradients.row(index),
        count: block.keyCount(of: strip))
    }
  }
}
