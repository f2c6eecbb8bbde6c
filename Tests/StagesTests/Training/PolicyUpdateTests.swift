import Model
import Stages
import Tasks
import Testing

/// One update computed group by group, against the same loss worked out completion by completion.
@Suite struct PolicyUpdateTests {
  /// Whether completions that ran into the limit are left out, and whether there are a second
  /// update's ratios and a reference model.
  struct Variant: Sendable {
    var masked = false
    var kl = 0.0
  }

  private static let prompts: [[Int32]] = [[3, 4, 5], [6, 7], [8, 9, 10, 11]]

  private func completion(_ name: Int, count: Int, truncated: Bool = false) -> SampledText {
    var stream = RandomStream(seed: 5, "completion", name)
    let tokens = (0..<count).map { _ in Int32(stream.integer(below: 40)) }
    return SampledText(
      tokens: tokens, logProbabilities: tokens.map { _ in -3 }, text: "", isTruncated: truncated)
  }

  private func group(_ number: Int, lengths: [Int], rewards: [Double], first: Int) -> RolloutGroup {
    RolloutGroup(
      problem: number, prompt: Self.prompts[number],
      completions: lengths.enumerated().map { index, count in
        completion(first + index, count: count, truncated: count >= 7)
      },
      verdicts: lengths.map { _ in Verdict(.wrong) }, rewards: rewards)
  }

  /// Micro-batches of 4 reach across these groups of 3; the last one is cut short.
  private var groups: [RolloutGroup] {
    [
      group(0, lengths: [1, 4, 7], rewards: [2, -0.5, -2], first: 0),
      group(1, lengths: [3, 2, 5], rewards: [2, 2, -0.5], first: 10),
      group(2, lengths: [8, 1, 6], rewards: [-2, 2, -0.5], first: 20),
    ]
  }

  /// Of the groups that are computed the one with the most rows, its prompt once and cut as asked.
  @Test func theLargestBatchIsThatOfAGroupWithInfluence() {
    let equal = group(2, lengths: [30, 40], rewards: [1, 1], first: 40)
    let update = PolicyUpdate(groups + [equal], parameters(.batchTokens))
    let batch = update.largestBatch
    #expect((batch.rows, batch.longest, batch.predicting) == (4 + 15, 4 + 8, 15))
    var short = parameters(.batchTokens)
    short.lossPromptTokens = 1
    #expect(PolicyUpdate(groups, short).largestBatch.rows == 1 + 15)
    #expect(PolicyUpdate([equal], parameters(.batchTokens)).largestBatch.rows == 0)
  }

  private func parameters(
    _ normaliser: PolicyLoss.Normaliser, _ variant: Variant = Variant()
  ) -> RLVRParameters {
    var parameters = RLVRParameters()
    parameters.loss.normaliser = normaliser
    parameters.loss.kl = variant.kl
    parameters.maskTruncated = variant.masked
    parameters.microbatch = 4
    parameters.sampling.maxTokens = 8
    return parameters
  }

  private func engine(_ seed: UInt64) -> TrainingEngine {
    TrainingEngine(weights: TrainingFixtures.weights(seed: seed), pool: WorkerPool(threads: 1))
  }

  /// log p of a completion that is computed all by itself.
  private func scores(
    _ group: RolloutGroup, _ completion: SampledText, _ engine: TrainingEngine, temperature: Float
  ) -> [Float] {
    engine.logProbabilities(alone(group, completion), temperature: temperature)
      .map(\.logProbability)
  }

  private func alone(_ group: RolloutGroup, _ completion: SampledText) -> PackedBatch {
    var batch = PackedBatch()
    batch.append(
      group.prompt + completion.tokens,
      inLoss: group.prompt.map { _ in false } + completion.tokens.map { _ in true })
    return batch
  }

  /// The loss and its gradient by explicit micro-batches, each completion computed by itself.
  private func explicit(
    _ groups: [RolloutGroup], _ parameters: RLVRParameters, seed: UInt64,
    old: UInt64?, reference: UInt64?
  ) -> (loss: Double, gradients: [Float]) {
    let engine = engine(seed)
    let temperature = Float(parameters.sampling.temperature)
    let advantages = parameters.loss.advantage.advantages(of: groups.map(\.rewards))
    let all = zip(groups, advantages).flatMap { group, advantages in
      zip(group.completions, advantages).map { (group: group, text: $0, advantage: $1) }
    }
    func counts(_ text: SampledText) -> Bool { !(parameters.maskTruncated && text.isTruncated) }
    let starts = Array(stride(from: 0, to: all.count, by: parameters.microbatch))
    let counted = all.filter { counts($0.text) }
    func tokens(_ texts: [SampledText]) -> Int {
      texts.reduce(0) { $0 + $1.tokens.count }
    }
    let loss = PolicyLoss(
      clipLow: parameters.loss.clipLow, clipHigh: parameters.loss.clipHigh,
      klWeight: parameters.loss.kl)
    var total = 0.0
    for start in starts {
      let members = all[start..<min(start + parameters.microbatch, all.count)]
        .filter { counts($0.text) }
      for member in members {
        func by(_ engine: TrainingEngine) -> [Float] {
          scores(member.group, member.text, engine, temperature: temperature)
        }
        let completion = PolicyLoss.Completion(
          advantage: member.advantage, logProbabilities: by(engine),
          oldLogProbabilities: old.map { by(self.engine($0)) },
          referenceLogProbabilities: reference.map { by(self.engine($0)) })
        let divisor =
          switch parameters.loss.normaliser {
          case .microbatchTokens: tokens(members.map(\.text)) * starts.count
          case .batchTokens: tokens(counted.map(\.text))
          case .sequence: member.text.tokens.count * counted.count
          case .constant: counted.count * parameters.sampling.maxTokens
          }
        let result = loss.evaluate(completion, divisor: divisor)
        total += result.loss
        engine.backward(
          alone(member.group, member.text), temperature: temperature,
          coefficients: result.coefficients)
      }
    }
    return (total, engine.gradients[0..<engine.gradients.count])
  }

  @Test(
    arguments: PolicyLoss.Normaliser.allCases,
    [Variant(), Variant(masked: true), Variant(kl: 0.1), Variant(masked: true, kl: 0.1)])
  func groupsTogetherEqualCompletionsAlone(
    normaliser: PolicyLoss.Normaliser, variant: Variant
  ) {
    let parameters = parameters(normaliser, variant)
    let old: UInt64? = variant.kl == 0 ? nil : 2
    let reference: UInt64? = variant.kl == 0 ? nil : 3
    let wanted = explicit(groups, parameters, seed: 1, old: old, reference: reference)

    let update = PolicyUpdate(groups, parameters)
    let engine = engine(1)
    let report = update.accumulate(
      engine, old: old.map { update.logProbabilities(self.engine($0)) },
      reference: reference.map { update.logProbabilities(self.engine($0)) })
    #expect(abs(report.loss - wanted.loss) <= 1e-5 * max(1, abs(wanted.loss)))
    let found = engine.gradients[0..<engine.gradients.count]
    let largest = wanted.gradients.map(abs).max() ?? 0
    let difference = zip(found, wanted.gradients).map { abs($0 - $1) }.max() ?? .infinity
    #expect(largest > 1e-3)
    #expect(difference <= 2e-5 * largest, "\(difference) of \(largest)")
  }

  /// Only one normaliser looks at micro-batches; memory does not need them.
  @Test(arguments: PolicyLoss.Normaliser.allCases)
  func microBatchesAreTheWholeBatch(normaliser: PolicyLoss.Normaliser) {
    let gradients = [1, 4, 100].map { size in
      var parameters = parameters(normaliser)
      parameters.microbatch = size
      let engine = engine(1)
      _ = PolicyUpdate(groups, parameters).accumulate(engine, old: nil, reference: nil)
      return engine.gradients[0..<engine.gradients.count]
    }
    let areEqual = gradients[0] == gradients[1] && gradients[1] == gradients[2]
    #expect(areEqual == (normaliser != .microbatchTokens))
  }

  @Test func ratiosFarFromOneAreClipped() {
    let update = PolicyUpdate(groups, parameters(.batchTokens))
    let reports = (2...5).map {
      update.accumulate(engine(1), old: update.logProbabilities(engine($0)), reference: nil)
    }
    #expect(reports.contains { $0.clippedLow > 0 } && reports.contains { $0.clippedHigh > 0 })
    let first = update.accumulate(engine(1), old: nil, reference: nil)
    #expect(first.clippedLow == 0 && first.clippedHigh == 0)
  }

  @Test func groupsWithoutInfluenceAreNotComputed() {
    func gradients(
      equal: RolloutGroup
    ) -> (update: PolicyUpdate, tokens: Int, values: [Float]) {
      let update = PolicyUpdate([groups[0], equal, groups[2]], parameters(.batchTokens))
      let engine = engine(1)
      let tokens = update.accumulate(engine, old: nil, reference: nil).tokens
      return (update, tokens, engine.gradients[0..<engine.gradients.count])
    }
    let one = gradients(equal: group(1, lengths: [3, 2, 5], rewards: [2, 2, 2], first: 10))
    let other = gradients(equal: group(1, lengths: [3, 2, 5], rewards: [-2, -2, -2], first: 40))
    #expect(one.values == other.values)
    #expect(one.tokens == 1 + 4 + 7 + 8 + 1 + 6)
    let computed = one.update.logProbabilities(engine(1)).map { $0 != nil }
    #expect(computed == [true, false, true])
  }

  @Test func equalRewardsEverywhereGiveNoGradient() {
    let equal = group(1, lengths: [3, 2, 5], rewards: [2, 2, 2], first: 10)
    let engine = engine(1)
    let report = PolicyUpdate([equal], parameters(.microbatchTokens))
      .accumulate(engine, old: nil, reference: nil)
    #expect(report.tokens == 0 && report.loss == 0)
    #expect(engine.gradients[0..<engine.gradients.count].allSatisfy { $0 == 0 })
    // A divergence from the reference pulls even so.
    let pulled = PolicyUpdate([equal], parameters(.microbatchTokens, Variant(kl: 0.1)))
    #expect(pulled.logProbabilities(engine)[0] != nil)
  }

  @Test func aGroupOfTruncatedCompletionsIsLeftOut() {
    let truncated = group(0, lengths: [7, 8, 9], rewards: [2, -0.5, -2], first: 0)
    let update = PolicyUpdate([truncated], parameters(.sequence, Variant(masked: true)))
    let engine = engine(1)
    let report = update.accumulate(engine, old: nil, reference: nil)
    #expect(report.tokens == 0 && report.loss == 0)
    #expect(engine.gradients[0..<engine.gradients.count].allSatisfy { $0 == 0 })
    let kept = PolicyUpdate([truncated], parameters(.sequence))
    #expect(kept.accumulate(engine, old: nil, reference: nil).tokens == 24)
  }

  /// The released code samples from whole prompts and trains on their ends.
  @Test func promptsCanBeCutForTheLossAlone() {
    func gradients(_ groups: [RolloutGroup], limit: Int?) -> [Float] {
      var parameters = parameters(.batchTokens)
      parameters.lossPromptTokens = limit
      let engine = engine(1)
      _ = PolicyUpdate(groups, parameters).accumulate(engine, old: nil, reference: nil)
      return engine.gradients[0..<engine.gradients.count]
    }
    let short = groups.map {
      RolloutGroup(
        problem: $0.problem, prompt: Array($0.prompt.suffix(2)), completions: $0.completions,
        verdicts: $0.verdicts, rewards: $0.rewards)
    }
    #expect(gradients(groups, limit: 2) == gradients(short, limit: nil))
    #expect(gradients(groups, limit: 2) != gradients(groups, limit: nil))
    #expect(gradients(groups, limit: 4) == gradients(groups, limit: nil))
  }
}
