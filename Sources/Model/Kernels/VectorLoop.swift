import CKernels

typealias Vector = SIMD16<Float>

/// Calls `body` for each sixteen elements of `count`, and once more for what is left.
///
/// `body` gets the index of the first element and how many there are.
@inline(__always)
func forEachVector(_ count: Int, _ body: (_ index: Int, _ lanes: Int) -> Void) {
  var index = 0
  while index + 16 <= count {
    body(index, 16)
    index += 16
  }
  if index < count { body(index, count - index) }
}

extension UnsafePointer<Float> {
  /// The elements from an index on; lanes beyond `lanes` hold `fill`.
  @inline(__always)
  func vector(_ index: Int, _ lanes: Int, fill: Float = 0) -> Vector {
    if lanes == 16 {
      return UnsafeRawPointer(self + index).loadUnaligned(as: Vector.self)
    }
    var vector = Vector(repeating: fill)
    for lane in 0..<lanes { vector[lane] = self[index + lane] }
    return vector
  }
}

extension UnsafeMutablePointer<Float> {
  /// The elements from an index on; lanes beyond `lanes` hold `fill`.
  @inline(__always)
  func vector(_ index: Int, _ lanes: Int, fill: Float = 0) -> Vector {
    UnsafePointer(self).vector(index, lanes, fill: fill)
  }

  /// Writes the first `lanes` lanes from an index on.
  @inline(__always)
  func store(_ vector: Vector, _ index: Int, _ lanes: Int) {
    if lanes == 16 {
      UnsafeMutableRawPointer(self + index).storeBytes(of: vector, as: Vector.self)
    } else {
      for lane in 0..<lanes { self[index + lane] = vector[lane] }
    }
  }
}

func add(_ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, count: Int) {
  forEachVector(count) { i, lanes in
    y.store(y.vector(i, lanes) + x.vector(i, lanes), i, lanes)
  }
}

func multiply(_ x: UnsafeMutablePointer<Float>, by factor: Float, count: Int) {
  forEachVector(count) { i, lanes in x.store(x.vector(i, lanes) * factor, i, lanes) }
}

/// y += factor * x.
func add(
  _ x: UnsafePointer<Float>, times factor: Float, to y: UnsafeMutablePointer<Float>, count: Int
) {
  let factor = Vector(repeating: factor)
  forEachVector(count) { i, lanes in
    y.store(ck_multiply_add(x.vector(i, lanes), factor, y.vector(i, lanes)), i, lanes)
  }
}

/// The sum of x[i] * y[i].
func dotProduct(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, count: Int) -> Float {
  var sum = Vector.zero
  forEachVector(count) { i, lanes in
    sum = ck_multiply_add(x.vector(i, lanes), y.vector(i, lanes), sum)
  }
  return ck_sum_of_lanes(sum)
}
