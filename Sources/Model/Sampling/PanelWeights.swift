import CKernels

/// A linear layer's weight [out, in] as decoding reads it: a copy in panels of sixteen outputs.
///
/// In a product each row's numbers come from the same operations in the same order whatever the other
/// rows are and however the work is shared out (`ck_multiply_panels`).
package struct PanelWeights {
  package static let instructionSet = ck_instruction_set()
  static let panelWidth = Int(CK_PANEL)

  private let weight: Matrix
  private let bias: UnsafePointer<Float>?
  private let precision: Precision
  private let memory: FloatBuffer
  /// The outputs that one task computes; there are enough tasks for several threads.
  let pieces: [Range<Int>]

  /// Room for a weight that somebody keeps alive. Nothing is there before ``fill(_:)``.
  init(_ weight: Matrix, bias: UnsafePointer<Float>? = nil, _ precision: Precision) {
    self.weight = weight
    self.bias = bias
    self.precision = precision
    let panels = (weight.rowCount + Self.panelWidth - 1) / Self.panelWidth
    let bytes = panels * Self.panelWidth * weight.columnCount * precision.byteCount
    memory = FloatBuffer(count: bytes / MemoryLayout<Float>.stride)
    pieces = BatchPlan.split(panels, into: max(min(panels, 12), (panels + 15) / 16)).map {
      $0.lowerBound * Self.panelWidth..<min(weight.rowCount, $0.upperBound * Self.panelWidth)
    }
  }

  private func panels(_ piece: Range<Int>) -> UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(memory.base)
      + piece.lowerBound * weight.columnCount * precision.byteCount
  }

  /// Copies the weight as it is now.
  func fill(_ piece: Range<Int>) {
    ck_fill_panels(
      precision.kernelFormat, weight.row(piece.lowerBound), weight.stride, piece.count,
      weight.columnCount, panels(piece))
  }

  /// y = x W^T + b for some outputs and the first `rows` rows, or y += x W^T + b.
  ///
  /// `column` is where the layer's first output lies in a row of y.
  func multiply(
    _ piece: Range<Int>, _ x: Matrix, rows: Int, into y: Matrix, column: Int = 0,
    accumulate: Bool = false, instructionSet: Int32 = PanelWeights.instructionSet
  ) {
    let factor = ck_panel_factor(
      panels: panels(piece), format: precision.kernelFormat, columns: piece.count,
      inner: weight.columnCount, capacity: weight.columnCount)
    ck_multiply_panels(
      instructionSet, x.base, x.stride, rows, factor, bias.map { $0 + piece.lowerBound },
      Int32(accumulate ? CK_ADD : CK_SET), y.base + column + piece.lowerBound, y.stride)
  }

  /// The whole product for the first `rows` rows.
  func multiply(
    _ x: Matrix, rows: Int, into y: Matrix, accumulate: Bool = false, _ pool: WorkerPool
  ) {
    pool.parallel(pieces.count) { task, _ in
      multiply(pieces[task], x, rows: rows, into: y, accumulate: accumulate)
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

  /// x W^T for `rows` rows of x, with the kernel of a given instruction set; for tests.
  package static func product(
    _ x: [Float], rows: Int, weight: [Float], outputs: Int, _ precision: Precision,
    instructionSet: Int
  ) -> [Float] {
    let inner = x.count / rows
    precondition(x.count == rows * inner && weight.count == outputs * inner)
    let memory = FloatBuffer(count: x.count + weight.count + rows * outputs)
    memory[0..<x.count] = x
    memory[x.count..<x.count + weight.count] = weight
    let start = x.count + weight.count
    let panels = PanelWeights(
      Matrix(memory.base + x.count, rows: outputs, columns: inner), precision)
    for piece in panels.pieces {
      panels.fill(piece)
      panels.multiply(
        piece, Matrix(memory.base, rows: rows, columns: inner), rows: rows,
        into: Matrix(memory.base + start, rows: rows, columns: outputs),
        instructionSet: Int32(instructionSet))
    }
    return memory[start..<start + rows * outputs]
  }
}
