/// Completions of one prompt of random tokens, all decoded together and all of the same length.
public struct SamplingWorkload: Sendable {
  /// Tokens of the prompt.
  public var prompt: Int
  /// Completions.
  public var sequences: Int
  /// Tokens a completion.
  public var tokens: Int

  /// Describes the work.
  public init(prompt: Int, sequences: Int, tokens: Int) {
    self.prompt = prompt
    self.sequences = sequences
    self.tokens = tokens
  }

  /// What one repetition took.
  public struct Times: Sendable {
    /// Seconds to read the prompt and choose the first tokens.
    public let prefill: Double
    /// Seconds for all other tokens.
    public let decoding: Double
  }

  /// Samples at temperature 1.
  /// - Throws: `SamplingError`.
  public func run(_ sampler: Sampler, vocabularySize: Int, repetition: Int) throws -> Times {
    var stream = RandomStream(seed: 0, "bench", "prompt", repetition)
    let request = SamplingRequest(
      prompt: (0..<prompt).map { _ in Int32(stream.uniform() * Double(vocabularySize)) },
      streams: (0..<sequences).map { RandomStream(seed: 0, "bench", repetition, $0) })
    let started = ContinuousClock.now
    var steps: [Duration] = []
    _ = try sampler.generate(
      [request], options: SamplingOptions(maxNewTokens: tokens),
      interrupted: {
        // Asked before each step, of which the first ends with the prompt's own tokens.
        steps.append(ContinuousClock.now - started)
        return false
      })
    let all = (ContinuousClock.now - started) / .seconds(1)
    let prefill = (steps.count > 1 ? steps[1] : .seconds(all)) / .seconds(1)
    return Times(prefill: prefill, decoding: all - prefill)
  }

  /// Tokens that are decoded; the first of each completion comes from the prompt.
  public var decodedTokens: Int { sequences * (tokens - 1) }

  /// The least seconds that decoding can take.
  public func floor(_ floor: WorkFloor) -> Double {
    let keys = Double(prompt) + Double(tokens) / 2
    return Double(tokens - 1) * floor.decoding(sequences: sequences, keys: keys)
  }
}
