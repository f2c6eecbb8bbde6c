import CKernels

/// Attention of one new token, for the query heads that share one key head.
struct DecodeAttention {
  let layout: HeadLayout
  let layer: Int
  /// The key head.
  let head: Int
  let row: DecodeStep.Row

  /// Turns queries and key by the position, adds key and value to the cache, and attends.
  func run(
    _ heads: UnsafeMutablePointer<Float>, _ rotary: RotaryPositions,
    into output: UnsafeMutablePointer<Float>, scores: Matrix
  ) {
    let size = layout.headSize
    let queries = Matrix(
      heads + head * layout.groupSize * size, rows: layout.groupSize, columns: size)
    let key = heads + layout.keyHead(head).lowerBound
    rotary.rotate(key, position: row.position)
    row.completion.write(
      row.completion.count - 1, layer: layer, head: head, key: key,
      value: heads + layout.valueHead(head).lowerBound)
    for index in 0..<layout.groupSize {
      rotary.rotate(queries.row(index), position: row.position)
      for element in 0..<size { queries.row(index)[element] *= layout.scoreScale }
    }
    let attended = Matrix(
      output + head * layout.groupSize * size, rows: layout.groupSize, columns: size)
    attend(
      queries, into: attended,
      Matrix(
        scores.base, rows: layout.groupSize, columns: row.keyCount))
  }

  private func attend(_ queries: Matrix, into output: Matrix, _ scores: Matrix) {
    forEachRun { block, first, count in
      block.keys.multiply(
        queries, layer: layer, head: head, columns: count, inner: layout.headSize,
        into: scores.columns(first..<first + count), accumulate: false)
    }
    for index in 0..<scores.rowCount {
      _ = Softmax.apply(scores.row(index), count: scores.columnCount)
    }
    forEachRun { block, first, count in
      block.values.multiply(
        scores.columns(first..<first + count), layer: layer, head: head,
        columns: layout.headSize, inner: count, into: output, accumulate: first > 0)
    }
  }

  /// The prompt's runs of positions, then the completion's.
  private func forEachRun(_ body: (_ block: KeyValueBlock, _ first: Int, _ count: Int) -> Void) {
    row.prompt.forEachRun(body)
    row.completion.forEachRun { block, first, count in
      body(block, row.prompt.count + first, count)
    }
  }
}
