/// The norm of all gradients.
enum GradientNorm {
  private static let pieceLength = 1 << 16

  /// The root of the sum of squares, summed in double precision over fixed pieces in fixed order.
  static func norm(of gradients: FloatBuffer, pool: WorkerPool) -> Double {
    let count = (gradients.count + pieceLength - 1) / pieceLength
    var sums = [Double](repeating: 0, count: count)
    sums.withUnsafeMutableBufferPointer { sums in
      pool.parallel(count) { task, _ in
        let start = task * pieceLength
        sums[task] = sumOfSquares(
          gradients.base + start, count: min(pieceLength, gradients.count - start))
      }
    }
    return sums.reduce(0, +).squareRoot()
  }

  private static func sumOfSquares(_ x: UnsafePointer<Float>, count: Int) -> Double {
    var sum = SIMD16<Double>.zero
    forEachVector(count) { i, lanes in
      let values = SIMD16<Double>(x.vector(i, lanes))
      sum += values * values
    }
    return sum.sum()
  }

  /// The first parameter with a gradient that is infinite or not a number.
  static func firstNotFinite(_ gradients: FloatBuffer, _ layout: ParameterLayout) -> String? {
    layout.entries.first { entry in
      (entry.offset..<entry.offset + entry.count).contains { !gradients.base[$0].isFinite }
    }?.name
  }
}
