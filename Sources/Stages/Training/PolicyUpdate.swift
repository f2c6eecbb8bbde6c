import Model

/// One optimiser update on a batch of rollouts: gradients, and what is logged of them.
///
/// The prompt of a group is computed once for the group, and groups without any influence (equal
/// rewards, no divergence term) are not computed at all.
package struct PolicyUpdate {
  private let parameters: RLVRParameters
  private let groups: [RolloutGroup]
  private let members: [[Member]]
  private let lossTokens: Int

  /// A completion as the loss sees it.
  private struct Member {
    let completion: SampledText
    let advantage: Double
    /// Whether it takes part in the loss.
    let isCounted: Bool
    /// What its part of the loss is divided by.
    let divisor: Int
  }

  /// What an update found; sums run over the tokens that were computed.
  package struct Report {
    package var loss = 0.0
    package var tokens = 0
    /// The tokens of all completions that are not left out of the loss, whether they were computed
    /// or have no influence.
    package var lossTokens = 0
    package var clippedLow = 0
    package var clippedHigh = 0
    package var divergence = 0.0
    package var mismatchSum = 0.0
    package var mismatchMax = 0.0
    /// The completions whose log-probabilities or part of the loss are not finite.
    package var notFinite: Set<CompletionIndex> = []

    fileprivate mutating func add(_ result: PolicyLoss.Result, of completion: CompletionIndex) {
      loss += result.loss
      clippedLow += result.clippedLow
      clippedHigh += result.clippedHigh
      divergence += result.divergence
      if !result.loss.isFinite { notFinite.insert(completion) }
    }
  }

  package struct CompletionIndex: Sendable, Hashable, Comparable {
    package let group: Int
    package let sample: Int

    /// By group, then by number.
    package static func < (one: CompletionIndex, other: CompletionIndex) -> Bool {
      (one.group, one.sample) < (other.group, other.sample)
    }
  }

  /// log p of the tokens, by group and completion; nil for groups that are not computed.
  package typealias LogProbabilities = [[[Float]]?]

  package init(_ groups: [RolloutGroup], _ parameters: RLVRParameters) {
    self.parameters = parameters
    self.groups = groups
    let advantages = parameters.loss.advantage.advantages(of: groups.map(\.rewards))
    // Micro-batches only matter to the divisors; their completions may lie in different groups.
    let lengths = groups.flatMap(\.completions).map {
      parameters.maskTruncated && $0.isTruncated ? nil : $0.tokens.count
    }
    let divisors = parameters.loss.normaliser.divisors(
      lengths: lengths, microbatch: parameters.microbatch,
      maxLength: parameters.sampling.maxTokens)
    lossTokens = lengths.reduce(0) { $0 + ($1 ?? 0) }
    var number = 0
    members = zip(groups, advantages).map { group, advantages in
      zip(group.completions, advantages).map { completion, advantage in
        defer { number += 1 }
        return Member(
          completion: completion, advantage: advantage, isCounted: lengths[number] != nil,
          divisor: divisors[number])
      }
    }
  }

  /// Adds the gradient of the loss.
  /// - Parameters:
  ///   - old: under the weights that sampled; nil on the first update, where those are the weights
  ///     at hand and the ratio is 1.
  ///   - reference: under the starting model, where the loss has a divergence.
  package func accumulate(
    _ engine: TrainingEngine, old: LogProbabilities?, reference: LogProbabilities?
  ) -> Report {
    var report = Report()
    report.lossTokens = lossTokens
    for index in groups.indices where matters(index) {
      accumulate(index, engine, old: old, reference: reference, &report)
    }
    return report
  }

  /// The places of the groups whose gradients, each by itself, are not finite. The engine's
  /// gradients are lost.
  package func groupsWithoutFiniteGradients(
    _ engine: TrainingEngine, old: LogProbabilities?, reference: LogProbabilities?
  ) -> [Int] {
    groups.indices.filter { index in
      guard matters(index) else { return false }
      var report = Report()
      engine.zeroGradients()
      accumulate(index, engine, old: old, reference: reference, &report)
      return !engine.hasFiniteGradients
    }
  }

  private func accumulate(
    _ index: Int, _ engine: TrainingEngine, old: LogProbabilities?, reference: LogProbabilities?,
    _ report: inout Report
  ) {
    let (batch, ranges) = packed(index)
    func coefficients(_ current: [[Float]]) -> [Float] {
      zip(members[index], current).enumerated().flatMap { sample, pair in
        let result = evaluate(
          pair.0, current: pair.1, old: old?[index]?[sample],
          reference: reference?[index]?[sample])
        report.add(result, of: CompletionIndex(group: index, sample: sample))
        return result.coefficients
      }
    }
    // With a ratio of 1 and no divergence the loss does not depend on log p.
    let isKnown = old == nil && reference == nil
    let scores =
      isKnown
      ? engine.backward(
        batch, temperature: temperature,
        coefficients: coefficients(ranges.map { [Float](repeating: 0, count: $0.count) }))
      : engine.backward(batch, temperature: temperature) { scores in
        coefficients(ranges.map { scores[$0].map(\.logProbability) })
      }
    note(scores, ranges, of: index, &report)
  }

  /// log p of every completion's tokens under the engine's model.
  /// - Parameter adapted: Whether its adapters, if there are any, are in it.
  package func logProbabilities(
    _ engine: TrainingEngine, adapted: Bool = true
  ) -> LogProbabilities {
    groups.indices.map { index in
      guard matters(index) else { return nil }
      let (batch, ranges) = packed(index)
      let scores = engine.logProbabilities(batch, temperature: temperature, adapted: adapted)
      return ranges.map { scores[$0].map(\.logProbability) }
    }
  }

  /// The group that takes most memory.
  package var largestBatch: MemoryUse.Batch {
    let batches = groups.indices.filter(matters).map { index in
      let lengths = groups[index].completions.map(\.tokens.count)
      let prompt = min(groups[index].prompt.count, parameters.lossPromptTokens ?? .max)
      let sum = lengths.reduce(0, +)
      return MemoryUse.Batch(
        rows: prompt + sum, longest: prompt + (lengths.max() ?? 0), predicting: sum)
    }
    return batches.max { $0.rows < $1.rows } ?? .none
  }

  private var temperature: Float { Float(parameters.sampling.temperature) }

  private func matters(_ index: Int) -> Bool {
    members[index].contains { $0.isCounted && ($0.advantage != 0 || parameters.loss.kl != 0) }
  }

  private func packed(_ index: Int) -> (batch: PackedBatch, ranges: [Range<Int>]) {
    var batch = PackedBatch()
    let prompt = groups[index].prompt.suffix(parameters.lossPromptTokens ?? .max)
    let ranges = batch.append(
      prompt: Array(prompt), completions: groups[index].completions.map(\.tokens))
    return (batch, ranges)
  }

  /// A completion's part of the loss.
  private func evaluate(
    _ member: Member, current: [Float], old: [Float]?, reference: [Float]?
  ) -> PolicyLoss.Result {
    guard member.isCounted else {
      var nothing = PolicyLoss.Result()
      nothing.coefficients = [Float](repeating: 0, count: current.count)
      return nothing
    }
    let loss = PolicyLoss(
      clipLow: parameters.loss.clipLow, clipHigh: parameters.loss.clipHigh,
      klWeight: parameters.loss.kl)
    let completion = PolicyLoss.Completion(
      advantage: member.advantage, logProbabilities: current, oldLogProbabilities: old,
      referenceLogProbabilities: reference)
    return loss.evaluate(completion, divisor: member.divisor)
  }

  private func note(
    _ scores: [TokenScore], _ ranges: [Range<Int>], of index: Int, _ report: inout Report
  ) {
    for (sample, (range, member)) in zip(ranges, members[index]).enumerated() {
      if scores[range].contains(where: { !$0.logProbability.isFinite }) {
        report.notFinite.insert(CompletionIndex(group: index, sample: sample))
      }
      for (score, sampled) in zip(scores[range], member.completion.logProbabilities) {
        let difference = Double(abs(score.logProbability - sampled))
        report.mismatchSum += difference
        report.mismatchMax = max(report.mismatchMax, difference)
      }
      report.tokens += range.count
    }
  }
}

/// Steps of reinforcement learning on random prompts, with rewards that nobody computes and
/// completions that are all equally long.
package struct RLVRWorkload: Sendable {
  package var prompts: Int
  package var promptLength: Int
  package var group: Int
  package var tokens: Int

  package init(prompts: Int, promptLength: Int, group: Int, tokens: Int) {
    self.prompts = prompts
    self.promptLength = promptLength
    self.group = group
    self.tokens = tokens
  }

  package struct Times: Sendable {
    /// Seconds to sample the completions.
    package let sampling: Double
    /// Seconds of gradients and AdamW.
    package let update: Double
  }

  /// Samples a batch and makes one update on it (Dr. GRPO).
  /// - Throws: `SamplingError` or `OptimiserError`.
  package func run(
    _ engine: TrainingEngine, _ sampler: Sampler, _ optimiser: inout AdamW, step: Int
  ) throws -> Times {
    var groups: [RolloutGroup] = []
    let sampling = try Stopwatch.seconds { groups = try sample(engine, sampler, step: step) }
    let update = try Stopwatch.seconds {
      var parameters = RLVRParameters()
      parameters.loss.normaliser = .constant
      parameters.sampling.maxTokens = tokens
      engine.zeroGradients()
      _ = PolicyUpdate(groups, parameters).accumulate(engine, old: nil, reference: nil)
      try optimiser.step(
        engine.trained, gradients: engine.gradients, learningRate: 1e-6, maxGradientNorm: 0.1,
        pool: engine.pool)
    }
    return Times(sampling: sampling, update: update)
  }

  private func sample(
    _ engine: TrainingEngine, _ sampler: Sampler, step: Int
  ) throws -> [RolloutGroup] {
    let vocabulary = Double(engine.weights.configuration.vocabularySize)
    let requests = (0..<prompts).map { problem in
      var stream = RandomStream(seed: 0, "bench", "prompt", step, problem)
      return SamplingRequest(
        prompt: (0..<promptLength).map { _ in Int32(stream.uniform() * vocabulary) },
        streams: (0..<group).map { RandomStream(seed: 0, "bench", step, problem, $0) })
    }
    let completions = try sampler.generate(
      requests, options: SamplingOptions(maxNewTokens: tokens))
    return zip(requests, completions).enumerated().map { problem, pair in
      RolloutGroup(
        problem: problem, prompt: pair.0.prompt,
        completions: pair.1.map {
          SampledText(
            tokens: $0.tokens, logProbabilities: $0.logProbabilities, text: "", isTruncated: true)
        },
        verdicts: [], rewards: (0..<group).map { Double($0 % 2) })
    }
  }

  package var completions: Int { prompts * group }

  /// The least seconds that a step can take.
  package func floor(_ floor: WorkFloor) -> Double {
    let keys = Double(promptLength) + Double(tokens) / 2
    let sampling =
      Double(prompts) * floor.prefill(tokens: promptLength)
      + Double(tokens - 1) * floor.decoding(sequences: completions, keys: keys)
    let rows = prompts * (promptLength + group * (tokens - 1))
    return sampling + floor.training(rows: rows, targets: completions * tokens, keys: keys)
  }
}
