import CKernels
import Foundation

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
      Self.byteCount(inner: inner, columns: columns, format) / MemoryLayout<Float>.stride
    self.memory =
      memory.flatMap { $0.count >= floats ? $0 : nil } ?? FloatBuffer(count: floats)
    pieces = WorkerPool.split(panels, into: max(min(panels, 12), (panels + 15) / 16)).map {
      $0.lowerBound * Self.panelWidth..<min(columns, $0.upperBound * Self.panelWidth)
    }
  }

  /// Bytes of a factor.
  static func byteCount(inner: Int, columns: Int, _ format: PanelFormat) -> Int {
    (columns + panelWidth - 1) / panelWidth * ck_panel_bytes(format.rawValue, inner)
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
    fill(
      piece,
      withPart: factor.isTransposed ? matrix.rows(piece).transposed : matrix.columns(piece).plain)
  }

  /// The same of a matrix that has these columns alone.
  func fill(_ piece: Range<Int>, withPart part: Matrix.Factor) {
    precondition(part.rowCount == inner && part.columnCount == piece.count)
    let matrix = part.matrix
    let copy = part.isTransposed ? ck_fill_panels_with_rows : ck_fill_panels_with_columns
    copy(format.rawValue, matrix.base, matrix.stride, piece.count, inner, panels(piece))
  }

  func multiply(
    _ piece: Range<Int>, _ x: Matrix.Factor, into y: Matrix, bias: UnsafePointer<Float>? = nil,
    accumulate: Bool = false, instructionSet: Int32 = PanelFactor.instructionSet
  ) {
    multiply(
      piece, x, intoPart: y.columns(piece), bias: bias, accumulate: accumulate,
      instructionSet: instructionSet)
  }

  /// The same into a matrix that has these columns alone.
  func multiply(
    _ piece: Range<Int>, _ x: Matrix.Factor, intoPart y: Matrix,
    bias: UnsafePointer<Float>? = nil, accumulate: Bool = false,
    instructionSet: Int32 = PanelFactor.instructionSet
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
      1, Int32(accumulate ? CK_ADD : CK_SET), y.base, y.stride)
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

package enum PanelFormat: Int32, Sendable, CaseIterable {
  case float32 = 0
  /// Rounded to bfloat16, multiplied with rows that are rounded likewise, two at a time: half the memory to
  /// read. Sums are float32. Where the processor has no instructions for it, the same products and sums are
  /// made of those of float32.
  case bfloat16Pairs = 1

  init(_ precision: Precision) {
    self = precision == .bfloat16 ? .bfloat16Pairs : .float32
  }
}

extension Precision {
  /// Whether this processor multiplies bfloat16 by itself (AVX512-BF16), and does it as expected.
  package static let hasInstructionsForBfloat16 =
    ck_instruction_set() == Int32(CK_V4_BFLOAT16) && PanelFactor.instructionsAgree
}

extension PanelFactor {
  /// The instruction sets whose kernels this processor can run, the baseline first.
  package static let instructionSets = Array(0...Int(ck_instruction_set()))

  /// The product x F of two matrices in rows, with the kernel of a given instruction set.
  ///
  /// It is for tests: of shapes, formats and instruction sets, and of factors that are given as their
  /// transposes.
  package static func product(
    _ x: [Float], rows: Int, _ factor: [Float], columns: Int, _ format: PanelFormat,
    instructionSet: Int, xIsTransposed: Bool = false, factorIsTransposed: Bool = false
  ) -> [Float] {
    let inner = x.count / rows
    precondition(x.count == rows * inner && factor.count == inner * columns)
    let memory = FloatBuffer(count: x.count + factor.count + rows * columns)
    memory[0..<x.count] = x
    memory[x.count..<x.count + factor.count] = factor
    let start = x.count + factor.count
    func matrix(_ offset: Int, _ rows: Int, _ columns: Int, _ isTransposed: Bool) -> Matrix.Factor {
      isTransposed
        ? Matrix(memory.base + offset, rows: columns, columns: rows).transposed
        : Matrix(memory.base + offset, rows: rows, columns: columns).plain
    }
    let panels = PanelFactor(inner: inner, columns: columns, format)
    for piece in panels.pieces {
      panels.fill(piece, with: matrix(x.count, inner, columns, factorIsTransposed))
      panels.multiply(
        piece, matrix(0, rows, inner, xIsTransposed),
        into: Matrix(memory.base + start, rows: rows, columns: columns),
        instructionSet: Int32(instructionSet))
    }
    return memory[start..<start + rows * columns]
  }

  /// Whether the processor's products of bfloat16 pairs are those that other processors emulate. A
  /// wrong one would train wrongly without a word.
  static let instructionsAgree: Bool = {
    let (rows, inner, columns) = (13, 77, 35)
    var stream = RandomStream(seed: 0, "bfloat16")
    let x = (0..<rows * inner).map { _ in Float(stream.normal()) }
    let factor = (0..<inner * columns).map { _ in Float(stream.normal()) }
    let sets = [Int(CK_BASELINE), Int(ck_instruction_set())].map {
      product(x, rows: rows, factor, columns: columns, .bfloat16Pairs, instructionSet: $0)
    }
    return zip(sets[0], sets[1]).allSatisfy { abs($0 - $1) < 1e-4 }
  }()
}

package enum Precision: String, Sendable, Hashable, CaseIterable {
  case float32
  /// The upper half of a float32: its range, with 8 significant bits.
  case bfloat16

  package var byteCount: Int { self == .float32 ? 4 : 2 }

  /// The nearest number that can be stored; of two equally near ones the even one.
  package func rounded(_ value: Float) -> Float {
    self == .float32 ? value : ck_rounded_to_bfloat16(value)
  }
}
