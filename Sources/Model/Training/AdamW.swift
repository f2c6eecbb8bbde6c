import CKernels
import Foundation

/// The optimiser of Loshchilov and Hutter (2019), computed as by PyTorch: decoupled weight decay,
/// first and second moments in float32, clipping by the norm of all gradients.
package struct AdamW: Sendable {
  /// What does not change from step to step.
  package struct Parameters: Sendable, Hashable {
    package var beta1: Double
    package var beta2: Double
    /// Added to the root of the second moment.
    package var epsilon: Double
    /// Decoupled weight decay; biases and norms are exempt (``ParameterLayout/Entry/decays``).
    package var weightDecay: Double

    package init(
      beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
      weightDecay: Double = 0.01
    ) {
      self.beta1 = beta1
      self.beta2 = beta2
      self.epsilon = epsilon
      self.weightDecay = weightDecay
    }
  }

  package let parameters: Parameters
  /// First moments, laid out as the weights.
  package let firstMoments: FloatBuffer
  /// Second moments, laid out as the weights.
  package let secondMoments: FloatBuffer
  /// How many steps were made. Set it, and the moments, to continue from a checkpoint.
  package var stepCount = 0

  private let layout: ParameterLayout

  /// An optimiser before its first step.
  package init(_ layout: ParameterLayout, _ parameters: Parameters = Parameters()) {
    self.parameters = parameters
    self.layout = layout
    firstMoments = FloatBuffer(count: layout.count)
    secondMoments = FloatBuffer(count: layout.count)
  }

  /// Changes the weights by one step.
  ///
  /// With g the clipped gradient: w -= rate * decay * w; m and v take in g and g^2;
  /// w -= rate * m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon).
  /// - Parameters:
  ///   - weights: What to change: a model's weights, or adapters.
  ///   - gradients: dLoss / dParameter, laid out as the weights; they stay as they are.
  ///   - learningRate: The step's rate.
  ///   - maxGradientNorm: Gradients are scaled by min(1, max / (norm + 1e-6)); nil does not clip.
  ///   - pool: Who does the work.
  /// - Returns: The norm of all gradients, before clipping.
  /// - Throws: ``OptimiserError/gradientNotFinite(parameter:step:)`` before anything has changed.
  @discardableResult
  package mutating func step(
    _ weights: FloatBuffer, gradients: FloatBuffer, learningRate: Double, maxGradientNorm: Double?,
    pool: WorkerPool
  ) throws -> Double {
    precondition(gradients.count == layout.count && weights.count == layout.count)
    let norm = pool.measure(.optimiser) { GradientNorm.norm(of: gradients, pool: pool) }
    guard norm.isFinite else {
      throw OptimiserError.gradientNotFinite(
        parameter: GradientNorm.firstNotFinite(gradients, layout), step: stepCount + 1)
    }
    stepCount += 1
    let scale = maxGradientNorm.map { min(1, $0 / (norm + 1e-6)) } ?? 1
    let update = Update(parameters, learningRate: learningRate, scale: scale, step: stepCount)
    let pieces = layout.entries.flatMap { entry in
      WorkerPool.split(entry.count, into: max(1, entry.count / (1 << 16)))
        .map { (start: entry.offset + $0.lowerBound, count: $0.count, decays: entry.decays) }
    }
    pool.measure(.optimiser) {
      pool.parallel(pieces.count) { task, _ in
        let piece = pieces[task]
        update.apply(
          weights.base + piece.start, gradients: gradients.base + piece.start,
          first: firstMoments.base + piece.start, second: secondMoments.base + piece.start,
          count: piece.count, decays: piece.decays)
      }
    }
    return norm
  }
}

extension AdamW {
  private struct Update {
    private let step: ck_adamw_step

    init(_ parameters: Parameters, learningRate: Double, scale: Double, step: Int) {
      let correction1 = 1 - pow(parameters.beta1, Double(step))
      let correction2 = 1 - pow(parameters.beta2, Double(step))
      self.step = ck_adamw_step(
        gradient_scale: Float(scale), beta1: Float(parameters.beta1),
        beta2: Float(parameters.beta2), new_share1: Float(1 - parameters.beta1),
        new_share2: Float(1 - parameters.beta2),
        kept: Float(1 - learningRate * parameters.weightDecay),
        step_size: Float(-learningRate / correction1),
        inverse_root_correction: Float(1 / correction2.squareRoot()),
        epsilon: Float(parameters.epsilon))
    }

    func apply(
      _ weights: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>,
      first: UnsafeMutablePointer<Float>, second: UnsafeMutablePointer<Float>, count: Int,
      decays: Bool
    ) {
      var step = step
      if !decays { step.kept = 1 }
      ck_adamw(PanelFactor.instructionSet, step, weights, gradients, first, second, count)
    }
  }
}

package enum OptimiserError: Error, Equatable, CustomStringConvertible {
  /// A gradient is infinite or not a number, or their squares overflow.
  case gradientNotFinite(parameter: String?, step: Int)

  package var description: String {
    switch self {
    case .gradientNotFinite(let parameter, let step):
      let place = parameter.map { "of \($0)" } ?? "as a whole"
      return "the gradient \(place) is not finite in step \(step); "
        + "nothing was changed: lower the learning rate or look at the data of this step"
    }
  }
}

enum GradientNorm {
  private static let pieceLength = 1 << 16

  /// The root of the sum of squares, summed in double precision over fixed pieces in fixed order.
  static func norm(of gradients: FloatBuffer, pool: WorkerPool) -> Double {
    let count = (gradients.count + pieceLength - 1) / pieceLength
    var sums = [Double](repeating: 0, count: count)
    sums.withUnsafeMutableBufferPointer { sums in
      pool.parallel(count) { task, _ in
        let start = task * pieceLength
        sums[task] = ck_sum_of_squares(
          PanelFactor.instructionSet, gradients.base + start,
          min(pieceLength, gradients.count - start))
      }
    }
    return sums.reduce(0, +).squareRoot()
  }

  /// The first parameter with a gradient that is infinite or not a number.
  static func firstNotFinite(_ gradients: FloatBuffer, _ layout: ParameterLayout) -> String? {
    layout.entries.first { entry in
      (entry.offset..<entry.offset + entry.count).contains { !gradients.base[$0].isFinite }
    }?.name
  }
}

/// How the learning rate changes over the steps of a run.
package enum LearningRateSchedule: Sendable, Hashable {
  /// Rises from zero in equal steps, then stays: step 0 runs with rate zero.
  case constantWithWarmup(steps: Int)
  /// Rises like that, then falls to zero in equal steps at step `total`.
  case linear(warmup: Int, total: Int)
  /// Rises like that, then falls along half a cosine to `floor` times the base rate at `total`.
  case cosine(warmup: Int, total: Int, floor: Double)

  /// The rate of a step, counted from 0, for a base rate.
  package func rate(step: Int, base: Double) -> Double {
    switch self {
    case .constantWithWarmup(let warmup):
      return base * Self.rise(step, warmup)
    case .linear(let warmup, let total):
      if step < warmup { return base * Self.rise(step, warmup) }
      return base * (1 - Self.progress(step, warmup, total))
    case .cosine(let warmup, let total, let floor):
      if step < warmup { return base * Self.rise(step, warmup) }
      let fall = 0.5 * (1 + cos(.pi * Self.progress(step, warmup, total)))
      return base * (floor + (1 - floor) * fall)
    }
  }

  private static func rise(_ step: Int, _ warmup: Int) -> Double {
    step < warmup ? Double(step) / Double(warmup) : 1
  }

  /// How much of the steps after the warm-up is over, 0...1.
  private static func progress(_ step: Int, _ warmup: Int, _ total: Int) -> Double {
    min(1, Double(step - warmup) / Double(max(1, total - warmup)))
  }
}
