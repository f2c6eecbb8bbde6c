import Base
import Foundation
import Model
import Runner
import Tasks

/// The completions of an evaluation: what is expensive, apart from the verdicts, which are cheap.
struct CompletionsPart: Sendable {
  let problems: Problems
  let template: PromptTemplate
  let stopStrings: [String]
  let samples: Int
  let seed: Int
  let sampling: SamplingParameters
  /// Who samples; this program where nil.
  var server: ServerParameters?

  /// Reads the completions from the cache, or samples them.
  func sampled(in context: StageContext) throws -> Completions {
    let part = StagePart(
      name: "completions", version: 1, identity: identity, inputs: ["model", "problems"])
    let file = try context.file(of: part) { file, workFolder in
      if let server, let dialect = server.spoken {
        let served = ServedCompletions(
          part: self, server: server, dialect: dialect, context: context, folder: workFolder)
        return try served.table().table.write(to: file)
      }
      let log = try RowLog(file: workFolder.appending(path: "completions.jsonl"))
      try sampleMissing(into: log, context)
      let order = log.rows.sorted { position($0) < position($1) }
      try Completions(rows: order).table.write(to: file)
    }
    return try Completions(contentsOf: file)
  }

  private var identity: JSONValue {
    var fields: [String: JSONValue] = [
      "template": .string(template.sha256), "samples": .integer(samples), "seed": .integer(seed),
      "stop": .array(stopStrings.map { .string($0) }), "sampling": sampling.identity,
    ]
    if let server { fields["server"] = server.samplingIdentity }
    return .object(fields)
  }

  private func position(_ row: [String: JSONValue]) -> Int {
    let place = Completions.place(of: row)
    return place.problem * samples + place.sample
  }

  private func sampleMissing(into log: RowLog, _ context: StageContext) throws {
    let model = try ModelArtifact(contentsOf: context.input("model").file)
    let sampler = TextSampler(
      model, sampling, stopStrings: stopStrings, pool: try WorkerPool(reserving: context.threads))
    let done = Set(log.rows.map(position))
    let total = problems.count * samples
    let ids = try problems.ids
    var requests: [SamplingRequest] = []
    var origins: [(problem: Int, samples: [Int], prompt: String)] = []
    for problem in 0..<problems.count {
      let missing = (0..<samples).filter { !done.contains(problem * samples + $0) }
      let prompt = try template.render(problems.row(problem))
      let tokens = try sampler.tokens(ofPrompt: prompt, id: ids[problem])
      guard !missing.isEmpty else { continue }
      requests.append(
        SamplingRequest(
          prompt: tokens, streams: missing.map { stream(problemID: ids[problem], sample: $0) }))
      origins.append((problem, missing, prompt))
    }
    var finished = done.count
    context.progress.update(StageProgress(finished, of: total, "completions"))
    let name = { "problem '\(ids[origins[$0].problem])'" }
    try sampler.sample(requests, name: name, interruption: context.interruption) {
      request, sample, text in
      let origin = origins[request]
      try log.append(
        Completions.row(
          problem: origin.problem, problemID: ids[origin.problem],
          sample: origin.samples[sample], prompt: origin.prompt, text: text.text,
          tokens: text.tokens.count, isTruncated: text.isTruncated))
      finished += 1
      context.progress.update(StageProgress(finished, of: total, "completions"))
    }
  }

  /// The stream belongs to seed, problem and sample, so neither batch nor order matters.
  private func stream(problemID: String, sample: Int) -> RandomStream {
    RandomStream(seed: UInt64(bitPattern: Int64(seed)), "evaluate", problemID, sample)
  }
}

/// A completion as text and as the tokens that were sampled.
package struct SampledText: Sendable {
  /// The tokens, the end-of-text token included where it was sampled. They are never re-tokenised.
  package let tokens: [Int32]
  /// log p of each token at the sampling temperature, over the whole vocabulary.
  package let logProbabilities: [Float]
  /// The entropy of the distributions that they were drawn from, before top-k and top-p, in nats,
  /// summed over the tokens.
  package let entropy: Double
  /// The text without the end-of-text token, cut before the first stop string.
  package let text: String
  /// Whether it ran into `max_tokens`.
  package let isTruncated: Bool

  package init(
    tokens: [Int32], logProbabilities: [Float], entropy: Double = 0, text: String,
    isTruncated: Bool
  ) {
    self.tokens = tokens
    self.logProbabilities = logProbabilities
    self.entropy = entropy
    self.text = text
    self.isTruncated = isTruncated
  }
}

/// Samples texts from a model: prompts go in as text, completions come out as text.
struct TextSampler {
  private let model: ModelArtifact
  private var parameters: SamplingParameters
  private var stopStrings: [String]
  private let sampler: Sampler

  /// - Parameter adapters: What is added to the model's layers, as it is at each call.
  init(
    _ model: ModelArtifact, adapters: Adapters? = nil, _ parameters: SamplingParameters,
    stopStrings: [String], pool: WorkerPool
  ) {
    self.model = model
    self.parameters = parameters
    self.stopStrings = stopStrings
    sampler = Sampler(
      weights: model.weights, adapters: adapters, pool: pool, batchSize: parameters.batchSize,
      precision: parameters.precision)
  }

  /// The same model sampled in another way; `batch_size` and `sampling_precision` stay.
  func with(_ parameters: SamplingParameters, stopStrings: [String]) -> TextSampler {
    var changed = self
    changed.parameters = parameters
    changed.stopStrings = stopStrings
    return changed
  }

  /// Tokenises a prompt.
  /// - Throws: `StageError.failed` when prompt and completion might not fit the context: nothing
  ///   is ever cut silently.
  func tokens(ofPrompt prompt: String, id: String) throws -> [Int32] {
    try model.vocabulary.tokens(ofPrompt: prompt, id: id, maxTokens: parameters.maxTokens)
  }

  /// Samples one completion for each stream of each prompt.
  /// - Parameters:
  ///   - name: what messages call a prompt.
  ///   - onTokens: called after each token of a completion that goes on, with all so far; says whether
  ///     it may go on.
  ///   - joining: asked while there is room; what it returns is sampled, too, as further prompts.
  ///   - completed: called as completions end, with the indices of prompt and stream.
  func sample(
    _ requests: [SamplingRequest], name: (_ request: Int) -> String, interruption: Interruption,
    onTokens: (([Int32]) -> Bool)? = nil, joining: () -> [SamplingRequest] = { [] },
    completed: (_ request: Int, _ sample: Int, SampledText) throws -> Void
  ) throws {
    let options = SamplingOptions(
      temperature: Float(parameters.temperature), topK: parameters.topK,
      topP: parameters.topP, maxNewTokens: parameters.maxTokens,
      stopTokens: model.weights.configuration.endTokens)
    do {
      _ = try sampler.generate(
        requests, options: options,
        shouldStop: stopStrings.isEmpty && onTokens == nil
          ? nil
          : { tokens in endsAtStop(tokens) || onTokens?(tokens) == false },
        joining: joining,
        onCompletion: { try completed($0, $1, text(of: $2)) },
        interrupted: { interruption.isRequested })
    } catch SamplingError.interrupted {
      throw InterruptedError()
    } catch SamplingError.logitsNotFinite(let request) {
      throw StageError.failed(
        "the model's logits for \(name(request)) are not finite, so its weights are damaged or have "
          + "grown without bounds; nothing was published. Try a smaller learning_rate in the training "
          + "that made it")
    }
  }

  private func text(of completion: Completion) -> SampledText {
    return SampledText(
      tokens: completion.tokens, logProbabilities: completion.logProbabilities,
      entropy: completion.entropy,
      text: model.vocabulary.text(of: completion.tokens, stopStrings: stopStrings),
      isTruncated: completion.finish == .length)
  }

  /// Only the newest tokens can complete a stop string, so only they are looked at.
  private func endsAtStop(_ tokens: [Int32]) -> Bool {
    let longest = stopStrings.map(\.utf8.count).max() ?? 0
    let tail = model.tokenizer.decode(tokens.suffix(longest + 1), isContinuation: true)
    return stopStrings.contains { tail.range(of: $0, options: .literal) != nil }
  }
}
