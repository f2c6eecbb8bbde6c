import Model
import Runner

/// How completions are sampled. The defaults are the paper's (section 2).
package struct SamplingParameters: ParameterSet {
  /// Divides the logits; 0 takes the likeliest token.
  package var temperature = 0.7
  /// The least probability mass to sample from.
  package var topP = 0.95
  /// The most tokens to sample from; 0 means all.
  package var topK = 0
  /// The longest completion, in tokens.
  package var maxTokens = 8192
  /// What both factors of the linear layers' products are rounded to.
  package var precision = Precision.float32
  /// Sequences decoded side by side. Cannot change a completion.
  package var batchSize = 32

  /// The paper's values.
  package init() {}

  package static var fields: [Field<Self>] {
    [
      Field("temperature", \.temperature, range: 0...10, "divides the logits; 0 is greedy"),
      Field("top_p", \.topP, range: 0.000_001...1, "least probability mass to sample from"),
      Field("top_k", \.topK, range: .atLeast(0), "most tokens to sample from; 0 is all"),
      Field("max_tokens", \.maxTokens, range: .atLeast(1), "longest completion, in tokens"),
      Field(
        "sampling_precision", \.precision, later: true,
        "what both factors of the linear layers' products are rounded to in sampling"),
      Field(
        "batch_size", \.batchSize, range: 1...4096, identity: false,
        "sequences decoded side by side; cannot change a completion"),
    ]
  }
}
