import CKernels
import Foundation

/// Root mean square normalisation: y = w * x / sqrt(mean(x^2) + epsilon) (Zhang and Sennrich, 2019).
struct Normalisation {
  let weight: UnsafePointer<Float>
  let width: Int
  let epsilon: Float
  /// Whether 1 + w stands in the place of w (Gemma).
  let addsOne: Bool

  /// A norm of a model; over its hidden size if no width is given.
  init(
    _ weight: UnsafePointer<Float>, _ configuration: ModelConfiguration, width: Int? = nil
  ) {
    self.weight = weight
    self.width = width ?? configuration.hiddenSize
    epsilon = Float(configuration.normEpsilon)
    addsOne = configuration.architecture.family.normsAddOne
  }

  private func inverseRootMeanSquare(_ x: UnsafePointer<Float>) -> Float {
    1 / (dotProduct(x, x, count: width) / Float(width) + epsilon).squareRoot()
  }

  /// Writes the normalised row, which may be `x`.
  func apply(_ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>) {
    if addsOne { apply(x, into: y) { 1 + $0 } } else { apply(x, into: y) { $0 } }
  }

  @inline(__always)
  private func apply(
    _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, factor: (Vector) -> Vector
  ) {
    let scale = Vector(repeating: inverseRootMeanSquare(x))
    forEachVector(width) { i, lanes in
      y.store(x.vector(i, lanes) * scale * factor(weight.vector(i, lanes)), i, lanes)
    }
  }

  /// Normalises each row of a block.
  func apply(_ x: Matrix, into y: Matrix) {
    for index in 0..<x.rowCount { apply(x.row(index), into: y.row(index)) }
  }

  /// dx = add + dy/dx, and dw += dy/dw, for one row.
  ///
  /// With r = 1 / rms: dx = r (w dy) - x r^3 mean(w dy x), dw = dy x r. `add` may be `dx`; without
  /// one, `dy` may be `dx`.
  func backward(
    _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, adding add: UnsafePointer<Float>?,
    into dx: UnsafeMutablePointer<Float>, weightGradient: UnsafeMutablePointer<Float>
  ) {
    if addsOne {
      backward(x, dy, adding: add, into: dx, weightGradient) { 1 + $0 }
    } else {
      backward(x, dy, adding: add, into: dx, weightGradient) { $0 }
    }
  }

  @inline(__always)
  private func backward(
    _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, adding add: UnsafePointer<Float>?,
    into dx: UnsafeMutablePointer<Float>, _ weightGradient: UnsafeMutablePointer<Float>,
    factor: (Vector) -> Vector
  ) {
    let inverse = inverseRootMeanSquare(x)
    let scale = Vector(repeating: inverse)
    var sum = Vector.zero
    forEachVector(width) { i, lanes in
      let product = dy.vector(i, lanes) * x.vector(i, lanes)
      sum = ck_multiply_add(product, factor(weight.vector(i, lanes)), sum)
      weightGradient.store(
        ck_multiply_add(product, scale, weightGradient.vector(i, lanes)), i, lanes)
    }
    let correction = Vector(
      repeating: -inverse * inverse * inverse * ck_sum_of_lanes(sum) / Float(width))
    guard let add else {
      forEachVector(width) { i, lanes in
        let direct = dy.vector(i, lanes) * factor(weight.vector(i, lanes)) * scale
        dx.store(ck_multiply_add(x.vector(i, lanes), correction, direct), i, lanes)
      }
      return
    }
    forEachVector(width) { i, lanes in
      let direct = ck_multiply_add(
        dy.vector(i, lanes) * factor(weight.vector(i, lanes)), scale, add.vector(i, lanes))
      dx.store(ck_multiply_add(x.vector(i, lanes), correction, direct), i, lanes)
    }
  }
}

/// The norms of queries and keys, before they are turned by their positions.
struct HeadNormalisation {
  private let query: Normalisation
  private let key: Normalisation
  private let layout: HeadLayout

  /// Nil for families without them.
  init?(_ view: BlockView, _ configuration: ModelConfiguration) {
    guard let queryNorm = view.queryNorm, let keyNorm = view.keyNorm else { return nil }
    layout = HeadLayout(configuration)
    let isWhole = configuration.architecture.family.queryKeyNorm == .allHeads
    query = Normalisation(
      queryNorm, configuration, width: isWhole ? layout.queries.count : layout.headSize)
    key = Normalisation(
      keyNorm, configuration, width: isWhole ? layout.keys.count : layout.headSize)
  }

  /// How many weights the two norms have.
  var weightCount: Int { query.width + key.width }
  var queryColumns: Range<Int> { 0..<query.width }
  var keyColumns: Range<Int> { query.width..<weightCount }

  /// Normalises a row of queries and keys in place.
  func apply(_ heads: UnsafeMutablePointer<Float>) {
    forEachPart { norm, start, _ in norm.apply(heads + start, into: heads + start) }
  }

  /// Replaces the gradients of a row's normalised queries and keys by those of `x`, from which they
  /// came, and adds to those of the weights.
  func backward(
    _ x: UnsafePointer<Float>, _ gradients: UnsafeMutablePointer<Float>,
    weightGradients: UnsafeMutablePointer<Float>
  ) {
    forEachPart { norm, start, weights in
      norm.backward(
        x + start, gradients + start, adding: nil, into: gradients + start,
        weightGradient: weightGradients + weights)
    }
  }

  /// Calls `body` with each stretch that is normalised by itself: its norm, where it begins, and
  /// where the gradient of its weights does.
  private func forEachPart(_ body: (_ norm: Normalisation, _ start: Int, _ weights: Int) -> Void) {
    for start in stride(from: 0, to: layout.queries.count, by: query.width) {
      body(query, start, 0)
    }
    for start in stride(from: layout.keys.lowerBound, to: layout.keys.upperBound, by: key.width) {
      body(key, start, query.width)
    }
  }
}

/// A gated feed-forward layer: y = f(gate) * up (Shazeer, 2020), f(x) = x s(z(x)) with the logistic
/// function s: SiLU with z = x, and tanh-GELU with z = 2 sqrt(2 / pi) (x + 0.044715 x^3).
struct GatedActivation {
  let activation: ModelFamily.Activation

  init(_ configuration: ModelConfiguration) {
    activation = configuration.architecture.family.activation
  }

  private static let outer: Float = 1.595_769_121_605_730_7
  private static let inner: Float = 0.044715

  @inline(__always)
  private static func gelu(_ x: Vector) -> Vector {
    outer * x * ck_multiply_add(x * x, Vector(repeating: inner), Vector(repeating: 1))
  }

  @inline(__always)
  private static func geluSlope(_ x: Vector) -> Vector {
    outer * ck_multiply_add(x * x, Vector(repeating: 3 * inner), Vector(repeating: 1))
  }

  /// Writes the activation of `count` elements.
  func apply(
    gate: UnsafePointer<Float>, up: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    switch activation {
    case .silu: Self.apply(gate: gate, up: up, into: y, count: count) { $0 }
    case .tanhGELU: Self.apply(gate: gate, up: up, into: y, count: count, Self.gelu)
    }
  }

  @inline(__always)
  private static func apply(
    gate: UnsafePointer<Float>, up: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>,
    count: Int, _ z: (Vector) -> Vector
  ) {
    forEachVector(count) { i, lanes in
      let g = gate.vector(i, lanes)
      y.store(g * up.vector(i, lanes) / (1 + ck_exponential(-z(g))), i, lanes)
    }
  }

  /// From dy: the activation again, and the gradients of gate and up. `dGate` may be `dy`.
  func backward(
    gate: UnsafePointer<Float>, up: UnsafePointer<Float>, dy: UnsafePointer<Float>,
    activation y: UnsafeMutablePointer<Float>, dGate: UnsafeMutablePointer<Float>,
    dUp: UnsafeMutablePointer<Float>, count: Int
  ) {
    switch activation {
    case .silu:
      forEachVector(count) { i, lanes in
        let g = gate.vector(i, lanes)
        let u = up.vector(i, lanes)
        let gradient = dy.vector(i, lanes)
        let sigmoid = 1 / (1 + ck_exponential(-g))
        let silu = g * sigmoid
        y.store(silu * u, i, lanes)
        dUp.store(gradient * silu, i, lanes)
        // d silu / dx = sigmoid + silu (1 - sigmoid)
        dGate.store(gradient * u * ck_multiply_add(silu, 1 - sigmoid, sigmoid), i, lanes)
      }
    case .tanhGELU:
      forEachVector(count) { i, lanes in
        let g = gate.vector(i, lanes)
        let u = up.vector(i, lanes)
        let gradient = dy.vector(i, lanes)
        let sigmoid = 1 / (1 + ck_exponential(-Self.gelu(g)))
        let gelu = g * sigmoid
        y.store(gelu * u, i, lanes)
        dUp.store(gradient * gelu, i, lanes)
        let slope = (1 - sigmoid) * Self.geluSlope(g)
        dGate.store(gradient * u * ck_multiply_add(gelu, slope, sigmoid), i, lanes)
      }
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
