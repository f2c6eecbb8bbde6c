import Foundation
import Model
import Testing

/// Losses of reinforcement learning against float64 numbers.
@Suite("Reference: policy losses", .serialized)
struct ReferencePolicyTests {
  private static let normalisers: [String: PolicyLoss.Normaliser] = [
    "token_mean": .microbatchTokens, "batch_tokens": .batchTokens, "sequence_mean": .sequence,
    "constant": .constant,
  ]

  @Test("log-probabilities of a group", arguments: ReferenceFolder.models)
  func logProbabilities(_ model: ReferenceModel) throws {
    let group = try ReferenceGroup(model)
    let engine = try model.engine()
    let temperatures = group.temperatures(of: "logps")
    #expect(!temperatures.isEmpty)
    for temperature in temperatures {
      let scores = engine.logProbabilities(group.batch, temperature: Float(temperature))
      let expected = try group.values("logps", temperature).flatMap(\.self)
      #expect(scores.count == expected.count)
      for (score, expected) in zip(scores, expected) {
        #expect(abs(score.logProbability - expected) < 1e-4)
      }
    }
  }

  @Test("advantages", arguments: ReferenceFolder.models)
  func advantages(_ model: ReferenceModel) throws {
    let expected = try model.json("grpo.json")
    let names = expected.keys.filter { $0.hasPrefix("advantages_") }
    #expect(!names.isEmpty)
    for name in names {
      let advantage = try #require(Advantage(rawValue: String(name.dropFirst(11))))
      let actual = advantage.advantages(of: [expected["rewards"].numbers])[0]
      #expect(actual.count == expected[name].numbers.count)
      for (a, b) in zip(actual, expected[name].numbers) { #expect(abs(a - b) < 1e-12) }
    }
  }

  /// Only the project's own files have batches of several groups.
  @Test(
    "advantages of several groups", arguments: ReferenceFolder.models(in: ReferenceFolder.own))
  func advantagesOfGroups(_ model: ReferenceModel) throws {
    let batch = try model.json("grpo.json")["batch"]
    #expect(batch["advantages"].keys == Advantage.allCases.map(\.rawValue).sorted())
    for name in batch["advantages"].keys {
      let advantage = try #require(Advantage(rawValue: name))
      let actual = advantage.advantages(of: batch["rewards"].elements.map(\.numbers))
      let expected = batch["advantages"][name].elements.map(\.numbers)
      #expect(actual.map(\.count) == expected.map(\.count))
      for (a, b) in zip(actual.joined(), expected.joined()) { #expect(abs(a - b) < 1e-12) }
    }
  }

  @Test(
    "every normaliser comes with every advantage",
    arguments: ReferenceFolder.models(in: ReferenceFolder.own))
  func combinations(_ model: ReferenceModel) throws {
    let variants = try model.json("grpo.json")["variants"]
    let found = Set(
      variants.keys.map { [variants[$0]["aggregate"].text, variants[$0]["advantages"].text] })
    #expect(Self.normalisers.values.count == PolicyLoss.Normaliser.allCases.count)
    for name in Self.normalisers.keys {
      for advantage in Advantage.allCases { #expect(found.contains([name, advantage.rawValue])) }
    }
  }

  @Test("losses and gradients of all variants", arguments: ReferenceFolder.models)
  func variants(_ model: ReferenceModel) throws {
    let group = try ReferenceGroup(model)
    let expected = try model.json("grpo.json")
    let engine = try model.engine()
    let variants = expected["variants"]
    #expect(!variants.keys.isEmpty)
    for name in variants.keys {
      engine.zeroGradients()
      let (result, ratios) = try evaluate(variants[name], group, expected, engine)
      #expect(abs(result.loss - variants[name]["loss"].number) < 1e-5, "\(name)")
      expectCounts(result, ratios, variants[name], epsilon: expected["epsilon"].number, "\(name)")
      expectGradients(engine, variants[name], "\(name)")
      if model.has("grpo_\(name)_grads.safetensors") {
        try expectWholeGradient(engine, model.tensors("grpo_\(name)_grads.safetensors"))
      }
    }
  }

  /// A token's ratio and advantage.
  private typealias Ratio = (ratio: Double, advantage: Double)

  private func evaluate(
    _ variant: ReferenceJSON, _ group: ReferenceGroup, _ expected: ReferenceJSON,
    _ engine: TrainingEngine
  ) throws -> (result: PolicyLoss.Result, ratios: [Ratio]) {
    let temperature = variant["temperature"].number
    let normaliser = try #require(Self.normalisers[variant["aggregate"].text])
    let loss = PolicyLoss(
      clipLow: expected["epsilon"].number, clipHigh: expected["epsilon"].number,
      klWeight: variant["beta"].number)
    let advantages = expected["advantages_" + variant["advantages"].text].numbers
    let isCurrent = variant["old_logps"].text == "current"
    let old = try isCurrent ? nil : group.values("old_logps", temperature)
    let reference = try loss.klWeight == 0 ? nil : group.values("ref_logps", temperature)
    let divisors = normaliser.divisors(
      lengths: group.targets.map(\.count),
      microbatch: variant.keys.contains("microbatch")
        ? variant["microbatch"].integer : group.targets.count,
      maxLength: expected["max_completion_length"].integer)
    var result = PolicyLoss.Result()
    var ratios: [Ratio] = []
    engine.backward(group.batch, temperature: Float(temperature)) { scores in
      let completions = group.targets.enumerated().map { index, targets in
        PolicyLoss.Completion(
          advantage: advantages[index], logProbabilities: scores[targets].map(\.logProbability),
          oldLogProbabilities: old?[index], referenceLogProbabilities: reference?[index])
      }
      for (completion, divisor) in zip(completions, divisors) {
        let part = loss.evaluate(completion, divisor: divisor)
        result.loss += part.loss
        result.clippedLow += part.clippedLow
        result.clippedHigh += part.clippedHigh
        result.coefficients += part.coefficients
        for (new, old) in zip(completion.logProbabilities, completion.oldLogProbabilities ?? []) {
          ratios.append((exp(Double(new) - Double(old)), completion.advantage))
        }
      }
      return result.coefficients
    }
    return (result, ratios)
  }

  /// The file counts what TRL 0.16 calls clipped, ratio A < clip(ratio) A: tokens outside the range
  /// whose gradient is *not* cut. Those whose gradient is cut are the others outside.
  private func expectCounts(
    _ result: PolicyLoss.Result, _ ratios: [Ratio], _ variant: ReferenceJSON, epsilon: Double,
    _ name: Comment
  ) {
    func clipped(_ ratio: Double) -> Double { min(max(ratio, 1 - epsilon), 1 + epsilon) }
    let kept = ratios.count { $0.ratio * $0.advantage < clipped($0.ratio) * $0.advantage }
    let cut = ratios.count { $0.ratio * $0.advantage > clipped($0.ratio) * $0.advantage }
    // Rounding decides for tokens at the very edge.
    let atEdge = ratios.count { abs(abs($0.ratio - 1) - epsilon) < 1e-4 }
    #expect(abs(kept - variant["clipped_tokens"].integer) <= atEdge, name)
    #expect(result.clippedLow + result.clippedHigh == cut, name)
  }

  private func expectGradients(
    _ engine: TrainingEngine, _ variant: ReferenceJSON, _ name: Comment
  ) {
    var total = 0.0
    for entry in engine.weights.layout.entries {
      let gradient = engine.gradients[entry.offset..<entry.offset + entry.count].map(Double.init)
      let squares = gradient.reduce(0) { $0 + $1 * $1 }
      total += squares
      let summary = variant["grads"][entry.name]
      #expect(isClose(squares.squareRoot(), summary["norm"].number), name)
      let largest = gradient.map(abs).max() ?? 0
      #expect(!summary["at"].elements.isEmpty)
      for sample in summary["at"].elements.map(\.numbers) {
        #expect(abs(gradient[Int(sample[0])] - sample[1]) <= 1e-4 * largest, name)
      }
    }
    #expect(isClose(total.squareRoot(), variant["grad_norm"].number), name)
  }

  /// Equal within a ten-thousandth; a gradient of nothing may be rounding errors.
  private func isClose(_ actual: Double, _ expected: Double) -> Bool {
    abs(actual - expected) <= max(1e-4 * expected, 1e-7)
  }

  private func expectWholeGradient(_ engine: TrainingEngine, _ expected: SafetensorsFile) throws {
    for entry in engine.weights.layout.entries {
      let difference = relativeDifference(
        engine.gradients[entry.offset..<entry.offset + entry.count],
        try expected.floats(entry.name))
      #expect(difference < 1e-4, "\(entry.name)")
    }
  }

  @Test("learning rates of a warm-up", arguments: ReferenceFolder.files("lr_schedule.json"))
  func learningRates(_ file: URL) throws {
    let expected = try ReferenceJSON(file)
    #expect(expected["kind"].text == "constant_with_warmup")
    let schedule = LearningRateSchedule.constantWithWarmup(steps: expected["warmup_steps"].integer)
    let rates = expected.first("lr_used_at_optimizer_step").numbers
    #expect(!rates.isEmpty)
    for (step, rate) in rates.enumerated() {
      let actual = schedule.rate(step: step, base: expected["lr"].number)
      #expect(abs(actual - rate) <= 1e-12 * rate)
    }
  }
}

/// The prompt and the completions of grpo.safetensors, without their padding.
struct ReferenceGroup {
  let batch: PackedBatch
  /// Each completion's targets.
  let targets: [Range<Int>]
  private let tensors: SafetensorsFile
  private let columns: Int

  init(_ model: ReferenceModel) throws {
    tensors = try model.tensors("grpo.safetensors")
    let columns = try tensors.shape("completion_ids")[1]
    self.columns = columns
    let ids = try tensors.integers("completion_ids").map(Int32.init)
    let mask = try tensors.integers("completion_mask")
    let completions = stride(from: 0, to: ids.count, by: columns).map { start in
      Array(ids[start..<start + mask[start..<start + columns].reduce(0, +)])
    }
    var batch = PackedBatch()
    targets = batch.append(
      prompt: try tensors.integers("prompt_ids").map(Int32.init), completions: completions)
    self.batch = batch
  }

  /// The temperatures of tensors of a name: `logps_T0_7` is that of 0.7.
  func temperatures(of name: String) -> [Double] {
    tensors.names.filter { $0.hasPrefix(name + "_T") }.compactMap {
      Double($0.dropFirst(name.count + 2).replacing("_", with: "."))
    }
  }

  /// A tensor at a temperature, or the only one of its name, without its padding.
  func values(_ name: String, _ temperature: Double) throws -> [[Float]] {
    let all = tensors.names.filter { $0.hasPrefix(name + "_T") }
    let suffix = "\(temperature)".replacing(".", with: "_")
    let found = all.contains("\(name)_T\(suffix)") ? "\(name)_T\(suffix)" : all.first
    try #require(found == "\(name)_T\(suffix)" || all.count == 1)
    let values = try tensors.floats(try #require(found))
    return targets.enumerated().map { Array(values[$0 * columns..<$0 * columns + $1.count]) }
  }
}
