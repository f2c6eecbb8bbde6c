import Foundation
import Model
import Testing

/// Losses of reinforcement learning against float64 numbers.
@Suite(
  "Reference: policy losses", .serialized,
  .enabled(if: !ReferenceModel.all.isEmpty, ReferenceModel.skipReason))
struct ReferencePolicyTests {
  /// One prompt and its group of completions.
  struct Group {
    let batch: PackedBatch
    let targets: [Range<Int>]
    private let tensors: ReferenceTensors
    private let columns: Int

    init(_ model: ReferenceModel) throws {
      tensors = try model.tensors("grpo.safetensors")
      columns = try tensors.shape("completion_ids")[1]
      let ids = try tensors.integers("completion_ids").map(Int32.init)
      let mask = try tensors.integers("completion_mask")
      var completions: [[Int32]] = []
      for start in stride(from: 0, to: ids.count, by: columns) {
        let length = mask[start..<start + columns].reduce(0, +)
        completions.append(Array(ids[start..<start + length]))
      }
      var batch = PackedBatch()
      targets = batch.append(
        prompt: try tensors.integers("prompt_ids").map(Int32.init), completions: completions)
      self.batch = batch
    }

    /// A tensor of the completions' shape, without its padding.
    func values(_ name: String) throws -> [[Float]] {
      let all = try tensors.floats(name)
      return targets.enumerated().map { Array(all[$0 * columns..<$0 * columns + $1.count]) }
    }
  }

  static let normalisers: [String: PolicyLoss.Normaliser] = [
    "token_mean": .microbatchTokens, "sequence_mean": .sequence, "constant": .constant,
  ]

  @Test("log-probabilities of a group", arguments: ReferenceModel.all)
  func logProbabilities(_ model: ReferenceModel) throws {
    let group = try Group(model)
    let engine = TrainingEngine(weights: try model.weights(), pool: WorkerPool(threads: 2))
    for (temperature, name) in [(Float(1), "logps_T1_0"), (0.7, "logps_T0_7")] {
      let scores = engine.logProbabilities(group.batch, temperature: temperature)
      let expected = try group.values(name).flatMap(\.self)
      let worst = zip(scores, expected).map { abs($0.logProbability - $1) }.max() ?? .nan
      #expect(worst < 1e-4)
      #expect(scores.count == expected.count)
    }
  }

  @Test("advantages", arguments: ReferenceModel.all)
  func advantages(_ model: ReferenceModel) throws {
    let expected = try model.json("grpo.json")
    let rewards = [expected["rewards"].numbers]
    for (advantage, name) in [(Advantage.centred, "centred"), (.scaled, "scaled")] {
      let actual = advantage.advantages(of: rewards)[0]
      for (a, b) in zip(actual, expected["advantages_" + name].numbers) {
        #expect(abs(a - b) < 1e-12)
      }
    }
  }

  @Test("losses and gradients of all variants", arguments: ReferenceModel.all)
  func variants(_ model: ReferenceModel) throws {
    let group = try Group(model)
    let expected = try model.json("grpo.json")
    let engine = TrainingEngine(weights: try model.weights(), pool: WorkerPool(threads: 2))
    let variants = expected["variants"]
    #expect(variants.keys.count >= 7)
    for name in variants.keys {
      engine.zeroGradients()
      let (result, outside) = try evaluate(variants[name], group, expected, engine)
      #expect(abs(result.loss - variants[name]["loss"].number) < 1e-5, "\(name)")
      // The file counts what TRL 0.16 calls clipped: ratio * A < clip(ratio) * A, that is, tokens
      // outside the range whose gradient is not cut.
      let cut = result.clippedLow + result.clippedHigh
      #expect(outside - cut == variants[name]["clipped_tokens"].integer, "\(name)")
      #expect((cut > 0) == (variants[name]["old_logps"].text == "given"))
      try checkGradients(engine, variants[name], "\(name)")
      if name == "fork_old_given", model.has("grpo_fork_old_given_grads.safetensors") {
        try checkWholeGradient(engine, model)
      }
    }
  }

  private func evaluate(
    _ variant: ReferenceJSON, _ group: Group, _ expected: ReferenceJSON, _ engine: TrainingEngine
  ) throws -> (result: PolicyLoss.Result, outsideRange: Int) {
    let temperature = Float(variant["temperature"].number)
    let loss = PolicyLoss(
      normaliser: try #require(Self.normalisers[variant["aggregate"].text]),
      clipLow: expected["epsilon"].number, clipHigh: expected["epsilon"].number,
      klWeight: variant["beta"].number)
    let advantages = expected["advantages_" + variant["advantages"].text].numbers
    let old = try group.values(temperature == 1 ? "old_logps_T1_0" : "old_logps_T0_7")
    let reference = try group.values("ref_logps_T1_0")
    let batch = PolicyLoss.Batch(
      tokens: group.batch.targets.count, completions: group.targets.count, microbatches: 1,
      maxCompletionLength: expected["max_completion_length"].integer)
    var result = PolicyLoss.Result()
    var outside = 0
    engine.backward(group.batch, temperature: temperature) { scores in
      let completions = group.targets.enumerated().map { index, targets in
        PolicyLoss.Completion(
          advantage: advantages[index], logProbabilities: scores[targets].map(\.logProbability),
          oldLogProbabilities: variant["old_logps"].text == "current" ? nil : old[index],
          referenceLogProbabilities: loss.klWeight == 0 ? nil : reference[index])
      }
      result = loss.evaluate(completions, of: batch)
      for completion in completions {
        for (new, old) in zip(completion.logProbabilities, completion.oldLogProbabilities ?? []) {
          if !(1 - loss.clipLow...1 + loss.clipHigh).contains(Double(exp(new - old))) {
            outside += 1
          }
        }
      }
      return result.coefficients.flatMap(\.self)
    }
    return (result, outside)
  }

  private func checkGradients(
    _ engine: TrainingEngine, _ variant: ReferenceJSON, _ name: Comment
  ) throws {
    var total = 0.0
    for entry in engine.weights.layout.entries {
      let gradient = engine.gradients[entry.offset..<entry.offset + entry.count].map(Double.init)
      let squares = gradient.reduce(0) { $0 + $1 * $1 }
      total += squares
      let summary = variant["grads"][entry.name]
      #expect(abs(squares.squareRoot() / summary["norm"].number - 1) < 1e-4, name)
      let largest = gradient.map(abs).max() ?? 0
      for sample in summary["at"].elements.map(\.numbers) {
        #expect(abs(gradient[Int(sample[0])] - sample[1]) < 1e-4 * largest, name)
      }
    }
    #expect(abs(total.squareRoot() / variant["grad_norm"].number - 1) < 1e-4, name)
  }

  private func checkWholeGradient(_ engine: TrainingEngine, _ model: ReferenceModel) throws {
    let expected = try model.tensors("grpo_fork_old_given_grads.safetensors")
    for entry in engine.weights.layout.entries {
      let difference = relativeDifference(
        engine.gradients[entry.offset..<entry.offset + entry.count],
        try expected.floats(entry.name))
      #expect(difference < 1e-4, "\(entry.name)")
    }
  }

  @Test("learning rates of a warm-up")
  func learningRates() throws {
    let expected = try ReferenceJSON(
      ReferenceModel.root.appendingPathComponent("lr_schedule.json"))
    let schedule = LearningRateSchedule.constantWithWarmup(steps: expected["warmup_steps"].integer)
    let rates = expected["lr_used_at_optimizer_step_0_to_29"].numbers
    #expect(rates.count == 30)
    for (step, rate) in rates.enumerated() {
      let actual = schedule.rate(step: step, base: expected["lr"].number)
      #expect(abs(actual - rate) <= 1e-12 * rate)
    }
  }
}
