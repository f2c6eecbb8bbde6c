import CKernels

/// Root mean square normalisation: y = w * x / sqrt(mean(x^2) + epsilon) (Zhang and Sennrich, 2019).
struct Normalisation {
  let weight: UnsafePointer<Float>
  let width: Int
  let epsilon: Float

  private func inverseRootMeanSquare(_ x: UnsafePointer<Float>) -> Float {
    1 / (dotProduct(x, x, count: width) / Float(width) + epsilon).squareRoot()
  }

  /// Writes the normalised row.
  func apply(_ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>) {
    let scale = Vector(repeating: inverseRootMeanSquare(x))
    forEachVector(width) { i, lanes in
      y.store(x.vector(i, lanes) * scale * weight.vector(i, lanes), i, lanes)
    }
  }

  /// Normalises each row of a block.
  func apply(_ x: Matrix, into y: Matrix) {
    for index in 0..<x.rowCount { apply(x.row(index), into: y.row(index)) }
  }

  /// dx = add + dy/dx, and dw += dy/dw, for one row.
  ///
  /// With r = 1 / rms: dx = r (w dy) - x r^3 mean(w dy x), dw = dy x r. `add` may be `dx`.
  func backward(
    _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, adding add: UnsafePointer<Float>,
    into dx: UnsafeMutablePointer<Float>, weightGradient: UnsafeMutablePointer<Float>
  ) {
    let inverse = inverseRootMeanSquare(x)
    let scale = Vector(repeating: inverse)
    var sum = Vector.zero
    forEachVector(width) { i, lanes in
      let product = dy.vector(i, lanes) * x.vector(i, lanes)
      sum = ck_multiply_add(product, weight.vector(i, lanes), sum)
      weightGradient.store(
        ck_multiply_add(product, scale, weightGradient.vector(i, lanes)), i, lanes)
    }
    let correction = Vector(
      repeating: -inverse * inverse * inverse * ck_sum_of_lanes(sum) / Float(width))
    forEachVector(width) { i, lanes in
      let direct = ck_multiply_add(
        dy.vector(i, lanes) * weight.vector(i, lanes), scale, add.vector(i, lanes))
      dx.store(ck_multiply_add(x.vector(i, lanes), correction, direct), i, lanes)
    }
  }
}
