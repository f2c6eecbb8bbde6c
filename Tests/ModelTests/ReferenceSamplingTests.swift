import Model
import Testing

/// Decoding against an independent implementation.
@Suite(
  "Reference: sampling", .serialized,
  .enabled(if: !ReferenceModel.all.isEmpty, ReferenceModel.skipReason))
struct ReferenceSamplingTests {
  @Test("greedy ids", arguments: ReferenceModel.all)
  func greedy(_ model: ReferenceModel) throws {
    let expected = try model.json("generate.json")
    let ids = expected["greedy_32"].integers.map(Int32.init)
    let sampler = Sampler(weights: try model.weights(), pool: WorkerPool(threads: 2), batchSize: 4)
    let request = SamplingRequest(
      prompt: expected["prompt_ids"].integers.map(Int32.init), streams: [RandomStream(seed: 1)])
    let completions = try sampler.generate(
      [request], options: SamplingOptions(temperature: 0, maxNewTokens: 32))
    #expect(ids.count == 32)
    #expect(completions[0][0].tokens == ids)
    #expect(completions[0][0].finish == .length)
  }

  @Test("distributions of the next token", arguments: ReferenceModel.all)
  func distributions(_ model: ReferenceModel) throws {
    let expected = try model.json("generate.json")
    let logits = expected["next_token_logits_after_prompt"].numbers.map(Float.init)
    #expect(expected["distributions"].elements.count > 2)
    for distribution in expected["distributions"].elements {
      let options = SamplingOptions(
        temperature: Float(distribution["temperature"].number),
        topK: distribution["top_k"].integer, topP: distribution["top_p"].number, maxNewTokens: 1)
      let actual = TokenDistribution(logits: logits, options)
      let byProbability = actual.kept.sorted { $0.probability > $1.probability }
      #expect(byProbability.map { Int($0.token) } == distribution["kept"].integers)
      for (candidate, probability) in zip(byProbability, distribution["probs"].numbers) {
        #expect(abs(Double(candidate.probability) / actual.mass - probability) < 1e-5)
      }
    }
  }
}
