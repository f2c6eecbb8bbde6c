import COpenBLAS

/// A view of float32 numbers in rows, `stride` apart. Whoever makes one keeps the memory alive.
struct Matrix {
  let base: UnsafeMutablePointer<Float>
  let rowCount: Int
  let columnCount: Int
  let stride: Int

  init(
    _ base: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int? = nil
  ) {
    self.base = base
    rowCount = rows
    columnCount = columns
    self.stride = stride ?? columns
  }

  func row(_ index: Int) -> UnsafeMutablePointer<Float> { base + index * stride }

  func rows(_ range: Range<Int>) -> Matrix {
    Matrix(row(range.lowerBound), rows: range.count, columns: columnCount, stride: stride)
  }

  func columns(_ range: Range<Int>) -> Matrix {
    Matrix(base + range.lowerBound, rows: rowCount, columns: range.count, stride: stride)
  }

  func fill(with value: Float) {
    for index in 0..<rowCount { row(index).update(repeating: value, count: columnCount) }
  }

  func copy(from other: Matrix) {
    for index in 0..<rowCount { row(index).update(from: other.row(index), count: columnCount) }
  }

  /// The same numbers with rows and columns exchanged, as a factor of a product.
  var transposed: Factor { Factor(matrix: self, isTransposed: true) }
  var plain: Factor { Factor(matrix: self, isTransposed: false) }

  /// self = scale * (a b), or self += scale * (a b).
  func setProduct(_ a: Factor, _ b: Factor, scale: Float = 1, accumulate: Bool = false) {
    precondition(a.columnCount == b.rowCount)
    precondition(a.rowCount == rowCount && b.columnCount == columnCount)
    guard rowCount > 0 && columnCount > 0 else { return }
    cblas_sgemm(
      CblasRowMajor, a.isTransposed ? CblasTrans : CblasNoTrans,
      b.isTransposed ? CblasTrans : CblasNoTrans, Int32(rowCount), Int32(columnCount),
      Int32(a.columnCount), scale, a.matrix.base, Int32(a.matrix.stride), b.matrix.base,
      Int32(b.matrix.stride), accumulate ? 1 : 0, base, Int32(stride))
  }

  /// A matrix or its transpose.
  struct Factor {
    let matrix: Matrix
    let isTransposed: Bool
    var rowCount: Int { isTransposed ? matrix.columnCount : matrix.rowCount }
    var columnCount: Int { isTransposed ? matrix.rowCount : matrix.columnCount }
  }
}
