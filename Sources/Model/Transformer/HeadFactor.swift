import CKernels

/// One factor of a head's products in panels, in memory that somebody lends.
///
/// It is a ``PanelFactor`` for matrices so small that making one would take longer than the product.
struct HeadFactor {
  private let base: UnsafeMutablePointer<Float>
  private let inner: Int
  private let columns: Int

  /// Copies a factor [inner, columns].
  /// - Parameter memory: Room for ``floatCount(inner:columns:)``.
  init(_ factor: Matrix.Factor, in memory: UnsafeMutablePointer<Float>) {
    base = memory
    inner = factor.rowCount
    columns = factor.columnCount
    let copy = factor.isTransposed ? ck_fill_panels_with_rows : ck_fill_panels_with_columns
    copy(
      PanelFormat.float32.rawValue, factor.matrix.base, factor.matrix.stride, columns, inner, memory
    )
  }

  static func floatCount(inner: Int, columns: Int) -> Int {
    let width = PanelFactor.panelWidth
    return (columns + width - 1) / width * width * inner
  }

  /// y = scale x F or y += scale x F, with the rows of F in a range, and its first columns: as many as
  /// y has, zeros behind its last up to a whole panel.
  func multiply(
    _ x: Matrix.Factor, rows: Range<Int>? = nil, into y: Matrix, scale: Float = 1,
    accumulate: Bool = false
  ) {
    let rows = rows ?? 0..<inner
    precondition(x.columnCount == rows.count && rows.upperBound <= inner)
    precondition(x.rowCount == y.rowCount && y.columnCount < columns + PanelFactor.panelWidth)
    let factor = ck_panel_factor(
      panels: base + rows.lowerBound * PanelFactor.panelWidth,
      format: PanelFormat.float32.rawValue, columns: y.columnCount, inner: rows.count,
      capacity: inner)
    let x = (
      row: ck_row_factor(
        base: x.matrix.base, stride: x.isTransposed ? 1 : x.matrix.stride,
        step: x.isTransposed ? x.matrix.stride : 1), count: x.rowCount
    )
    ck_multiply_panels(
      PanelFactor.instructionSet, x.row, x.count, factor, nil, scale,
      Int32(accumulate ? CK_ADD : CK_SET), y.base, y.stride)
  }
}
