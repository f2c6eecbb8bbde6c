import Model
import Runner

/// A text to learn: its tokens, and from which one on they are in the loss.
struct SupervisedExample: Sendable {
  let tokens: [Int32]
  /// The index of the first token in the loss. The first token of all is never predicted.
  let firstTarget: Int

  /// A prompt and its completion, each tokenised by itself so that no token spans the boundary,
  /// just as the sampler sees them. End-of-text follows and is in the loss.
  init(prompt: String, completion: String, model: ModelArtifact) throws {
    let before = model.tokenizer.encode(prompt)
    tokens = before + model.tokenizer.encode(completion) + [try model.endToken()]
    firstTarget = before.count
  }

  /// A plain text. It follows an end-of-text token, so that its first token is learned, too.
  init(text: String, model: ModelArtifact) throws {
    let end = try model.endToken()
    tokens = [end] + model.tokenizer.encode(text) + [end]
    firstTarget = 1
  }

  var targetCount: Int { tokens.count - max(firstTarget, 1) }

  var inLoss: [Bool] { tokens.indices.map { $0 >= max(firstTarget, 1) } }
}

/// Which examples each step trains on: every epoch is a shuffle of its own.
struct EpochPlan: Sendable {
  let count: Int
  let batchSize: Int
  let seed: Int

  /// The last step of an epoch takes what is left.
  var stepsPerEpoch: Int { (count + batchSize - 1) / batchSize }

  /// The indices of the examples of a step, from 1.
  func indices(step: Int) -> ArraySlice<Int> {
    let (epoch, position) = (step - 1).quotientAndRemainder(dividingBy: stepsPerEpoch)
    var stream = RandomStream(seed: UInt64(bitPattern: Int64(seed)), "order", epoch)
    let order = stream.shuffled(Array(0..<count))
    return order[position * batchSize..<min(count, (position + 1) * batchSize)]
  }
}
