import Base
import Foundation
import Model
import Stages
import Tasks
import TestSupport
import Testing

/// A batch that TRL's own trainer sampled and trained on twice (`Tests/Fixtures/trl/make.py`), trained
/// on by ours: what is logged under the same name must be the same number.
@Suite struct TRLMetricsTests {
  /// Those of the model's config.json and of the tokenizer that `make.py` made.
  private static let endTokens: [Int32] = [2, 92]

  private let file: JSONValue

  init() throws {
    let data = try Data(contentsOf: ProjectFolder.fixtures.appending(path: "trl/metrics.json"))
    file = try JSONValue(parsing: data)
  }

  private func parameters(_ change: (inout RLVRParameters) -> Void) -> RLVRParameters {
    var parameters = RLVRParameters()
    (parameters.group, parameters.updatesPerBatch) = (4, 2)
    parameters.loss.normaliser = .batchTokens
    (parameters.loss.clipHigh, parameters.loss.kl) = (0.28, 0.05)
    (parameters.sampling.temperature, parameters.sampling.maxTokens) = (1.3, 12)
    change(&parameters)
    return parameters
  }

  private func weights() throws -> Weights {
    let folder = ProjectFolder.fixtures.appending(path: "reference/llama-tied")
    let configuration = try ModelConfiguration(
      huggingFaceConfig: Data(contentsOf: folder.appending(path: "config.json")))
    return try Weights(configuration, huggingFaceFolder: folder)
  }

  /// The groups, with the entropy that our sampler would have found.
  private func groups(_ recorded: JSONValue, _ engine: TrainingEngine) throws -> [RolloutGroup] {
    try #require(recorded["groups"]?.array).enumerated().map { number, group in
      let prompt = Self.tokens(group["prompt"])
      let completions = (group["completions"]?.array ?? []).map { completion in
        let tokens = Self.tokens(completion)
        var batch = PackedBatch()
        batch.append(prompt: prompt, completions: [tokens])
        let scores = engine.logProbabilities(batch, temperature: 1.3)
        return SampledText(
          tokens: tokens, logProbabilities: scores.map(\.logProbability),
          entropy: scores.reduce(0) { $0 + Double($1.entropy) }, text: "",
          isTruncated: tokens.last.map(Self.endTokens.contains) == false)
      }
      return RolloutGroup(
        problem: number, prompt: prompt, completions: completions,
        verdicts: completions.map { _ in Verdict(.wrong) },
        rewards: (group["rewards"]?.array ?? []).compactMap(\.number))
    }
  }

  private static func tokens(_ value: JSONValue?) -> [Int32] {
    (value?.array ?? []).compactMap { $0.integer.map(Int32.init) }
  }

  private func expect(_ logged: JSONValue?, _ names: [String], _ values: [String: Double]) throws {
    for name in names {
      let wanted = try #require(logged?[name]?.number, "\(name)")
      let value = try #require(values[name], "\(name)")
      #expect(abs(value - wanted) <= 2e-4 * max(0.05, abs(wanted)), "\(name): \(value), \(wanted)")
    }
  }

  @Test(arguments: ["plain", "batch_scaled_masked"])
  func sameNamesAreSameNumbers(variant: String) throws {
    let recorded = try #require(file[variant])
    let logs = try #require(recorded["logs"]?.array)
    #expect(logs.count == 2)
    let parameters = parameters {
      guard variant == "batch_scaled_masked" else { return }
      ($0.loss.advantage, $0.maskTruncated) = (.batchScaled, true)
    }
    let weights = try weights()
    let engine = TrainingEngine(weights: weights, pool: WorkerPool(threads: 1))
    let groups = try groups(recorded, engine)
    try expect(
      logs[0],
      [
        "reward", "reward_std", "frac_reward_zero_std", "entropy", "completions/mean_length",
        "completions/min_length", "completions/max_length", "completions/clipped_ratio",
      ], RolloutMetrics(groups, parameters).values)

    let update = PolicyUpdate(groups, parameters)
    let sampled = update.logProbabilities(engine)
    var optimiser = AdamW(
      weights.layout,
      AdamW.Parameters(beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0))
    for (number, log) in logs.enumerated() {
      engine.zeroGradients()
      let report = update.accumulate(
        engine, old: number == 0 ? nil : sampled, reference: sampled)
      var values = report.values(parameters)
      values["grad_norm"] = try optimiser.step(
        engine.trained, gradients: engine.gradients, learningRate: 0.003, maxGradientNorm: 0.1,
        pool: engine.pool)
      let clipped = ["low_mean", "high_mean", "region_mean"].map { "clip_ratio/\($0)" }
      try expect(log, ["loss", "grad_norm", "kl"] + clipped, values)
      let isFirst = number == 0
      #expect((report.clippedLow + report.clippedHigh == 0) == isFirst)
      #expect((values["kl"] == 0) == isFirst)
    }
  }
}
