import Foundation
import Model
import Testing

/// Decoding against an independent implementation.
@Suite("Reference: sampling", .serialized)
struct ReferenceSamplingTests {
  private func prompt(_ expected: ReferenceJSON) -> [Int32] {
    expected["prompt_ids"].integers.map(Int32.init)
  }

  @Test("greedy ids", arguments: ReferenceFolder.models)
  func greedy(_ model: ReferenceModel) throws {
    let expected = try model.json("generate.json")
    let ids = expected.first("greedy_").integers.map(Int32.init)
    try #require(!ids.isEmpty)
    let sampler = Sampler(weights: try model.weights(), pool: WorkerPool(threads: 2), batchSize: 4)
    let request = SamplingRequest(prompt: prompt(expected), streams: [RandomStream(seed: 1)])
    let completions = try sampler.generate(
      [request], options: SamplingOptions(temperature: 0, maxNewTokens: ids.count))
    #expect(completions[0][0].tokens == ids)
    #expect(completions[0][0].finish == .length)
  }

  @Test("logits after a prompt", arguments: ReferenceFolder.models)
  func logits(_ model: ReferenceModel) throws {
    let expected = try model.json("generate.json")
    let wanted = logSoftmax(expected["next_token_logits_after_prompt"].numbers)
    let actual = try logProbabilities(model, prompt(expected))
    #expect(wanted.count == actual.count)
    for (a, b) in zip(actual, wanted) { #expect(abs(Double(a) - b) < 1e-4) }
  }

  @Test("distributions of the next token", arguments: ReferenceFolder.models)
  func distributions(_ model: ReferenceModel) throws {
    let expected = try model.json("generate.json")
    let given = expected["next_token_logits_after_prompt"].numbers.map(Float.init)
    let own = try logProbabilities(model, prompt(expected))
    #expect(!expected["distributions"].elements.isEmpty)
    for distribution in expected["distributions"].elements {
      let kept = distribution["kept"].integers.map(Int32.init)
      let wanted = Dictionary(uniqueKeysWithValues: zip(kept, distribution["probs"].numbers))
      for (logits, tolerance) in [(given, 1e-5), (own, 1e-4)] {
        let actual = TokenDistribution(logits: logits, options(distribution))
        #expect(Set(actual.kept.map(\.token)) == Set(kept))
        for candidate in actual.kept {
          let probability = Double(candidate.probability) / actual.mass
          #expect(abs(probability - wanted[candidate.token, default: .nan]) < tolerance)
        }
      }
    }
  }

  @Test("samples come from the distributions", arguments: ReferenceFolder.models)
  func samples(_ model: ReferenceModel) throws {
    let expected = try model.json("generate.json")
    let sampler = Sampler(weights: try model.weights(), pool: WorkerPool(threads: 2), batchSize: 9)
    let request = SamplingRequest(
      prompt: prompt(expected), streams: (0..<40).map { RandomStream(seed: 3, $0) })
    for distribution in expected["distributions"].elements {
      let temperature = distribution["temperature"].number
      let logProbabilities = logSoftmax(
        expected["next_token_logits_after_prompt"].numbers.map { $0 / temperature })
      let kept = Set(distribution["kept"].integers.map(Int32.init))
      let completions = try sampler.generate([request], options: options(distribution))[0]
      for completion in completions {
        let token = completion.tokens[0]
        #expect(kept.contains(token))
        let wanted = logProbabilities[Int(token)]
        #expect(abs(Double(completion.logProbabilities[0]) - wanted) < 1e-4 / min(1, temperature))
      }
      #expect(
        kept.count == 1 || Set(completions.map(\.tokens)).count > 1 || wholeMass(distribution))
    }
  }

  /// Whether one token has so much of the probability that all samples may be it.
  private func wholeMass(_ distribution: ReferenceJSON) -> Bool {
    distribution["probs"].numbers.first.map { $0 > 0.7 } ?? false
  }

  private func options(_ distribution: ReferenceJSON) -> SamplingOptions {
    SamplingOptions(
      temperature: Float(distribution["temperature"].number), topK: distribution["top_k"].integer,
      topP: distribution["top_p"].number, maxNewTokens: 1)
  }

  /// log p of every token after a prompt.
  private func logProbabilities(_ model: ReferenceModel, _ prompt: [Int32]) throws -> [Float] {
    let engine = try model.engine()
    var batch = PackedBatch()
    batch.append(
      prompt: prompt,
      completions: (0..<engine.weights.configuration.vocabularySize).map { [Int32($0)] })
    return engine.logProbabilities(batch).map(\.logProbability)
  }
}
