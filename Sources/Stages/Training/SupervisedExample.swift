import Model
import Runner

/// A text to learn: its tokens, and from which one on they are in the loss.
package struct SupervisedExample: Sendable {
  /// Prompt and completion, or the text, with end-of-text.
  package let tokens: [Int32]
  /// The index of the first token in the loss. The first token of all is never predicted.
  package let firstTarget: Int

  /// A prompt and its completion, each tokenised by itself so that no token spans the boundary,
  /// just as the sampler sees them. End-of-text follows and is in the loss.
  /// - Throws: `StageError.failed` for a model without an end-of-text token.
  package init(prompt: String, completion: String, model: ModelArtifact) throws {
    let before = model.tokenizer.encode(prompt)
    tokens = before + model.tokenizer.encode(completion) + [try model.endToken()]
    firstTarget = before.count
  }

  /// A plain text. It follows an end-of-text token, so that its first token is learned, too.
  /// - Throws: `StageError.failed` for a model without an end-of-text token.
  package init(text: String, model: ModelArtifact) throws {
    let end = try model.endToken()
    tokens = [end] + model.tokenizer.encode(text) + [end]
    firstTarget = 1
  }

  /// How many tokens are in the loss.
  package var targetCount: Int { tokens.count - max(firstTarget, 1) }

  /// For each token whether it is in the loss.
  package var inLoss: [Bool] { tokens.indices.map { $0 >= max(firstTarget, 1) } }
}

/// Which examples each step trains on: every epoch is a shuffle of its own.
package struct EpochPlan: Sendable {
  /// How many examples there are.
  package let count: Int
  /// How many of them a step takes.
  package let batchSize: Int
  /// The seed of the order.
  package let seed: Int

  /// Plans epochs over `count` examples.
  package init(count: Int, batchSize: Int, seed: Int) {
    self.count = count
    self.batchSize = batchSize
    self.seed = seed
  }

  /// The last step of an epoch takes what is left.
  package var stepsPerEpoch: Int { (count + batchSize - 1) / batchSize }

  /// The indices of the examples of a step, from 1.
  package func indices(step: Int) -> ArraySlice<Int> {
    let (epoch, position) = (step - 1).quotientAndRemainder(dividingBy: stepsPerEpoch)
    var stream = RandomStream(seed: UInt64(bitPattern: Int64(seed)), "order", epoch)
    let order = stream.shuffled(Array(0..<count))
    return order[position * batchSize..<min(count, (position + 1) * batchSize)]
  }
}
