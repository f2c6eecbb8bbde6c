import Model

/// Work with a language model: tokens, and the floating-point operations that they take.
///
/// A weight takes 2 operations a token forward and 4 more backward; attention takes 4 operations for
/// each key and each of a head's numbers. Neither the optimiser nor what an implementation computes
/// twice is counted, so the operations are the least that so many tokens take.
package struct Work: Sendable {
  /// Tokens that are sampled.
  package var sampledTokens = 0
  /// Tokens that are trained on, those of prompts among them.
  package var trainedTokens = 0
  /// Floating-point operations.
  package var operations = 0.0
  /// Bytes of memory for the weights alone or, where they are trained, with gradient and the two
  /// moments of AdamW, in float32.
  package var bytes = 0.0

  /// No work.
  package init() {}

  /// What a prompt is reckoned with; the paper's have 200 to 430 tokens on average.
  package static let promptTokens = 300

  /// Adds completions of some prompts, each prompt read once.
  mutating func sample(
    _ model: ModelConfiguration, prompts: Int, completions: Int, tokens: Int
  ) {
    let keys = Double(Self.promptTokens) + Double(tokens) / 2
    sampledTokens += completions * tokens
    operations +=
      Double(completions * tokens) * model.forwardOperations(keys: keys)
      + Double(prompts * Self.promptTokens)
      * model.forwardOperations(keys: Double(Self.promptTokens) / 2)
    bytes = max(bytes, 4 * Double(ParameterLayout(model).count))
  }

  /// Adds gradients: three times what the forward pass takes.
  mutating func train(_ model: ModelConfiguration, tokens: Int, length: Int) {
    trainedTokens += tokens
    operations += 3 * Double(tokens) * model.forwardOperations(keys: Double(length) / 2)
    bytes = max(bytes, 16 * Double(ParameterLayout(model).count))
  }

  /// The sum of two pieces of work, one after the other.
  package static func + (one: Work, other: Work) -> Work {
    var sum = one
    sum.sampledTokens += other.sampledTokens
    sum.trainedTokens += other.trainedTokens
    sum.operations += other.operations
    sum.bytes = max(one.bytes, other.bytes)
    return sum
  }
}

extension ModelConfiguration {
  /// Operations of a token's forward pass that sees `keys` keys, logits included.
  fileprivate func forwardOperations(keys: Double) -> Double {
    let heads = (2 * headCount + 2 * keyValueHeadCount) * headSize
    let block = hiddenSize * (heads + 3 * intermediateSize)
    let weights = Double(layerCount * block + vocabularySize * hiddenSize)
    return 2 * weights + 4 * keys * Double(layerCount * headCount * headSize)
  }
}
