/// The three products of the output layer: logits, their gradient's way back, and the gradient of the
/// layer's weight.
struct OutputProducts {
  private let head: Matrix
  private let pool: WorkerPool
  /// In bfloat16: the weight for both directions, and the normalised stream.
  private var forward: PanelFactor?
  private var backward: PanelFactor?
  private var input: PanelFactor?
  private let format: PanelFormat

  /// Products with a weight that outlives them.
  init(_ head: Matrix, _ format: PanelFormat, _ pool: WorkerPool) {
    self.head = head
    self.format = format
    self.pool = pool
  }

  /// Takes the weight as it is now.
  mutating func refresh(withGradients: Bool) {
    guard format != .float32 else { return }
    let forward =
      forward ?? PanelFactor(inner: head.columnCount, columns: head.rowCount, format)
    forward.fill(with: head.transposed, pool)
    self.forward = forward
    guard withGradients else { return }
    let backward =
      backward ?? PanelFactor(inner: head.rowCount, columns: head.columnCount, format)
    backward.fill(with: head.plain, pool)
    self.backward = backward
  }

  /// logits = scale x W^T, for some rows, on the calling thread.
  func setLogits(_ logits: Matrix, _ x: Matrix, scale: Float) {
    guard let forward else {
      logits.setProduct(x.plain, head.transposed, scale: scale)
      return
    }
    forward.multiply(x.plain, into: logits)
    guard scale != 1 else { return }
    for index in 0..<logits.rowCount {
      let row = logits.row(index)
      for column in 0..<logits.columnCount { row[column] *= scale }
    }
  }

  /// dx = dlogits W, for some rows, on the calling thread.
  func setInputGradient(_ dInput: Matrix, _ dLogits: Matrix) {
    guard let backward else {
      dInput.setProduct(dLogits.plain, head.plain)
      return
    }
    backward.multiply(dLogits.plain, into: dInput)
  }

  /// dW += dlogits^T x, for all rows of a chunk.
  mutating func addWeightGradient(_ gradient: Matrix, dLogits: Matrix, _ x: Matrix) {
    let pieces = BatchPlan.split(
      gradient.rowCount, into: max(2, (gradient.rowCount + 1023) / 1024))
    guard format != .float32 else {
      pool.parallel(pieces.count) { task, _ in
        gradient.rows(pieces[task]).setProduct(
          dLogits.columns(pieces[task]).transposed, x.plain, accumulate: true)
      }
      return
    }
    let input = PanelFactor(inner: x.rowCount, columns: x.columnCount, format, in: input?.buffer)
    self.input = input
    input.fill(with: x.plain, pool)
    pool.parallel(pieces.count) { task, _ in
      input.multiply(
        dLogits.columns(pieces[task]).transposed, into: gradient.rows(pieces[task]),
        accumulate: true)
    }
  }
}
