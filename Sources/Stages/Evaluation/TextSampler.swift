import Foundation
import Model
import Runner

/// A completion as text and as the tokens that were sampled.
package struct SampledText: Sendable {
  /// The tokens, the end-of-text token included where it was sampled. They are never re-tokenised.
  package let tokens: [Int32]
  /// log p of each token at the sampling temperature, over the whole vocabulary.
  package let logProbabilities: [Float]
  /// The text without the end-of-text token, cut before the first stop string.
  package let text: String
  /// Whether it ran into `max_tokens`.
  package let isTruncated: Bool

  /// Gathers what is known of a completion.
  package init(tokens: [Int32], logProbabilities: [Float], text: String, isTruncated: Bool) {
    self.tokens = tokens
    self.logProbabilities = logProbabilities
    self.text = text
    self.isTruncated = isTruncated
  }
}

/// Samples texts from a model: prompts go in as text, completions come out as text.
struct TextSampler {
  private let model: ModelArtifact
  private let parameters: SamplingParameters
  private let stopStrings: [String]
  private let sampler: Sampler

  init(
    _ model: ModelArtifact, _ parameters: SamplingParameters, stopStrings: [String],
    pool: WorkerPool
  ) {
    self.model = model
    self.parameters = parameters
    self.stopStrings = stopStrings
    sampler = Sampler(
      weights: model.weights, pool: pool, batchSize: parameters.batchSize,
      precision: parameters.precision)
  }

  /// Tokenises a prompt.
  /// - Throws: `StageError.failed` when prompt and completion might not fit the context: nothing
  ///   is ever cut silently.
  func tokens(ofPrompt prompt: String, id: String) throws -> [Int32] {
    let tokens = model.tokenizer.encode(prompt)
    let context = model.weights.configuration.contextLength
    guard tokens.count + parameters.maxTokens <= context else {
      throw StageError.failed(
        "the prompt of '\(id)' has \(tokens.count) tokens; with max_tokens \(parameters.maxTokens) "
          + "it does not fit the model's context of \(context); lower max_tokens")
    }
    return tokens
  }

  /// Samples one completion for each stream of each prompt.
  /// - Parameters:
  ///   - name: what messages call a prompt.
  ///   - completed: called as completions end, with the indices of prompt and stream.
  func sample(
    _ requests: [SamplingRequest], name: (_ request: Int) -> String, interruption: Interruption,
    completed: (_ request: Int, _ sample: Int, SampledText) throws -> Void
  ) throws {
    let options = SamplingOptions(
      temperature: Float(parameters.temperature), topK: parameters.topK,
      topP: parameters.topP, maxNewTokens: parameters.maxTokens,
      stopTokens: model.weights.configuration.endTokens)
    do {
      _ = try sampler.generate(
        requests, options: options, shouldStop: stopStrings.isEmpty ? nil : endsAtStop,
        onCompletion: { try completed($0, $1, text(of: $2)) },
        interrupted: { interruption.isRequested })
    } catch SamplingError.interrupted {
      throw StageError.interrupted
    } catch SamplingError.logitsNotFinite(let request) {
      throw StageError.failed(
        "the model's logits for \(name(request)) are not finite, so its weights are damaged or have "
          + "grown without bounds; nothing was published. Try a smaller learning_rate in the training "
          + "that made it")
    }
  }

  private func text(of completion: Completion) -> SampledText {
    var tokens = completion.tokens[...]
    if completion.finish == .stopToken { tokens = tokens.dropLast() }
    var text = model.tokenizer.decode(tokens)
    let cuts = stopStrings.compactMap { text.range(of: $0, options: .literal)?.lowerBound }
    if let cut = cuts.min() { text = String(text[..<cut]) }
    return SampledText(
      tokens: completion.tokens, logProbabilities: completion.logProbabilities, text: text,
      isTruncated: completion.finish == .length)
  }

  /// Only the newest tokens can complete a stop string, so only they are looked at.
  private func endsAtStop(_ tokens: [Int32]) -> Bool {
    let longest = stopStrings.map(\.utf8.count).max() ?? 0
    let tail = model.tokenizer.decode(tokens.suffix(longest + 1))
    return stopStrings.contains { tail.range(of: $0, options: .literal) != nil }
  }
}
