import Foundation
import Model
import Testing

@Suite("Policy loss")
struct PolicyLossTests {
  private static func completion(
    _ advantage: Double, _ ratios: [Double], reference: [Double]? = nil
  ) -> PolicyLoss.Completion {
    PolicyLoss.Completion(
      advantage: advantage, logProbabilities: ratios.map { Float(log($0)) - 1 },
      oldLogProbabilities: ratios.map { _ in -1 },
      referenceLogProbabilities: reference?.map(Float.init))
  }

  /// The divisors of completions of 3 and 1, 2 and 4, and 5 tokens in micro-batches of two, at most
  /// 8 tokens each.
  private static let divisors: [(PolicyLoss.Normaliser, [Int])] = [
    (.microbatchTokens, [12, 12, 18, 18, 15]), (.batchTokens, [15, 15, 15, 15, 15]),
    (.sequence, [15, 5, 10, 20, 25]), (.constant, [40, 40, 40, 40, 40]),
  ]

  @Test("each normaliser divides by what it says", arguments: divisors)
  func normalisers(normaliser: PolicyLoss.Normaliser, divisors: [Int]) {
    #expect(
      normaliser.divisors(lengths: [3, 1, 2, 4, 5], microbatch: 2, maxLength: 8) == divisors)
  }

  /// The same with the second completion left out; what is left out has no divisor that matters.
  private static let divisorsWithoutSecond: [(PolicyLoss.Normaliser, [Int])] = [
    (.microbatchTokens, [9, 18, 18, 15]), (.batchTokens, [14, 14, 14, 14]),
    (.sequence, [12, 8, 16, 20]), (.constant, [32, 32, 32, 32]),
  ]

  @Test("what is left out counts as nothing but keeps its place", arguments: divisorsWithoutSecond)
  func leftOut(normaliser: PolicyLoss.Normaliser, expected: [Int]) {
    var divisors = normaliser.divisors(lengths: [3, nil, 2, 4, 5], microbatch: 2, maxLength: 8)
    divisors.remove(at: 1)
    #expect(divisors == expected)
  }

  @Test("a completion's part is divided by its divisor")
  func divided() {
    let result = PolicyLoss().evaluate(Self.completion(2, [1, 1, 1]), divisor: 8)
    #expect(abs(result.loss + 2 * 3 / 8) < 1e-7)
    #expect(result.coefficients.count == 3)
    #expect(abs(result.coefficients[2] + 2 / 8) < 1e-7)
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
    let policy = PolicyLoss(clipLow: 0.2, clipHigh: 0.3)
    let result = policy.evaluate(Self.completion(advantage, [ratio]), divisor: 1)
    #expect(abs(result.loss - token.loss) < 1e-6)
    #expect(abs(Double(result.coefficients[0]) - token.derivative) < 1e-6)
    #expect(result.clippedHigh == (ratio > 1.3 && advantage > 0 ? 1 : 0))
    #expect(result.clippedLow == (ratio < 0.8 && advantage < 0 ? 1 : 0))
  }

  @Test("the divergence's derivative is its finite difference")
  func divergence() {
    let policy = PolicyLoss(klWeight: 0.3)
    func loss(_ shift: Double) -> PolicyLoss.Result {
      var completion = Self.completion(0.7, [1.1], reference: [-0.4])
      completion.logProbabilities[0] += Float(shift)
      return policy.evaluate(completion, divisor: 10)
    }
    let slope = (loss(0.01).loss - loss(-0.01).loss) / 0.02
    #expect(abs(slope - Double(loss(0).coefficients[0])) < 1e-4)
    #expect(loss(0).divergence > 0)
  }

  @Test("nothing is divided by zero", arguments: PolicyLoss.Normaliser.allCases)
  func empty(normaliser: PolicyLoss.Normaliser) {
    #expect(normaliser.divisors(lengths: [], microbatch: 2, maxLength: 8) == [])
    let divisors = normaliser.divisors(lengths: [0, 0], microbatch: 2, maxLength: 0)
    #expect(divisors == [0, 0])
    let result = PolicyLoss().evaluate(Self.completion(1, []), divisor: 0)
    #expect(result.loss == 0 && result.coefficients == [])
    #expect(PolicyLoss().evaluate(Self.completion(1, [1]), divisor: 0).coefficients == [0])
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
