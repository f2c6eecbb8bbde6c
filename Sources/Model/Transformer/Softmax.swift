import CKernels
import Foundation

/// What a softmax over a row needs to be known for.
struct SoftmaxStatistics {
  /// log of the sum of e^x.
  let logSum: Float
  /// The entropy of the distribution, in nats.
  let entropy: Float
}

/// Softmax over rows.
enum Softmax {
  /// The largest element.
  static func maximum(_ x: UnsafePointer<Float>, count: Int) -> Float {
    var largest = Vector(repeating: -.infinity)
    forEachVector(count) { i, lanes in
      largest = ck_maximum(largest, x.vector(i, lanes, fill: -.infinity))
    }
    return ck_largest_lane(largest)
  }

  /// Replaces x by e^x / sum e^x and returns log sum e^x. `count` is positive.
  static func apply(_ x: UnsafeMutablePointer<Float>, count: Int) -> Float {
    let largest = maximum(x, count: count)
    let shift = Vector(repeating: largest)
    var sums = Vector.zero
    forEachVector(count) { i, lanes in
      let value = ck_exponential(x.vector(i, lanes, fill: -.infinity) - shift)
      x.store(value, i, lanes)
      sums += keep(value, lanes)
    }
    let sum = ck_sum_of_lanes(sums)
    let scale = Vector(repeating: 1 / sum)
    forEachVector(count) { i, lanes in x.store(x.vector(i, lanes) * scale, i, lanes) }
    return largest + log(sum)
  }

  /// Replaces x by factor * e^(x - shift).
  static func exponentials(
    _ x: UnsafeMutablePointer<Float>, minus shift: Float, times factor: Float = 1, count: Int
  ) {
    let shift = Vector(repeating: shift)
    let factor = Vector(repeating: factor)
    forEachVector(count) { i, lanes in
      x.store(factor * ck_exponential(x.vector(i, lanes) - shift), i, lanes)
    }
  }

  /// log sum e^x and the entropy, of a row that stays as it is.
  ///
  /// With z = x - max: H = log sum e^z - sum z e^z / sum e^z.
  static func statistics(_ x: UnsafePointer<Float>, count: Int) -> SoftmaxStatistics {
    let largest = maximum(x, count: count)
    let shift = Vector(repeating: largest)
    var sums = Vector.zero
    var weighted = Vector.zero
    forEachVector(count) { i, lanes in
      let z = x.vector(i, lanes, fill: largest) - shift
      let value = keep(ck_exponential(z), lanes)
      sums += value
      weighted = ck_multiply_add(z, value, weighted)
    }
    let sum = ck_sum_of_lanes(sums)
    let entropy = log(sum) - ck_sum_of_lanes(weighted) / sum
    return SoftmaxStatistics(logSum: largest + log(sum), entropy: max(0, entropy))
  }

  /// The first `lanes` lanes, and zeros.
  @inline(__always)
  private static func keep(_ vector: Vector, _ lanes: Int) -> Vector {
    if lanes == 16 { return vector }
    var kept = Vector.zero
    for lane in 0..<lanes { kept[lane] = vector[lane] }
    return kept
  }
}
