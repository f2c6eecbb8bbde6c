import Model

/// Steps of reinforcement learning on random prompts, with rewards that nobody computes and
/// completions that are all equally long.
package struct ReinforcementWorkload: Sendable {
  /// Prompts a step.
  package var prompts: Int
  /// Tokens a prompt.
  package var promptLength: Int
  /// Completions a prompt.
  package var group: Int
  /// Tokens a completion.
  package var tokens: Int

  /// Describes the work.
  package init(prompts: Int, promptLength: Int, group: Int, tokens: Int) {
    self.prompts = prompts
    self.promptLength = promptLength
    self.group = group
    self.tokens = tokens
  }

  /// What one step took.
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
      var parameters = ReinforcementParameters()
      parameters.loss.normaliser = .constant
      parameters.sampling.maxTokens = tokens
      engine.zeroGradients()
      _ = PolicyUpdate(groups, parameters).accumulate(engine, old: nil, reference: nil)
      try optimiser.step(
        engine.weights, gradients: engine.gradients, learningRate: 1e-6, maxGradientNorm: 0.1,
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

  /// Completions of all prompts.
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
