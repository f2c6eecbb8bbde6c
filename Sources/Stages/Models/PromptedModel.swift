import Base
import Model

/// A model that somebody asks by hand: a prompt goes in, the completion comes out as it grows.
package struct PromptedModel {
  package let name: String
  private let model: ModelArtifact
  private let sampler: TextSampler
  private let stopStrings: [String]

  package init(
    _ name: String, _ model: ModelArtifact, _ sampling: SamplingParameters, stopStrings: [String],
    pool: WorkerPool
  ) {
    self.name = name
    self.model = model
    self.stopStrings = stopStrings
    sampler = TextSampler(model, sampling, stopStrings: stopStrings, pool: pool)
  }

  /// Completes a prompt. Every model draws the same random numbers for it.
  /// - Parameter onText: called with each piece of the completion's text that is certain.
  /// - Throws: `StageError.failed` where prompt and completion do not fit the context, and what `onText`
  ///   throws.
  package func complete(
    _ prompt: String, seed: Int, sample: Int, onText: @escaping (String) throws -> Void
  ) throws -> SampledText {
    let request = SamplingRequest(
      prompt: try sampler.tokens(ofPrompt: prompt, id: prompt.oneLine(atMost: 40)),
      streams: [
        RandomStream(seed: UInt64(bitPattern: Int64(seed)), "sample", prompt, String(sample))
      ])
    var growing = GrowingText(stopStrings: stopStrings)
    var completion: SampledText?
    var failure: (any Error)?
    try sampler.sample(
      [request], name: { _ in "the prompt" }, interruption: Interruption(),
      onTokens: { tokens in
        let piece = growing.addition(model.tokenizer.decode(tokens))
        do { if !piece.isEmpty { try onText(piece) } } catch { failure = error }
        return failure == nil
      },
      completed: { completion = $2 })
    if let failure { throw failure }
    guard let completion else { throw InterruptedError() }
    let rest = growing.rest(completion.text)
    if !rest.isEmpty { try onText(rest) }
    return completion
  }

  /// The text of each token of a completion.
  package func pieces(of completion: SampledText) -> [String] {
    completion.tokens.map { model.tokenizer.decode([$0]) }
  }
}

/// What of a growing completion can be shown: no half character, and nothing that may turn out to begin a
/// stop string.
package struct GrowingText {
  private let stopStrings: [String]
  /// How many bytes have been shown.
  private var count = 0

  package init(stopStrings: [String]) { self.stopStrings = stopStrings }

  /// The text that has become certain since the last call.
  /// - Parameter text: all tokens so far, decoded.
  package mutating func addition(_ text: String) -> String {
    var certain = text[...]
    while certain.last == "\u{FFFD}" { certain.removeLast() }
    let held = stopStrings.map { certain.lengthOfEnd(thatBegins: $0) }.max() ?? 0
    certain.removeLast(held)
    return rest(String(certain))
  }

  /// What has not been shown of the final text.
  package mutating func rest(_ text: String) -> String {
    let bytes = text.utf8.dropFirst(count)
    count += bytes.count
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension Substring {
  /// How many characters at the end a text begins with.
  fileprivate func lengthOfEnd(thatBegins text: String) -> Int {
    stride(from: Swift.min(count, text.count), to: 0, by: -1).first { hasSuffix(text.prefix($0)) }
      ?? 0
  }
}

extension String {
  /// For messages: the beginning of a text, on one line.
  fileprivate func oneLine(atMost length: Int) -> String {
    let line = replacing("\n", with: " ")
    return line.count <= length ? line : line.prefix(length) + "…"
  }
}
