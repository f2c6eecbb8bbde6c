/// Attention of new tokens that share a prompt, for the query heads that share one key head.
///
/// The prompt's keys and values are multiplied with the queries of all of them at one time. What comes
/// of a token is the same, to the bit, as if it was alone.
struct DecodeAttention {
  /// About how many queries meet a prompt's keys at one time: two tiles of the kernels.
  private static let queriesAtOnce = 24

  let layout: HeadLayout
  let layer: Int
  let head: Int
  let rows: ArraySlice<DecodeStep.Row>
  /// How many tokens the layer sees; nil for all.
  let window: Int?

  /// Which rows are attended to together: neighbours that share a prompt.
  static func groups(_ rows: [DecodeStep.Row], _ layout: HeadLayout) -> [Range<Int>] {
    let most = max(1, queriesAtOnce / layout.groupSize)
    var groups: [Range<Int>] = []
    var start = 0
    while start < rows.count {
      let end =
        rows[start...].firstIndex { !$0.prompt.isSame(as: rows[start].prompt) } ?? rows.count
      let count = end - start
      groups += WorkerPool.split(count, into: (count + most - 1) / most).map {
        start + $0.lowerBound..<start + $0.upperBound
      }
      start = end
    }
    return groups
  }

  /// The columns of ``run(_:_:into:_:)``'s scratch for sequences of so many keys.
  static func scratchWidth(keys: Int, _ layout: HeadLayout) -> Int { 2 * layout.headSize + keys }

  /// Turns queries and keys by their positions, adds keys and values to the cache, and attends.
  /// - Parameters:
  ///   - heads: queries, keys and values of the rows.
  ///   - scratch: a row for each query.
  func run(
    _ heads: Matrix, _ rotation: RotaryPositions?, into output: Matrix, _ scratch: Matrix
  ) {
    let size = layout.headSize
    let queries = scratch.columns(0..<size)
    let attended = scratch.columns(size..<2 * size)
    let scores = scratch.columns(2 * size..<scratch.columnCount)
    for (index, row) in rows.enumerated() {
      turn(heads.row(index), row, rotation, into: queries.rows(queriesOfRow(index)))
    }
    multiplyKeys(queries, into: scores)
    for (index, row) in rows.enumerated() {
      let first = firstKey(row)
      for query in queriesOfRow(index) {
        let weights = scores.row(query)
        weights.update(repeating: 0, count: first)
        _ = Softmax.apply(weights + first, count: row.keyCount - first)
      }
    }
    multiplyValues(scores, into: attended)
    for index in 0..<rows.count {
      for (offset, query) in queriesOfRow(index).enumerated() {
        let place = output.row(index) + layout.query(head * layout.groupSize + offset).lowerBound
        place.update(from: attended.row(query), count: size)
      }
    }
  }

  /// The first key that a token sees.
  private func firstKey(_ row: DecodeStep.Row) -> Int {
    window.map { max(0, row.keyCount - $0) } ?? 0
  }

  private func queriesOfRow(_ index: Int) -> Range<Int> {
    index * layout.groupSize..<(index + 1) * layout.groupSize
  }

  private func turn(
    _ heads: UnsafeMutablePointer<Float>, _ row: DecodeStep.Row, _ rotation: RotaryPositions?,
    into queries: Matrix
  ) {
    let key = heads + layout.keyHead(head).lowerBound
    rotation?.rotate(key, position: row.position)
    row.completion.write(
      row.completion.count - 1, layer: layer, head: head, key: key,
      value: heads + layout.valueHead(head).lowerBound)
    for index in 0..<layout.groupSize {
      let query = heads + layout.query(head * layout.groupSize + index).lowerBound
      rotation?.rotate(query, position: row.position)
      queries.row(index).update(from: query, count: layout.headSize)
      multiply(queries.row(index), by: layout.scoreScale, count: layout.headSize)
    }
  }

  private func multiplyKeys(_ queries: Matrix, into scores: Matrix) {
    func multiply(_ block: KeyValueBlock, _ first: Int, _ count: Int, _ range: Range<Int>) {
      block.keys.multiply(
        queries.rows(range), layer: layer, head: head, columns: count, inner: layout.headSize,
        into: scores.rows(range).columns(first..<first + count), accumulate: false)
    }
    forEachRunOfPrompt { multiply($0, $1, $2, 0..<queries.rowCount) }
    for (index, row) in rows.enumerated() {
      forEachRunOfCompletion(row) { multiply($0, $1, $2, queriesOfRow(index)) }
    }
  }

  private func multiplyValues(_ weights: Matrix, into output: Matrix) {
    var isFirst = true
    func multiply(_ block: KeyValueBlock, _ first: Int, _ count: Int, _ range: Range<Int>) {
      block.values.multiply(
        weights.rows(range).columns(first..<first + count), layer: layer, head: head,
        columns: layout.headSize, inner: count, into: output.rows(range), accumulate: !isFirst)
      isFirst = false
    }
    forEachRunOfPrompt { multiply($0, $1, $2, 0..<output.rowCount) }
    let hasPrompt = !isFirst
    for (index, row) in rows.enumerated() {
      isFirst = !hasPrompt
      forEachRunOfCompletion(row) { multiply($0, $1, $2, queriesOfRow(index)) }
    }
  }

  /// The prompt's runs of positions, without those that none of the rows sees. Weights of keys that one
  /// of them does not see are zeros.
  private func forEachRunOfPrompt(
    _ body: (_ block: KeyValueBlock, _ first: Int, _ count: Int) -> Void
  ) {
    let hidden = rows.map(firstKey).min() ?? 0
    rows.first?.prompt.forEachRun { block, first, count in
      if first + count > hidden { body(block, first, count) }
    }
  }

  private func forEachRunOfCompletion(
    _ row: DecodeStep.Row, _ body: (_ block: KeyValueBlock, _ first: Int, _ count: Int) -> Void
  ) {
    let hidden = firstKey(row)
    row.completion.forEachRun { block, first, count in
      let first = row.prompt.count + first
      if first + count > hidden { body(block, first, count) }
    }
  }
}
