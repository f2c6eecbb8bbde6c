import Foundation
import Model
import Runner

/// Parameters of `perplexity`.
package struct PerplexityParameters: ParameterSet {
  /// Texts to read, beside those of the input.
  package var texts: [String] = []

  /// No texts.
  package init() {}

  /// What a recipe may say.
  package static var fields: [Field<Self>] {
    [Field("texts", \.texts, "texts to read, beside those of the input 'texts'")]
  }
}

/// How well a model predicts texts: exp of the mean of -log p over all tokens but each text's first.
///
/// A number that shows at once when weights were read wrongly, or when training has cost a model
/// its language.
package struct PerplexityStage: Stage {
  package static let kind = "perplexity"
  package static let version = 1
  package static let summary = "Measures how well a model predicts texts."
  package static let inputs = [
    Runner.Port("model", .model, "the model to measure"),
    Runner.Port("texts", .texts, optional: true, "texts to read"),
  ]
  package static let outputs = [
    Runner.Port("scores", .scores, "tokens, bytes and -log p of each text")
  ]

  private let parameters: PerplexityParameters

  package init(parameters: PerplexityParameters) { self.parameters = parameters }

  package func run(_ context: StageContext) throws {
    let model = try ModelArtifact(contentsOf: context.input("model").file)
    let rows = try context.optionalInput("texts").map { try RowTable(contentsOf: $0.file) }
    let texts = parameters.texts + (try rows?.strings("text") ?? [])
    guard !texts.isEmpty else {
      throw StageError.failed("there is nothing to read; set 'texts' or bind the input 'texts'")
    }
    let engine = TrainingEngine(
      weights: model.weights, pool: WorkerPool(threads: context.threads))
    var scores: [[String: JSONValue]] = []
    for (index, text) in texts.enumerated() {
      try context.interruption.check()
      scores.append(try score(text, number: index, model, engine))
      context.progress.update(Runner.Progress(scores.count, of: texts.count, "texts"))
    }
    try RowTable(rows: scores, order: ["text", "tokens", "bytes"])
      .write(to: context.output("scores"))
    publish(scores, context)
  }

  private func score(
    _ text: String, number: Int, _ model: ModelArtifact, _ engine: TrainingEngine
  ) throws -> [String: JSONValue] {
    let tokens = model.tokenizer.encode(text)
    let limit = model.weights.configuration.contextLength
    guard tokens.count >= 2, tokens.count <= limit else {
      throw StageError.failed(
        "text \(number) has \(tokens.count) tokens; perplexity needs at least 2 and at most the model's "
          + "context of \(limit)")
    }
    var batch = PackedBatch()
    batch.append(tokens, inLoss: tokens.indices.map { $0 > 0 })
    let sum = engine.logProbabilities(batch).reduce(0) { $0 - Double($1.logProbability) }
    guard sum.isFinite else {
      throw StageError.failed(
        "the model gives text \(number) a probability that is not finite, so its weights are damaged "
          + "or have grown without bounds; nothing was published. Try a smaller learning_rate in the "
          + "training that made it")
    }
    return [
      "text": .string(text), "tokens": .integer(tokens.count - 1),
      "bytes": .integer(text.utf8.count), "negative_log_likelihood": .number(sum),
    ]
  }

  private func publish(_ scores: [[String: JSONValue]], _ context: StageContext) {
    func total(_ name: String) -> Double { scores.reduce(0) { $0 + ($1[name]?.number ?? 0) } }
    let mean = total("negative_log_likelihood") / total("tokens")
    context.publish(mean, as: "negative_log_likelihood")
    context.publish(exp(mean), as: "perplexity")
    context.publish(
      total("negative_log_likelihood") / log(2) / total("bytes"), as: "bits_per_byte")
    context.publish(total("tokens"), as: "tokens")
  }
}
