import CKernels

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
