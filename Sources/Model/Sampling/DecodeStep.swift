import CKernels

/// One step of decoding for several sequences: each sequence's last token in, the logits of its next
/// one out. A sequence's logits do not depend on the others, nor on the threads.
final class DecodeStep {
  /// A sequence's place in the batch.
  struct Row {
    let token: Int32
    /// Keys and values of the prompt.
    let prompt: KeyValueCache
    /// Keys and values of the completion, with room for this token at the end.
    let completion: KeyValueCache

    /// The token's position.
    var position: Int { prompt.count + completion.count - 1 }
    var keyCount: Int { position + 1 }
  }

  /// A block's weights, cut into pieces.
  private struct BlockPieces {
    let heads: [RowProduct.Piece]
    let output: [RowProduct.Piece]
    let gate: [RowProduct.Piece]
    let up: [RowProduct.Piece]
    let down: [RowProduct.Piece]
  }

  private let configuration: ModelConfiguration
  private let parameters: ParameterViews
  private let layout: HeadLayout
  private let pool: WorkerPool
  private let memory: FloatBuffer
  private let stream: Matrix
  private let normalised: Matrix
  private let heads: Matrix
  private let attention: Matrix
  private let gate: Matrix
  private let up: Matrix
  private let logits: Matrix
  private let blocks: [BlockPieces]
  private let headPieces: [RowProduct.Piece]
  private var rotary: RotaryPositions
  private var scores: WorkerScratch

  /// Memory for up to `batchSize` sequences of a model whose weights outlive it.
  init(_ weights: Weights, batchSize: Int, _ pool: WorkerPool) {
    let c = weights.configuration
    let views = weights.views
    let layout = HeadLayout(c)
    let queries = layout.queries.count
    let widths = [
      c.hiddenSize, c.hiddenSize, layout.width, queries, c.intermediateSize, c.intermediateSize,
      c.vocabularySize,
    ]
    let memory = FloatBuffer(count: batchSize * widths.reduce(0, +))
    var offset = 0
    let matrices = widths.map { width in
      defer { offset += batchSize * width }
      return Matrix(memory.base + offset, rows: batchSize, columns: width)
    }
    self.memory = memory
    (stream, normalised, heads, attention) = (matrices[0], matrices[1], matrices[2], matrices[3])
    (gate, up, logits) = (matrices[4], matrices[5], matrices[6])
    blocks = views.blocks.map { Self.pieces($0, layout) }
    headPieces = RowProduct.pieces(views.head)
    configuration = c
    parameters = views
    self.layout = layout
    self.pool = pool
    rotary = RotaryPositions(c)
    scores = WorkerScratch(pool)
  }

  private static func pieces(_ view: BlockView, _ layout: HeadLayout) -> BlockPieces {
    let linear = [
      (view.query, layout.queries.lowerBound), (view.key, layout.keys.lowerBound),
      (view.value, layout.values.lowerBound),
    ]
    return BlockPieces(
      heads: linear.flatMap { view, column in
        RowProduct.pieces(view.weight, bias: view.bias.map { UnsafePointer($0) }, column: column)
      },
      output: RowProduct.pieces(view.output), gate: RowProduct.pieces(view.gate),
      up: RowProduct.pieces(view.up), down: RowProduct.pieces(view.down))
  }

  /// Computes the logits of each row's next token; they are good until the next call.
  func run(_ rows: [Row]) -> Matrix {
    precondition(rows.count <= stream.rowCount)
    let longest = rows.map(\.keyCount).max() ?? 0
    rotary.prepare(longest)
    let scratch = scores.prepare(rows: layout.groupSize, columns: longest)
    for (index, row) in rows.enumerated() {
      let embedding = parameters.embedding.row(Int(row.token))
      stream.row(index).update(from: embedding, count: stream.columnCount)
    }
    for (layer, view) in parameters.blocks.enumerated() {
      let pieces = blocks[layer]
      normalise(rows.count, view.attentionNorm)
      RowProduct(input: normalised, output: heads).run(pieces.heads, rows: rows.count, pool)
      attend(rows, layer: layer, scratch)
      RowProduct(input: attention, output: stream, accumulate: true)
        .run(pieces.output, rows: rows.count, pool)
      normalise(rows.count, view.feedForwardNorm)
      feedForward(rows.count, pieces)
    }
    normalise(rows.count, parameters.finalNorm)
    RowProduct(input: normalised, output: logits).run(headPieces, rows: rows.count, pool)
    return logits.rows(0..<rows.count)
  }

  private func normalise(_ rows: Int, _ weight: UnsafeMutablePointer<Float>) {
    Normalisation(
      weight: weight, width: configuration.hiddenSize, epsilon: Float(configuration.normEpsilon)
    ).apply(stream.rows(0..<rows), into: normalised)
  }

  private func feedForward(_ rows: Int, _ pieces: BlockPieces) {
    let toGate = RowProduct(input: normalised, output: gate)
    let toUp = RowProduct(input: normalised, output: up)
    pool.parallel(pieces.gate.count) { task, _ in
      let piece = pieces.gate[task]
      toGate.run(piece, rows: rows)
      toUp.run(pieces.up[task], rows: rows)
      for row in 0..<rows {
        let activation = gate.row(row) + piece.column
        GatedActivation.apply(
          gate: activation, up: up.row(row) + piece.column, into: activation,
          count: piece.weight.rowCount)
      }
    }
    RowProduct(input: gate, output: stream, accumulate: true).run(pieces.down, rows: rows, pool)
  }

  private func attend(_ rows: [Row], layer: Int, _ scratch: WorkerScratch.Shares) {
    let headCount = configuration.keyValueHeadCount
    pool.parallel(rows.count * headCount) { task, worker in
      let head = DecodeAttention(
        layout: layout, layer: layer, head: task % headCount, row: rows[task / headCount])
      head.run(
        heads.row(task / headCount), rotary, into: attention.row(task / headCount),
        scores: scratch.rows(layout.groupSize, of: worker))
    }
  }
}
