import Foundation

/// The clipped policy-gradient loss, by components.
///
/// Of a token with log-probability p, old log-probability o and advantage A:
/// ratio = exp(p - o), l = -min(ratio A, clip(ratio, 1 - clipLow, 1 + clipHigh) A)
/// + klWeight (exp(r - p) - (r - p) - 1), where r is the reference model's log-probability
/// (Schulman et al., 2017; Shao et al., 2024). The loss is the sum of l with weights by
/// ``Normaliser``.
public struct PolicyLoss: Sendable, Hashable {
  /// What the sum over tokens is divided by.
  public enum Normaliser: String, Sendable, Hashable, CaseIterable {
    /// The tokens of the micro-batch, and micro-batches are averaged (TRL's "bnpo", the paper's
    /// code). The result depends on how a batch is cut.
    case microbatchTokens = "microbatch_tokens"
    /// The tokens of the whole batch (DAPO, Yu et al., 2025).
    case batchTokens = "batch_tokens"
    /// Each completion by its own length, and completions are averaged (GRPO).
    case sequence
    /// Completions times the configured limit of a completion's length (Dr. GRPO).
    case constant
  }

  /// The whole batch that a micro-batch is a part of.
  public struct Batch: Sendable, Hashable {
    /// Tokens of all completions.
    public var tokens: Int
    /// How many completions there are.
    public var completions: Int
    /// How many micro-batches it is cut into.
    public var microbatches: Int
    /// The configured limit of a completion's length.
    public var maxCompletionLength: Int

    /// Describes a batch.
    public init(tokens: Int, completions: Int, microbatches: Int, maxCompletionLength: Int) {
      self.tokens = tokens
      self.completions = completions
      self.microbatches = microbatches
      self.maxCompletionLength = maxCompletionLength
    }
  }

  /// One completion: for each of its tokens what the models think of it.
  public struct Completion: Sendable, Equatable {
    /// How much better its reward was than expected.
    public var advantage: Double
    /// Of the model that is trained.
    public var logProbabilities: [Float]
    /// Of the model that sampled; nil where that is the one that is trained (ratio 1).
    public var oldLogProbabilities: [Float]?
    /// Of the reference model; needed where `klWeight` is not 0.
    public var referenceLogProbabilities: [Float]?

    /// Describes a completion.
    public init(
      advantage: Double, logProbabilities: [Float], oldLogProbabilities: [Float]? = nil,
      referenceLogProbabilities: [Float]? = nil
    ) {
      self.advantage = advantage
      self.logProbabilities = logProbabilities
      self.oldLogProbabilities = oldLogProbabilities
      self.referenceLogProbabilities = referenceLogProbabilities
    }
  }

  /// What a micro-batch adds to its batch's loss.
  public struct Result: Sendable, Equatable {
    /// Its part of the loss.
    public var loss = 0.0
    /// dLoss / d log p, by completion and token.
    public var coefficients: [[Float]] = []
    /// How many tokens it has.
    public var tokens = 0
    /// Tokens with a negative advantage whose ratio is below 1 - clipLow: they have no gradient.
    public var clippedLow = 0
    /// Tokens with a positive advantage whose ratio is above 1 + clipHigh: they have no gradient.
    public var clippedHigh = 0
    /// Sum over tokens of exp(r - p) - (r - p) - 1, an estimate of the divergence from the reference
    /// model.
    public var divergence = 0.0

    /// The result of no completions.
    public init() {}
  }

  /// What the sum is divided by.
  public var normaliser: Normaliser
  /// How far below 1 the ratio counts.
  public var clipLow: Double
  /// How far above 1 the ratio counts.
  public var clipHigh: Double
  /// Weight of the divergence from the reference model.
  public var klWeight: Double

  /// Describes a loss.
  public init(
    normaliser: Normaliser, clipLow: Double = 0.2, clipHigh: Double = 0.2, klWeight: Double = 0
  ) {
    self.normaliser = normaliser
    self.clipLow = clipLow
    self.clipHigh = clipHigh
    self.klWeight = klWeight
  }

  /// The loss of one micro-batch and its derivatives. The parts of all micro-batches sum to the
  /// loss of the batch.
  public func evaluate(_ completions: [Completion], of batch: Batch) -> Result {
    var result = Result()
    result.tokens = completions.reduce(0) { $0 + $1.logProbabilities.count }
    for completion in completions {
      let weight = weight(of: completion, tokens: result.tokens, batch)
      var coefficients: [Float] = []
      coefficients.reserveCapacity(completion.logProbabilities.count)
      for token in completion.logProbabilities.indices {
        let (loss, derivative) = evaluate(token, of: completion, &result)
        result.loss += weight * loss
        coefficients.append(Float(weight * derivative))
      }
      result.coefficients.append(coefficients)
    }
    return result
  }

  /// The weight of each of a completion's tokens in the loss.
  private func weight(of completion: Completion, tokens: Int, _ batch: Batch) -> Double {
    let divisor =
      switch normaliser {
      case .microbatchTokens: tokens * batch.microbatches
      case .batchTokens: batch.tokens
      case .sequence: completion.logProbabilities.count * batch.completions
      case .constant: batch.completions * batch.maxCompletionLength
      }
    return divisor == 0 ? 0 : 1 / Double(divisor)
  }

  /// One token's loss and its derivative.
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
