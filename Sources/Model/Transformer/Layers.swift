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

  private var kernel: ck_norm {
    ck_norm(weight: weight, width: width, epsilon: epsilon, adds_one: addsOne ? 1 : 0)
  }

  /// Writes the normalised row, which may be `x`.
  func apply(_ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>) {
    ck_normalise(PanelFactor.instructionSet, kernel, x, y)
  }

  /// Normalises each row of a block.
  func apply(_ x: Matrix, into y: Matrix) {
    for index in 0..<x.rowCount { apply(x.row(index), into: y.row(index)) }
  }

  /// dx = add + dy/dx, and dw += dy/dw, for one row. `add` may be `dx`; without one, `dy` may be `dx`.
  func backward(
    _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, adding add: UnsafePointer<Float>?,
    into dx: UnsafeMutablePointer<Float>, weightGradient: UnsafeMutablePointer<Float>
  ) {
    ck_normalise_backward(PanelFactor.instructionSet, kernel, x, dy, add, dx, weightGradient)
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

/// A gated feed-forward layer: y = f(gate) * up (Shazeer, 2020), with SiLU or tanh-GELU for f.
struct GatedActivation {
  private let function: Int32

  init(_ configuration: ModelConfiguration) {
    function =
      switch configuration.architecture.family.activation {
      case .silu: Int32(CK_SILU)
      case .tanhGELU: Int32(CK_TANH_GELU)
      }
  }

  /// Writes the activation of `count` elements.
  func apply(
    gate: UnsafePointer<Float>, up: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    ck_gate(PanelFactor.instructionSet, function, gate, up, y, count)
  }

  /// From dy: the activation again, and the gradients of gate and up. `dGate` may be `dy`.
  func backward(
    gate: UnsafePointer<Float>, up: UnsafePointer<Float>, dy: UnsafePointer<Float>,
    activation y: UnsafeMutablePointer<Float>, dGate: UnsafeMutablePointer<Float>,
    dUp: UnsafeMutablePointer<Float>, count: Int
  ) {
    ck_gate_backward(PanelFactor.instructionSet, function, gate, up, dy, y, dGate, dUp, count)
  }
}

/// What a softmax over a row needs to be known for.
struct SoftmaxStatistics {
  let logSum: Float
  /// The entropy of the distribution, in nats.
  let entropy: Float

  fileprivate init(_ sums: ck_softmax_sums) {
    logSum = sums.log_sum
    entropy = sums.entropy
  }
}

enum Softmax {
  static func maximum(_ x: UnsafePointer<Float>, count: Int) -> Float {
    ck_maximum_of(PanelFactor.instructionSet, x, count)
  }

  /// Replaces x by e^x / sum e^x and returns log sum e^x. `count` is positive.
  static func apply(_ x: UnsafeMutablePointer<Float>, count: Int) -> Float {
    ck_softmax(PanelFactor.instructionSet, x, count, 0).log_sum
  }

  /// The same, and what ``statistics(_:count:)`` finds; x becomes the same bits.
  static func applyWithStatistics(
    _ x: UnsafeMutablePointer<Float>, count: Int
  ) -> SoftmaxStatistics {
    SoftmaxStatistics(ck_softmax(PanelFactor.instructionSet, x, count, 1))
  }

  /// Replaces x by factor * e^(x - shift).
  static func exponentials(
    _ x: UnsafeMutablePointer<Float>, minus shift: Float, times factor: Float = 1, count: Int
  ) {
    ck_exponentials(PanelFactor.instructionSet, x, shift, factor, count)
  }

  /// log sum e^x and the entropy, of a row that stays as it is.
  static func statistics(_ x: UnsafePointer<Float>, count: Int) -> SoftmaxStatistics {
    SoftmaxStatistics(ck_softmax_statistics(PanelFactor.instructionSet, x, count))
  }

  /// From the gradient `dp` of what a softmax gave, `p`, to that of what went into it, in place.
  /// - Parameter sum: That of p dp.
  static func backward(
    _ p: UnsafePointer<Float>, sum: Float, _ dp: UnsafeMutablePointer<Float>, count: Int
  ) {
    ck_softmax_backward(PanelFactor.instructionSet, p, sum, dp, count)
  }
}
