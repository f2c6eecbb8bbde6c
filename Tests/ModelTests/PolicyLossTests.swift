import Foundation
import Model
import Testing

@Suite("Policy loss")
struct PolicyLossTests {
  private static let batch = PolicyLoss.Batch(
    tokens: 10, completions: 4, microbatches: 2, maxCompletionLength: 8)

  private static func completion(
    _ advantage: Double, _ ratios: [Double], reference: [Double]? = nil
  ) -> PolicyLoss.Completion {
    PolicyLoss.Completion(
      advantage: advantage, logProbabilities: ratios.map { Float(log($0)) - 1 },
      oldLogProbabilities: ratios.map { _ in -1 },
      referenceLogProbabilities: reference?.map(Float.init))
  }

  /// The divisors of two completions of 3 and 1 tokens.
  private static let divisors: [(PolicyLoss.Normaliser, [Double])] = [
    (.microbatchTokens, [8, 8]), (.batchTokens, [10, 10]), (.sequence, [12, 4]),
    (.constant, [32, 32]),
  ]

  @Test("each normaliser divides by what it says", arguments: divisors)
  func normalisers(normaliser: PolicyLoss.Normaliser, divisors: [Double]) {
    let weights = divisors.map { 1 / $0 }
    let completions = [Self.completion(2, [1, 1, 1]), Self.completion(-1, [1])]
    let result = PolicyLoss(normaliser: normaliser).evaluate(completions, of: Self.batch)
    #expect(abs(result.loss - (-2 * 3 * weights[0] + weights[1])) < 1e-7)
    #expect(result.coefficients.map(\.count) == [3, 1])
    #expect(abs(Double(result.coefficients[0][2]) + 2 * weights[0]) < 1e-7)
    #expect(abs(Double(result.coefficients[1][0]) - weights[1]) < 1e-7)
    #expect(result.tokens == 4)
  }

  /// One token, clipped to 0.8...1.3.
  struct Clipping: Sendable {
    let ratio: Double
    let advantage: Double
    let loss: Double
    let derivative: Double
  }

  private static let clippings: [Clipping] = [
    Clipping(ratio: 1.1, advantage: 1, loss: -1.1, derivative: -1.1),
    Clipping(ratio: 1.5, advantage: 1, loss: -1.3, derivative: 0),
    Clipping(ratio: 0.5, advantage: 1, loss: -0.5, derivative: -0.5),
    Clipping(ratio: 1.5, advantage: -1, loss: 1.5, derivative: 1.5),
    Clipping(ratio: 0.5, advantage: -1, loss: 0.8, derivative: 0),
    Clipping(ratio: 1.5, advantage: 0, loss: 0, derivative: 0),
  ]

  @Test("clipping cuts only what would go further", arguments: clippings)
  func clipping(_ token: Clipping) {
    let (ratio, advantage) = (token.ratio, token.advantage)
    let policy = PolicyLoss(normaliser: .batchTokens, clipLow: 0.2, clipHigh: 0.3)
    let batch = PolicyLoss.Batch(
      tokens: 1, completions: 1, microbatches: 1, maxCompletionLength: 1)
    let result = policy.evaluate([Self.completion(advantage, [ratio])], of: batch)
    #expect(abs(result.loss - token.loss) < 1e-6)
    #expect(abs(Double(result.coefficients[0][0]) - token.derivative) < 1e-6)
    #expect(result.clippedHigh == (ratio > 1.3 && advantage > 0 ? 1 : 0))
    #expect(result.clippedLow == (ratio < 0.8 && advantage < 0 ? 1 : 0))
  }

  @Test("the divergence's derivative is its finite difference")
  func divergence() {
    let policy = PolicyLoss(normaliser: .batchTokens, klWeight: 0.3)
    func loss(_ shift: Double) -> PolicyLoss.Result {
      var completion = Self.completion(0.7, [1.1], reference: [-0.4])
      completion.logProbabilities[0] += Float(shift)
      return policy.evaluate([completion], of: Self.batch)
    }
    let slope = (loss(0.01).loss - loss(-0.01).loss) / 0.02
    #expect(abs(slope - Double(loss(0).coefficients[0][0])) < 1e-4)
    #expect(loss(0).divergence > 0)
  }

  @Test("nothing is divided by zero", arguments: PolicyLoss.Normaliser.allCases)
  func empty(normaliser: PolicyLoss.Normaliser) {
    let nothing = PolicyLoss.Batch(
      tokens: 0, completions: 0, microbatches: 0, maxCompletionLength: 0)
    let policy = PolicyLoss(normaliser: normaliser)
    #expect(policy.evaluate([], of: nothing).loss == 0)
    let result = policy.evaluate([Self.completion(1, [])], of: nothing)
    #expect(result.loss == 0 && result.coefficients == [[]])
    #expect(policy.evaluate([Self.completion(1, [1])], of: nothing).coefficients[0][0].isFinite)
  }

  private static let expectedAdvantages: [(Advantage, [[Double]])] = [
    (.centred, [[1.5, -0.5, -1], [0, 0]]), (.leaveOneOut, [[2.25, -0.75, -1.5], [0, 0]]),
  ]

  @Test("advantages", arguments: expectedAdvantages)
  func advantages(advantage: Advantage, expected: [[Double]]) {
    #expect(advantage.advantages(of: [[3, 1, 0.5], [2, 2]]) == expected)
  }

  @Test("scaled advantages divide by the group's or the batch's deviation")
  func scaled() {
    let groups = [[3.0, 1], [2, 2]]
    let byGroup = Advantage.scaled.advantages(of: groups)
    #expect(abs(byGroup[0][0] - 1 / (2.0.squareRoot() + 1e-4)) < 1e-12)
    let byBatch = Advantage.batchScaled.advantages(of: groups)
    #expect(abs(byBatch[0][1] + 1 / ((2.0 / 3).squareRoot() + 1e-4)) < 1e-12)
    #expect(byGroup[1] == [0, 0] && byBatch[1] == [0, 0])
  }

  @Test("groups of one and of none have no advantage", arguments: Advantage.allCases)
  func smallGroups(advantage: Advantage) {
    #expect(advantage.advantages(of: [[5], []]) == [[0], []])
    #expect(advantage.advantages(of: []).isEmpty)
  }
}
