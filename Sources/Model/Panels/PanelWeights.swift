import CKernels

/// A copy of a linear layer's weight [out, in] in panels of sixteen columns, for products with rows.
///
/// In a product each row's numbers come from the same operations in the same order whatever the other
/// rows are and however the work is shared out (`ck_multiply_panels`).
package struct PanelWeights {
  /// Which product the copy is for.
  package enum Direction: Sendable {
    /// y = x W^T.
    case forward
    /// dx = dy W.
    case backward
  }

  package static let instructionSet = ck_instruction_set()
  static let panelWidth = Int(CK_PANEL)

  private let direction: Direction
  private let precision: Precision
  /// Columns of the product.
  private let columns: Int
  private let inner: Int
  private let memory: FloatBuffer
  /// The columns that one task computes; there are enough tasks for several threads.
  let pieces: [Range<Int>]

  /// Room for a weight of `outputs` times `inputs`. Nothing is there before ``fill(_:with:)``.
  init(outputs: Int, inputs: Int, _ direction: Direction, _ precision: Precision) {
    self.direction = direction
    self.precision = precision
    columns = direction == .forward ? outputs : inputs
    inner = direction == .forward ? inputs : outputs
    let panels = (columns + Self.panelWidth - 1) / Self.panelWidth
    let bytes = panels * Self.panelWidth * inner * precision.byteCount
    memory = FloatBuffer(count: bytes / MemoryLayout<Float>.stride)
    pieces = BatchPlan.split(panels, into: max(min(panels, 12), (panels + 15) / 16)).map {
      [columns] in
      $0.lowerBound * Self.panelWidth..<min(columns, $0.upperBound * Self.panelWidth)
    }
  }

  private func panels(_ piece: Range<Int>) -> UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(memory.base) + piece.lowerBound * inner * precision.byteCount
  }

  /// Copies what one task needs of a weight as it is now.
  func fill(_ piece: Range<Int>, with weight: Matrix) {
    switch direction {
    case .forward:
      ck_fill_panels_with_rows(
        precision.kernelFormat, weight.row(piece.lowerBound), weight.stride, piece.count, inner,
        panels(piece))
    case .backward:
      ck_fill_panels_with_columns(
        precision.kernelFormat, weight.base + piece.lowerBound, weight.stride, piece.count, inner,
        panels(piece))
    }
  }

  /// Some columns of y = x F + b, or of y += x F + b.
  func multiply(
    _ piece: Range<Int>, _ x: Matrix, into y: Matrix, bias: UnsafePointer<Float>? = nil,
    accumulate: Bool = false, instructionSet: Int32 = PanelWeights.instructionSet
  ) {
    let factor = ck_panel_factor(
      panels: panels(piece), format: precision.kernelFormat, columns: piece.count, inner: inner,
      capacity: inner)
    ck_multiply_panels(
      instructionSet, x.base, x.stride, x.rowCount, factor, bias.map { $0 + piece.lowerBound },
      Int32(accumulate ? CK_ADD : CK_SET), y.base + piece.lowerBound, y.stride)
  }

  /// All columns, on the calling thread.
  func multiply(
    _ x: Matrix, into y: Matrix, bias: UnsafePointer<Float>? = nil, accumulate: Bool = false
  ) {
    multiply(0..<columns, x, into: y, bias: bias, accumulate: accumulate)
  }

  /// All columns, shared out among threads.
  func multiply(_ x: Matrix, into y: Matrix, accumulate: Bool = false, _ pool: WorkerPool) {
    pool.parallel(pieces.count) { task, _ in
      multiply(pieces[task], x, into: y, accumulate: accumulate)
    }
  }
}

extension Precision {
  /// What the kernels call it.
  var kernelFormat: Int32 { Int32(self == .float32 ? CK_FLOAT32 : CK_BFLOAT16) }
}

extension PanelWeights {
  /// The instruction sets whose kernels this processor can run, the baseline first.
  package static let instructionSets = Array(0...Int(ck_instruction_set()))

  /// The product of rows of x with a weight, with the kernel of a given instruction set; for tests.
  package static func product(
    _ x: [Float], rows: Int, weight: [Float], outputs: Int, _ direction: Direction,
    _ precision: Precision, instructionSet: Int
  ) -> [Float] {
    let inner = x.count / rows
    let inputs = weight.count / outputs
    let columns = direction == .forward ? outputs : inputs
    let memory = FloatBuffer(count: x.count + weight.count + rows * columns)
    memory[0..<x.count] = x
    memory[x.count..<x.count + weight.count] = weight
    let start = x.count + weight.count
    let panels = PanelWeights(outputs: outputs, inputs: inputs, direction, precision)
    precondition(panels.inner == inner && weight.count == outputs * inputs)
    for piece in panels.pieces {
      panels.fill(piece, with: Matrix(memory.base + x.count, rows: outputs, columns: inputs))
      panels.multiply(
        piece, Matrix(memory.base, rows: rows, columns: inner),
        into: Matrix(memory.base + start, rows: rows, columns: columns),
        instructionSet: Int32(instructionSet))
    }
    return memory[start..<start + rows * columns]
  }
}
