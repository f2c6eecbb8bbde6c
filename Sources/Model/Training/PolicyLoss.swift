import Foundation

/// The clipped policy-gradient loss, by components.
///
/// Of a token with log-probability p, old log-probability o and advantage A:
/// ratio = exp(p - o), l = -min(ratio A, clip(ratio, 1 - clipLow, 1 + clipHigh) A)
/// + klWeight (exp(r - p) - (r - p) - 1), where r is the reference model's log-probability
/// (Schulman et al., 2017; Shao et al., 2024). The loss is the sum of l, each completion's part
/// divided as ``Normaliser`` says.
package struct PolicyLoss: Sendable, Hashable {
  package enum Normaliser: String, Sendable, Hashable, CaseIterable {
    /// The tokens of the micro-batch, and micro-batches are averaged (TRL's "bnpo", the paper's
    /// code). The result depends on how a batch is cut.
    case microbatchTokens = "microbatch_tokens"
    /// The tokens of the whole batch (DAPO, Yu et al., 2025).
    case batchTokens = "batch_tokens"
    /// Each completion by its own length, and completions are averaged (GRPO).
    case sequence
    /// Completions times the configured limit of a completion's length (Dr. GRPO).
    case constant

    /// What each completion of a batch is divided by.
    /// - Parameters:
    ///   - lengths: tokens of each completion; nil for one that is left out of the loss.
    ///   - microbatch: completions of a micro-batch, counting those left out; the last may be short.
    ///   - maxLength: the configured limit of a completion's length.
    package func divisors(lengths: [Int?], microbatch: Int, maxLength: Int) -> [Int] {
      func tokens(_ range: Range<Int>) -> Int { lengths[range].reduce(0) { $0 + ($1 ?? 0) } }
      let microbatches = (lengths.count + microbatch - 1) / microbatch
      let completions = lengths.count { $0 != nil }
      switch self {
      case .microbatchTokens:
        return (0..<microbatches).flatMap { number in
          let part = number * microbatch..<min(lengths.count, (number + 1) * microbatch)
          return [Int](repeating: tokens(part) * microbatches, count: part.count)
        }
      case .batchTokens:
        return [Int](repeating: tokens(lengths.indices), count: lengths.count)
      case .sequence: return lengths.map { ($0 ?? 0) * completions }
      case .constant:
        return [Int](repeating: completions * maxLength, count: lengths.count)
      }
    }
  }

  /// One completion: for each of its tokens what the models think of it.
  package struct Completion: Sendable, Equatable {
    /// How much better its reward was than expected.
    package var advantage: Double
    /// Of the model that is trained.
    package var logProbabilities: [Float]
    /// Of the model that sampled; nil where that is the one that is trained (ratio 1).
    package var oldLogProbabilities: [Float]?
    /// Of the reference model; needed where `klWeight` is not 0.
    package var referenceLogProbabilities: [Float]?

    package init(
      advantage: Double, logProbabilities: [Float], oldLogProbabilities: [Float]? = nil,
      referenceLogProbabilities: [Float]? = nil
    ) {
      self.advantage = advantage
      self.logProbabilities = logProbabilities
      self.oldLogProbabilities = oldLogProbabilities
      self.referenceLogProbabilities = referenceLogProbabilities
    }
  }

  /// What a completion adds to its batch's loss.
  package struct Result: Sendable, Equatable {
    package var loss = 0.0
    /// dLoss / d log p, by token.
    package var coefficients: [Float] = []
    /// Tokens with a negative advantage whose ratio is below 1 - clipLow: they have no gradient.
    package var clippedLow = 0
    /// Tokens with a positive advantage whose ratio is above 1 + clipHigh: they have no gradient.
    package var clippedHigh = 0
    /// Sum over tokens of exp(r - p) - (r - p) - 1, an estimate of the divergence from the reference
    /// model.
    package var divergence = 0.0

    package init() {}
  }

  package var clipLow: Double
  package var clipHigh: Double
  package var klWeight: Double

  package init(clipLow: Double = 0.2, clipHigh: Double = 0.2, klWeight: Double = 0) {
    self.clipLow = clipLow
    self.clipHigh = clipHigh
    self.klWeight = klWeight
  }

  /// A completion's part of its batch's loss, and its derivatives; the parts of all completions sum
  /// to the loss of the batch.
  /// - Parameter divisor: from ``Normaliser/divisors(lengths:microbatch:maxLength:)``.
  package func evaluate(_ completion: Completion, divisor: Int) -> Result {
    let weight = divisor == 0 ? 0 : 1 / Double(divisor)
    var result = Result()
    result.coefficients.reserveCapacity(completion.logProbabilities.count)
    for token in completion.logProbabilities.indices {
      let (loss, derivative) = evaluate(token, of: completion, &result)
      result.loss += weight * loss
      result.coefficients.append(Float(weight * derivative))
    }
    return result
  }

  private func evaluate(
    _ token: Int, of completion: Completion, _ result: inout Result
  ) -> (loss: Double, derivative: Double) {
    let advantage = completion.advantage
    let current = Double(completion.logProbabilities[token])
    let ratio = completion.oldLogProbabilities.map { exp(current - Double($0[token])) } ?? 1
    let clipped = min(max(ratio, 1 - clipLow), 1 + clipHigh)
    if ratio < 1 - clipLow && advantage < 0 { result.clippedLow += 1 }
    if ratio > 1 + clipHigh && advantage > 0 { result.clippedHigh += 1 }

    var loss = -min(ratio * advantage, clipped * advantage)
    var derivative = ratio * advantage <= clipped * advantage ? -ratio * advantage : 0
    if let reference = completion.referenceLogProbabilities {
      let difference = Double(reference[token]) - current
      let divergence = exp(difference) - difference - 1
      result.divergence += divergence
      loss += klWeight * divergence
      derivative += klWeight * (1 - exp(difference))
    } else {
      precondition(klWeight == 0, "a divergence needs the reference model's log-probabilities")
    }
    return (loss, derivative)
  }
}

package enum Advantage: String, Sendable, Hashable, CaseIterable {
  /// Reward minus the group's mean (Dr. GRPO, Liu et al., 2025, and the paper's code).
  case centred
  /// That over the group's standard deviation (n - 1) plus 1e-4 (GRPO, Shao et al., 2024, as in TRL).
  case scaled
  /// Centred over the standard deviation of all the batch's rewards plus 1e-4.
  case batchScaled = "batch_scaled"
  /// Reward minus the mean of the group's others (RLOO, Ahmadian et al., 2024); zero for a group of
  /// one.
  case leaveOneOut = "leave_one_out"

  /// The advantages of a batch, group by group.
  ///
  /// A group of one has no baseline and gets advantage 0.
  package func advantages(of groups: [[Double]]) -> [[Double]] {
    let batchDeviation = Self.deviation(groups.flatMap(\.self))
    return groups.map { rewards in
      let centred = rewards.map { $0 - Self.mean(rewards) }
      switch self {
      case .centred: return centred
      case .scaled: return centred.map { $0 / (Self.deviation(rewards) + 1e-4) }
      case .batchScaled: return centred.map { $0 / (batchDeviation + 1e-4) }
      case .leaveOneOut:
        // r - (sum - r) / (n - 1) = (r - mean) n / (n - 1)
        return centred.map { $0 * Double(rewards.count) / Double(max(1, rewards.count - 1)) }
      }
    }
  }

  private static func mean(_ values: [Double]) -> Double {
    values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
  }

  /// The standard deviation with n - 1; 0 for fewer than two values.
  private static func deviation(_ values: [Double]) -> Double {
    guard values.count > 1 else { return 0 }
    let mean = mean(values)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / Double(values.count - 1)).squareRoot()
  }
}
