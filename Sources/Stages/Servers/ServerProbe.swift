import Base
import Foundation
import Model
import Runner

/// What a server completes a few fixed prompts with, greedily, and with which probabilities: a model's name
/// on a server proves nothing.
struct ServerProbe: Sendable, Equatable {
  /// The completion of one prompt.
  struct Reading: Sendable, Equatable {
    let tokens: [Int32]
    /// log p of each.
    let logProbabilities: [Double]
  }

  let readings: [Reading]

  static let prompts = ["2 + 3 =", "Ann is a knight and", "def f(x):\n", "Once upon a time"]
  static let tokens = 16
  /// How much log p of a token may differ on average between two probes of one model: what rounding to
  /// bfloat16 and other kernels leave is well below, another model well above.
  static let bound = 0.05

  /// The requests of a probe.
  static func requests(
    _ vocabulary: PromptTokenizer, _ server: ServerParameters, _ dialect: ServerDialect
  ) throws -> [CompletionRequest] {
    var greedy = SamplingParameters()
    greedy.temperature = 0
    greedy.topP = 1
    greedy.maxTokens = tokens
    var fields = dialect.fields(greedy, stopStrings: [])
    fields["logprobs"] = 1
    return try prompts.enumerated().map { index, prompt in
      CompletionRequest(
        id: "probe \(index)", prompt: try vocabulary.tokens(ofPrompt: prompt), seed: 0, fields,
        server)
    }
  }

  init(readings: [Reading]) { self.readings = readings }

  /// Nil where the server sends no ids or no log p.
  init?(_ completions: [ServerCompletion]) {
    readings = completions.compactMap { completion in
      guard let tokens = completion.tokens, let logProbabilities = completion.logProbabilities,
        tokens.count == logProbabilities.count, !tokens.isEmpty
      else { return nil }
      return Reading(tokens: tokens, logProbabilities: logProbabilities)
    }
    guard readings.count == completions.count else { return nil }
  }

  /// By how much log p of a token differs on average, as far as both say the same, and with the token at
  /// which they part.
  func difference(from other: ServerProbe) -> Double {
    var sum = 0.0
    var count = 0
    for (one, another) in zip(readings, other.readings) {
      for place in 0..<min(one.tokens.count, another.tokens.count) {
        sum += abs(one.logProbabilities[place] - another.logProbabilities[place])
        count += 1
        if one.tokens[place] != another.tokens[place] { break }
      }
    }
    return sum / Double(max(1, count))
  }

  /// The same tokens with the probabilities that a model gives them.
  func weighed(
    by model: ModelArtifact, pool: WorkerPool
  ) throws -> ServerProbe {
    let engine = TrainingEngine(weights: model.weights, pool: pool)
    return ServerProbe(
      readings: try zip(Self.prompts, readings).map { prompt, reading in
        let prompt = try model.tokens(ofPrompt: prompt)
        let size = model.weights.configuration.vocabularySize
        guard reading.tokens.allSatisfy({ (0..<size).contains(Int($0)) }) else {
          throw ServerError.unknownToken(vocabulary: size)
        }
        let all = prompt + reading.tokens
        var batch = PackedBatch()
        batch.append(all, inLoss: all.indices.map { $0 >= prompt.count })
        return Reading(
          tokens: reading.tokens,
          logProbabilities: engine.logProbabilities(batch).map { Double($0.logProbability) })
      })
  }

  var json: JSONValue {
    .array(
      readings.map { reading in
        [
          "tokens": .array(reading.tokens.map { .integer(Int($0)) }),
          "log_probabilities": .array(reading.logProbabilities.map { .number($0) }),
        ]
      })
  }

  /// Reads what was kept; nil where it is not whole.
  init?(json: JSONValue) {
    guard let rows = json.array, rows.count == Self.prompts.count else { return nil }
    readings = rows.compactMap { row in
      guard let ids = row["tokens"]?.array, let numbers = row["log_probabilities"]?.array,
        ids.count == numbers.count
      else { return nil }
      return Reading(
        tokens: ids.compactMap { $0.integer.flatMap { Int32(exactly: $0) } },
        logProbabilities: numbers.compactMap(\.number))
    }
    guard readings.count == rows.count,
      readings.allSatisfy({ $0.tokens.count == $0.logProbabilities.count })
    else { return nil }
  }
}
