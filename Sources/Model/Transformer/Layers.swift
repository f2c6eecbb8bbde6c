import CKernels
import Foundation

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

/// SwiGLU: y = silu(gate) * up, silu(x) = x / (1 + e^-x) (Shazeer, 2020).
enum GatedActivation {
  /// Writes the activation of `count` elements.
  static func apply(
    gate: UnsafePointer<Float>, up: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    forEachVector(count) { i, lanes in
      let g = gate.vector(i, lanes)
      y.store(g * up.vector(i, lanes) / (1 + ck_exponential(-g)), i, lanes)
    }
  }

  /// From dy: the activation again, and the gradients of gate and up. `dGate` may be `dy`.
  static func backward(
    gate: UnsafePointer<Float>, up: UnsafePointer<Float>, dy: UnsafePointer<Float>,
    activation: UnsafeMutablePointer<Float>, dGate: UnsafeMutablePointer<Float>,
    dUp: UnsafeMutablePointer<Float>, count: Int
  ) {
    forEachVector(count) { i, lanes in
      let g = gate.vector(i, lanes)
      let u = up.vector(i, lanes)
      let gradient = dy.vector(i, lanes)
      let sigmoid = 1 / (1 + ck_exponential(-g))
      let silu = g * sigmoid
      activation.store(silu * u, i, lanes)
      dUp.store(gradient * silu, i, lanes)
      // d silu / dx = sigmoid + silu (1 - sigmoid)
      dGate.store(gradient * u * ck_multiply_add(silu, 1 - sigmoid, sigmoid), i, lanes)
    }
  }
}

/// Rotary positions, half-split: element i of a head is turned with element i + size/2 by the angle
/// position * theta^(-2i / size) (Su et al., 2021; the pairing is that of GPT-NeoX and Llama).
struct RotaryPositions {
  private let half: Int
  private let inverseFrequencies: [Double]
  private var cosines: [Float] = []
  private var sines: [Float] = []
  private var prepared = 0

  init(_ configuration: ModelConfiguration) {
    half = configuration.headSize / 2
    let size = Double(configuration.headSize)
    inverseFrequencies = (0..<half).map { pow(configuration.ropeTheta, -2 * Double($0) / size) }
  }

  /// Computes the angles of positions 0..<count where that has not been done.
  mutating func prepare(_ count: Int) {
    guard count > prepared else { return }
    for position in prepared..<count {
      for frequency in inverseFrequencies {
        cosines.append(Float(cos(Double(position) * frequency)))
        sines.append(Float(sin(Double(position) * frequency)))
      }
    }
    prepared = count
  }

  /// Turns one head in place by the angles of a position, or back by them.
  func rotate(_ head: UnsafeMutablePointer<Float>, position: Int, backwards: Bool = false) {
    precondition(position < prepared)
    let sign = Vector(repeating: backwards ? -1 : 1)
    cosines.withUnsafeBufferPointer { cosines in
      sines.withUnsafeBufferPointer { sines in
        guard let c = cosines.baseAddress, let s = sines.baseAddress else { return }
        turn(head, cosines: c + position * half, sines: s + position * half, sign: sign)
      }
    }
  }

  private func turn(
    _ head: UnsafeMutablePointer<Float>, cosines: UnsafePointer<Float>,
    sines: UnsafePointer<Float>, sign: Vector
  ) {
    let upper = head + half
    forEachVector(half) { i, lanes in
      let c = cosines.vector(i, lanes)
      let s = sines.vector(i, lanes) * sign
      let a = head.vector(i, lanes)
      let b = upper.vector(i, lanes)
      head.store(a * c - b * s, i, lanes)
      upper.store(b * c + a * s, i, lanes)
    }
  }
}

/// What a softmax over a row needs to be known for.
struct SoftmaxStatistics {
  let logSum: Float
  /// The entropy of the distribution, in nats.
  let entropy: Float
}

enum Softmax {
  static func maximum(_ x: UnsafePointer<Float>, count: Int) -> Float {
    var largest = Vector(repeating: -.infinity)
    forEachVector(count) { i, lanes in
      largest = ck_maximum(largest, x.vector(i, lanes, fill: -.infinity))
    }
    return ck_largest_lane(largest)
  }

  /// Replaces x by e^x / sum e^x and returns log sum e^x. `count` is positive.
  static func apply(_ x: UnsafeMutablePointer<Float>, count: Int) -> Float {
    normalise(x, count: count, isEntropyAsked: false).logSum
  }

  /// The same, and what ``statistics(_:count:)`` finds; x becomes the same bits.
  static func applyWithStatistics(
    _ x: UnsafeMutablePointer<Float>, count: Int
  ) -> SoftmaxStatistics {
    normalise(x, count: count, isEntropyAsked: true)
  }

  /// - Returns: an entropy of 0 where none is asked.
  @inline(__always)
  private static func normalise(
    _ x: UnsafeMutablePointer<Float>, count: Int, isEntropyAsked: Bool
  ) -> SoftmaxStatistics {
    let largest = maximum(x, count: count)
    let shift = Vector(repeating: largest)
    var sums = Vector.zero
    var weighted = Vector.zero
    forEachVector(count) { i, lanes in
      let z = x.vector(i, lanes, fill: -.infinity) - shift
      let value = ck_exponential(z)
      x.store(value, i, lanes)
      sums += keep(value, lanes)
      if isEntropyAsked { weighted = ck_multiply_add(keep(z, lanes), value, weighted) }
    }
    let sum = ck_sum_of_lanes(sums)
    let scale = Vector(repeating: 1 / sum)
    forEachVector(count) { i, lanes in x.store(x.vector(i, lanes) * scale, i, lanes) }
    let entropy = isEntropyAsked ? log(sum) - ck_sum_of_lanes(weighted) / sum : 0
    return SoftmaxStatistics(logSum: largest + log(sum), entropy: max(0, entropy))
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
