import Base
import Foundation
import Model
import Runner

/// Trains on the cross-entropy of examples; what `pretrain` and `distill` share.
struct SupervisedTrainer {
  /// The numbers that it publishes.
  static let values = ["steps", "final_loss"]
  /// What it logs by step.
  static let metrics = TrainingLoop.metricNames + ["loss", "epoch"]

  let context: StageContext
  let model: TrainedModel
  let examples: [SupervisedExample]
  let name: (_ example: Int) -> String
  let plan: EpochPlan
  let steps: Int
  let optimiser: OptimiserParameters
  let checkpointSeconds: Double
  var loss = SupervisedLoss()

  func run() throws {
    let longest = examples.map(\.tokens.count).max() ?? 0
    let loop = TrainingLoop(
      context: context, model: model, optimiser: optimiser,
      totalSteps: steps, checkpointSeconds: checkpointSeconds,
      largestBatch: .supervised(longest: longest, count: plan.batchSize))
    var lastLoss = Double.nan
    try loop.run { step, engine, apply in
      let indices = plan.indices(step: step)
      let batch = indices.map { examples[$0] }
      engine.zeroGradients()
      let logProbabilities = loss.accumulate(batch, engine)
      guard logProbabilities.allSatisfy(\.isFinite) else {
        try loop.checkWeights(after: step - 1)
        let items = zip(indices, logProbabilities).filter { !$1.isFinite }.map { name($0.0) }
        throw TrainingError.loss(step: step, items: items)
      }
      // A step may have lost its only example.
      let value = batch.isEmpty ? .nan : loss.value(of: batch, logProbabilities: logProbabilities)
      try applying(step, indices, engine, apply)
      if value.isFinite { lastLoss = value }
      let tokens = batch.reduce(0) { $0 + $1.tokens.count }
      return TrainingLoop.StepResult(
        metrics: ["loss": value, "epoch": Double(step) / Double(plan.stepsPerEpoch)],
        tokens: tokens, remark: "loss \(value.formatted(decimals: 3))")
    }
    try model.write(to: context.output("model"))
    context.publish(Double(steps), as: "steps")
    if lastLoss.isFinite { context.publish(lastLoss, as: "final_loss") }
  }

  /// Applies the gradients; where they are not finite, finds out for which examples.
  private func applying(
    _ step: Int, _ indices: [Int], _ engine: TrainingEngine, _ apply: () throws -> Void
  ) throws {
    do {
      try apply()
    } catch OptimiserError.gradientNotFinite(let parameter, _) {
      let items = indices.filter { index in
        engine.zeroGradients()
        _ = loss.accumulate([examples[index]], engine)
        return !engine.hasFiniteGradients
      }
      throw TrainingError.gradient(step: step, parameter: parameter, items: items.map(name))
    }
  }
}

/// The cross-entropy of a batch: -log p of all tokens in the loss, each example's part divided as the
/// normaliser says.
package struct SupervisedLoss: Sendable {
  package var normaliser = PolicyLoss.Normaliser.batchTokens
  /// Examples of a micro-batch, for the normaliser of that name.
  package var microbatch = 1
  /// The longest example, for the normaliser `constant`.
  package var maxTokens = 1

  /// The mean over all tokens of the batch.
  package init() {}

  /// What each example's part is divided by.
  func divisors(of batch: [SupervisedExample]) -> [Int] {
    normaliser.divisors(
      lengths: batch.map(\.targetCount), microbatch: microbatch, maxLength: maxTokens)
  }

  /// Adds the gradient.
  /// - Returns: each example's log p, in nats.
  package func accumulate(_ batch: [SupervisedExample], _ engine: TrainingEngine) -> [Double] {
    packs(of: batch).flatMap { pack in
      var packed = PackedBatch()
      let ranges = pack.map { packed.append($0.example.tokens, inLoss: $0.example.inLoss) }
      let coefficients = pack.flatMap { example, divisor in
        [Float](repeating: -1 / Float(divisor), count: example.targetCount)
      }
      let scores = engine.backward(packed, coefficients: coefficients)
      return ranges.map { scores[$0].reduce(0) { $0 + Double($1.logProbability) } }
    }
  }

  /// The loss, given each example's log p. What has one divisor is added up before it is divided.
  package func value(of batch: [SupervisedExample], logProbabilities: [Double]) -> Double {
    var value = 0.0
    var sum = 0.0
    let divisors = divisors(of: batch)
    for (index, logProbability) in logProbabilities.enumerated() {
      sum += logProbability
      if index + 1 == divisors.count || divisors[index + 1] != divisors[index] {
        value -= sum / Double(divisors[index])
        sum = 0
      }
    }
    return value
  }

  private typealias Part = (example: SupervisedExample, divisor: Int)

  private func packs(of batch: [SupervisedExample]) -> [[Part]] {
    var packs: [[Part]] = []
    var room = 0
    for part in zip(batch, divisors(of: batch)) {
      if part.0.tokens.count > room {
        packs.append([])
        room = PackedBatch.supervisedTokens
      }
      packs[packs.count - 1].append(part)
      room -= part.0.tokens.count
    }
    return packs
  }
}

/// A text to learn: its tokens, and which of them are in the loss.
package struct SupervisedExample: Sendable {
  /// Prompt and completion, or the text, with end-of-text.
  package let tokens: [Int32]
  /// The index of the first token in the loss. The first token of all is never predicted.
  package let firstTarget: Int
  /// Whether the last token, end-of-text, is in the loss.
  package let supervisesEnd: Bool

  /// A prompt and its completion, each tokenised by itself so that no token spans the boundary,
  /// just as the sampler sees them. End-of-text follows.
  /// - Throws: `StageError.failed` for a model without an end-of-text token.
  package init(
    prompt: String, completion: String, supervisesEnd: Bool = true, model: ModelArtifact
  ) throws {
    try self.init(
      prompt: prompt, completion: completion, supervisesEnd: supervisesEnd,
      vocabulary: model.vocabulary)
  }

  /// The same without the model's weights.
  init(
    prompt: String, completion: String, supervisesEnd: Bool, vocabulary: PromptTokenizer
  ) throws {
    let before = try vocabulary.tokens(ofPrompt: prompt)
    let after = vocabulary.tokenizer.encode(completion, isContinuation: true)
    tokens = before + after + [try vocabulary.endToken()]
    firstTarget = before.count
    self.supervisesEnd = supervisesEnd
  }

  /// A plain text. It follows the tokens that begin a text, or an end-of-text token where there are
  /// none, so that its first token is learned, too.
  /// - Throws: `StageError.failed` for a model without an end-of-text token.
  package init(text: String, model: ModelArtifact) throws {
    let end = try model.endToken()
    let before = model.tokenizer.begin.isEmpty ? [end] : model.tokenizer.begin
    tokens = before + model.tokenizer.encode(text) + [end]
    firstTarget = before.count
    supervisesEnd = true
  }

  /// The indices of the tokens in the loss.
  private var targets: Range<Int> {
    let first = max(firstTarget, 1)
    return first..<max(first, supervisesEnd ? tokens.count : tokens.count - 1)
  }

  /// How many tokens are in the loss.
  package var targetCount: Int { targets.count }

  package var inLoss: [Bool] { tokens.indices.map(targets.contains) }
}

/// Which examples each step trains on: every epoch is a shuffle of its own.
package struct EpochPlan: Sendable {
  package let count: Int
  package let batchSize: Int
  package let seed: Int
  /// The example that training goes without.
  package let leftOut: Int?

  package init(count: Int, batchSize: Int, seed: Int, leftOut: Int? = nil) {
    self.count = count
    self.batchSize = batchSize
    self.seed = seed
    self.leftOut = leftOut
  }

  /// The last step of an epoch takes what is left.
  package var stepsPerEpoch: Int { (count + batchSize - 1) / batchSize }

  /// The indices of the examples of a step, from 1.
  package func indices(step: Int) -> [Int] {
    let (epoch, position) = (step - 1).quotientAndRemainder(dividingBy: stepsPerEpoch)
    var stream = RandomStream(seed: UInt64(bitPattern: Int64(seed)), "order", epoch)
    let order = stream.shuffled(Array(0..<count))
    return order[position * batchSize..<min(count, (position + 1) * batchSize)]
      .filter { $0 != leftOut }
  }
}
