import CKernels

/// Products of a few rows with a weight, for decoding: the weight is read once for all rows, and each
/// row's result does not depend on the others (`ck_multiply_rows`).
package struct RowProduct {
  /// Some outputs of a linear layer, for one task.
  struct Piece {
    /// Rows of the weight.
    let weight: Matrix
    let bias: UnsafePointer<Float>?
    /// Where the first output lies in a row of outputs.
    let column: Int
  }

  static let instructionSet = ck_instruction_set()
  /// How many outputs a task computes.
  private static let pieceLength = 32

  let input: Matrix
  let output: Matrix
  /// Whether to add to the outputs.
  var accumulate = false

  /// A layer cut into pieces.
  static func pieces(
    _ weight: Matrix, bias: UnsafePointer<Float>? = nil, column: Int = 0
  ) -> [Piece] {
    let count = (weight.rowCount + pieceLength - 1) / pieceLength
    return BatchPlan.split(weight.rowCount, into: count).map { rows in
      Piece(
        weight: weight.rows(rows), bias: bias.map { $0 + rows.lowerBound },
        column: column + rows.lowerBound)
    }
  }

  /// Computes all pieces for the first rows.
  func run(_ pieces: [Piece], rows: Int, _ pool: WorkerPool) {
    pool.parallel(pieces.count) { task, _ in run(pieces[task], rows: rows) }
  }

  /// Computes one piece for the first rows.
  func run(_ piece: Piece, rows: Int, instructionSet: Int32 = RowProduct.instructionSet) {
    ck_multiply_rows(
      instructionSet, input.base, input.stride, rows, piece.weight.base, piece.weight.stride,
      piece.weight.rowCount, piece.weight.columnCount, piece.bias, accumulate ? 1 : 0,
      output.base + piece.column, output.stride)
  }
}

extension RowProduct {
  /// The instruction sets whose kernels this processor can run, the baseline first.
  package static let instructionSets = Array(0...Int(ck_instruction_set()))

  /// x W^T for `rows` rows of x, with the kernel of a given instruction set.
  package static func product(
    _ x: [Float], rows: Int, weight: [Float], outputs: Int, instructionSet: Int
  ) -> [Float] {
    let inner = x.count / rows
    precondition(x.count == rows * inner && weight.count == outputs * inner)
    return [Float](unsafeUninitializedCapacity: rows * outputs) { buffer, count in
      count = rows * outputs
      ck_multiply_rows(
        Int32(instructionSet), x, inner, rows, weight, inner, outputs, inner, nil, 0,
        buffer.baseAddress, outputs)
    }
  }

  /// The sum of rows of `values`, each times its weight, with the kernel of a given instruction set.
  package static func weightedSum(
    _ weights: [Float], of values: [Float], instructionSet: Int
  ) -> [Float] {
    let columns = values.count / weights.count
    var sum = [Float](repeating: 0, count: columns)
    ck_weighted_sum(Int32(instructionSet), weights, weights.count, values, columns, columns, &sum)
    return sum
  }
}
