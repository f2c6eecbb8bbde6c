import Base
import Foundation
import Reports
import TestSupport
import Testing

@Suite struct ChanceTestTests {
  /// What scipy and statsmodels say; `chance.py` recorded it.
  struct Reference: Decodable {
    let right: [Int]
    let count: [Int]
    let chance: Double
    let p: Double
  }

  @Test func ratesAgainstChanceAgreeWithScipy() throws {
    let file = ProjectFolder.fixtures.appending(path: "statistics/chance.json")
    let references = try JSONDecoder().decode([Reference].self, from: Data(contentsOf: file))
    #expect(references.count == 12)
    for reference in references {
      let problems = zip(reference.right, reference.count).map { (right: $0, count: $1) }
      let p = try #require(ChanceTest(problems, chance: reference.chance)).pValue
      #expect(abs(p - reference.p) < 1e-9 + 1e-6 * reference.p, "\(p) and \(reference.p)")
    }
  }

  /// One completion each: the plain binomial, P(X > 11) + P(X = 11) / 2 for 30 at 1/4.
  @Test func independentCompletionsAreBinomial() throws {
    let problems = (0..<30).map { (right: $0 < 11 ? 1 : 0, count: 1) }
    // (3/4)^30 · C(30, k) / 3^k, from k = 0 on.
    var term: Double = pow(0.75, 30.0)
    var expected: Double = 0
    for right in 0...30 {
      let weight: Double = right < 11 ? 0 : right == 11 ? 0.5 : 1
      expected += weight * term
      let ratio: Double = Double(30 - right) / Double(right + 1)
      term *= ratio / 3
    }
    let p = try #require(ChanceTest(problems, chance: 0.25)).pValue
    #expect(abs(p - expected) < 1e-12)
  }

  /// Four copies of each answer are no more evidence than one.
  @Test func copiesAddNothing() throws {
    let once = (0..<30).map { (right: $0 < 11 ? 1 : 0, count: 1) }
    let fourTimes = once.map { (right: 4 * $0.right, count: 4) }
    let p = try #require(ChanceTest(once, chance: 0.25)).pValue
    let copied = try #require(ChanceTest(fourTimes, chance: 0.25)).pValue
    #expect(abs(p - copied) < 1e-9)
    let spread = (0..<30).map { (right: $0 < 14 ? 2 : 1, count: 4) }
    #expect(try #require(ChanceTest(spread, chance: 0.25)).pValue < 0.02)
  }

  @Test func nothingIsNotTested() {
    #expect(ChanceTest([], chance: 0.25) == nil)
    #expect(ChanceTest([(right: 0, count: 0)], chance: 0.25) == nil)
    #expect(ChanceTest([(right: 1, count: 1)], chance: 1) == nil)
    // One problem is one draw: (1 + 1/4) / 2.
    #expect(ChanceTest([(right: 0, count: 3)], chance: 0.25)?.pValue == 0.625)
  }
}
