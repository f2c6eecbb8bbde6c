import CKernels

/// A copy of a factor F [inner, columns] of products x F, in panels of sixteen columns.
///
/// In a product each row's numbers come from the same operations in the same order whatever the other
/// rows are and however the work is shared out (`ck_multiply_panels`).
package struct PanelFactor {
  package static let instructionSet =
    ck_instruction_set() == Int32(CK_V4_BFLOAT16) && !instructionsAgree
    ? Int32(CK_V4) : ck_instruction_set()
  static let panelWidth = Int(CK_PANEL)

  /// Columns of the product.
  let columns: Int
  /// Columns of x.
  let inner: Int
  private let format: PanelFormat
  private let memory: FloatBuffer
  /// The columns that one task computes; there are enough tasks for several threads.
  let pieces: [Range<Int>]

  /// Room for a factor. Nothing is there before ``fill(_:with:)``.
  /// - Parameter memory: Where it lies, if it has room enough; else the factor has its own.
  init(inner: Int, columns: Int, _ format: PanelFormat, in memory: FloatBuffer? = nil) {
    self.columns = columns
    self.inner = inner
    self.format = format
    let panels = (columns + Self.panelWidth - 1) / Self.panelWidth
    let floats =
      panels * ck_panel_bytes(format.rawValue, inner) / MemoryLayout<Float>.stride
    self.memory =
      memory.flatMap { $0.count >= floats ? $0 : nil } ?? FloatBuffer(count: floats)
    pieces = BatchPlan.split(panels, into: max(min(panels, 12), (panels + 15) / 16)).map {
      $0.lowerBound * Self.panelWidth..<min(columns, $0.upperBound * Self.panelWidth)
    }
  }

  /// The memory, for a factor that comes after this one.
  var buffer: FloatBuffer { memory }

  private func panels(_ piece: Range<Int>) -> UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(memory.base)
      + piece.lowerBound / Self.panelWidth * ck_panel_bytes(format.rawValue, inner)
  }

  /// Copies what one task needs of the factor as it is now.
  func fill(_ piece: Range<Int>, with factor: Matrix.Factor) {
    precondition(factor.rowCount == inner && factor.columnCount == columns)
    let matrix = factor.matrix
    if factor.isTransposed {
      ck_fill_panels_with_rows(
        format.rawValue, matrix.row(piece.lowerBound), matrix.stride, piece.count, inner,
        panels(piece))
    } else {
      ck_fill_panels_with_columns(
        format.rawValue, matrix.base + piece.lowerBound, matrix.stride, piece.count, inner,
        panels(piece))
    }
  }

  /// Some columns of y = x F + b, or of y += x F + b.
  func multiply(
    _ piece: Range<Int>, _ x: Matrix.Factor, into y: Matrix, bias: UnsafePointer<Float>? = nil,
    accumulate: Bool = false, instructionSet: Int32 = PanelFactor.instructionSet
  ) {
    precondition(x.columnCount == inner && x.rowCount <= y.rowCount)
    let factor = ck_panel_factor(
      panels: panels(piece), format: format.rawValue, columns: piece.count, inner: inner,
      capacity: inner)
    let rows = ck_row_factor(
      base: x.matrix.base, stride: x.isTransposed ? 1 : x.matrix.stride,
      step: x.isTransposed ? x.matrix.stride : 1)
    ck_multiply_panels(
      instructionSet, rows, x.rowCount, factor, bias.map { $0 + piece.lowerBound },
      Int32(accumulate ? CK_ADD : CK_SET), y.base + piece.lowerBound, y.stride)
  }

  /// All columns, on the calling thread.
  func multiply(
    _ x: Matrix.Factor, into y: Matrix, bias: UnsafePointer<Float>? = nil, accumulate: Bool = false
  ) {
    multiply(0..<columns, x, into: y, bias: bias, accumulate: accumulate)
  }

  /// All columns, shared out among threads.
  func multiply(_ x: Matrix.Factor, into y: Matrix, accumulate: Bool = false, _ pool: WorkerPool) {
    pool.parallel(pieces.count) { task, _ in
      multiply(pieces[task], x, into: y, accumulate: accumulate)
    }
  }

  /// Copies the whole factor, shared out among threads.
  func fill(with factor: Matrix.Factor, _ pool: WorkerPool) {
    pool.parallel(pieces.count) { task, _ in fill(pieces[task], with: factor) }
  }
}
