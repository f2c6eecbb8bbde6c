/// A prompt that the model has read: what all its completions share.
final class PromptCache {
  /// Keys and values of the prompt.
  let keysAndValues: KeyValueCache
  /// The logits of the first new token.
  let logits: [Float]

  init(keysAndValues: KeyValueCache, logits: [Float]) {
    self.keysAndValues = keysAndValues
    self.logits = logits
  }
}
