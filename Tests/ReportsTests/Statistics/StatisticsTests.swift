import Base
import Foundation
import Reports
import Testing

@Suite struct StatisticsTests {
  @Test func meansOfNothingAreNothing() {
    #expect(Statistics.mean([]) == nil)
    #expect(Statistics.mean([2, 4]) == 3)
  }

  @Test func deviationsDivideByOneLess() throws {
    #expect(Statistics.standardDeviation([]) == nil)
    #expect(Statistics.standardDeviation([5]) == nil)
    #expect(Statistics.standardDeviation([5, 5]) == 0)
    let deviation = try #require(Statistics.standardDeviation([2, 4, 4, 4, 5, 5, 7, 9]))
    #expect(abs(deviation - (32.0 / 7).squareRoot()) < 1e-12)
  }

  @Test func errorsCountProblemsNotSamples() throws {
    // Means 1, 0, 0.5, so the deviation is 0.5 whatever the number of samples.
    let few = Statistics.clusteredStandardError([[1, 1], [0, 0], [1, 0]])
    let many = Statistics.clusteredStandardError([[1, 1, 1, 1], [0, 0, 0, 0], [1, 0, 1, 0]])
    #expect(abs(try #require(few) - 0.5 / 3.0.squareRoot()) < 1e-12)
    #expect(few == many)
  }

  @Test func errorsNeedTwoProblems() {
    #expect(Statistics.clusteredStandardError([]) == nil)
    #expect(Statistics.clusteredStandardError([[1, 0, 1]]) == nil)
    #expect(Statistics.clusteredStandardError([[1, 0], []]) == nil)
  }

  @Test(arguments: 1...6, 0...6)
  func passAtKCountsDraws(k: Int, correct: Int) throws {
    let samples = 6
    // Counts the draws of k out of 6 that miss the first `correct` samples.
    let draws = (0..<(1 << samples)).filter { $0.nonzeroBitCount == k }
    let misses = draws.count { $0 & ((1 << correct) - 1) == 0 }
    let expected = 1 - Double(misses) / Double(draws.count)
    let estimate = try #require(Statistics.passAtK(samples: samples, correct: correct, k: k))
    #expect(abs(estimate - expected) < 1e-12)
  }

  @Test(arguments: [[6], [3, 3], [1, 2, 3], [1, 1, 4], [0, 6], [1, 1, 1, 1, 1, 1]], 1...6)
  func allAlikeCountsDraws(counts: [Int], k: Int) throws {
    var classes: [Int] = []
    for (number, count) in counts.enumerated() { classes += Array(repeating: number, count: count) }
    let draws = (0..<64).filter { $0.nonzeroBitCount == k }
    let alike = draws.count { draw in
      let drawn = classes.indices.filter { draw & (1 << $0) != 0 }
      return Set(drawn.map { classes[$0] }).count == 1
    }
    let estimate = try #require(Statistics.allAlike(counts: counts, k: k))
    #expect(abs(estimate - Double(alike) / Double(draws.count)) < 1e-12)
    #expect(Statistics.allAlike(counts: counts, k: 7) == nil)
  }

  @Test func passAtKRefusesWhatHasNoAnswer() {
    #expect(Statistics.passAtK(samples: 3, correct: 1, k: 4) == nil)
    #expect(Statistics.passAtK(samples: 0, correct: 0, k: 1) == nil)
    #expect(Statistics.passAtK(samples: 4, correct: 5, k: 1) == nil)
    #expect(Statistics.passAtK(samples: 4, correct: -1, k: 1) == nil)
    #expect(Statistics.passAtK(samples: 4, correct: 2, k: 0) == nil)
  }

  @Test func movingAveragesLookBackAndKeepGaps() {
    #expect(Statistics.movingAverage([1, 3, 5, 7], window: 2) == [1, 2, 4, 6])
    #expect(Statistics.movingAverage([1, 3], window: 1) == [1, 3])
    #expect(Statistics.movingAverage([], window: 3) == [])
    let gapped = Statistics.movingAverage([2, .nan, 4], window: 3)
    #expect(gapped[0] == 2 && gapped[1].isNaN && gapped[2] == 3)
  }
}

@Suite struct PairedDifferenceTests {
  @Test func noPairsGiveNothingAndOneGivesNoInterval() throws {
    #expect(PairedDifference([]) == nil)
    let one = try #require(PairedDifference([(0.25, 0.5)]))
    #expect(one.mean == 0.25 && one.interval == nil && one.count == 1)
  }

  @Test func whatIsHardForBothArmsCancelsOut() throws {
    let pairs = (0..<50).map { (first: Double($0), second: Double($0) + 1) }
    let difference = try #require(PairedDifference(pairs))
    #expect(difference.mean == 1)
    #expect(difference.interval == 1...1)
  }

  @Test func intervalsAgreeWithTheNormalOne() throws {
    // 400 pairs, half of them 1 apart: the standard error is 0.5 / 20 = 0.025.
    let pairs = (0..<400).map { (first: 0.0, second: Double($0 % 2)) }
    let interval = try #require(PairedDifference(pairs)?.interval)
    #expect(abs(interval.lowerBound - (0.5 - 1.96 * 0.025)) < 0.005)
    #expect(abs(interval.upperBound - (0.5 + 1.96 * 0.025)) < 0.005)
  }

  @Test func theStreamIsFixed() {
    let pairs = (0..<30).map { (first: 0.0, second: sin(Double($0))) }
    #expect(PairedDifference(pairs) == PairedDifference(pairs))
    #expect(PairedDifference(pairs)?.interval != PairedDifference(pairs, seed: 1)?.interval)
  }

  @Test func seedsAreTheOuterLevel() throws {
    // Every problem alike, two seeds 0.2 apart: all that varies is which seed is drawn.
    let base = [[Double]](repeating: [Double](repeating: 0.5, count: 20), count: 2)
    let ours = [0.6, 0.8].map { [Double](repeating: $0, count: 20) }
    let difference = try #require(PairedDifference(first: base, second: ours))
    #expect(abs(difference.mean - 0.2) < 1e-12 && difference.seeds == 2)
    let interval = try #require(difference.interval)
    #expect(abs(interval.lowerBound - 0.1) < 1e-9 && abs(interval.upperBound - 0.3) < 1e-9)
  }

  @Test func ratiosToNothingAreNothing() throws {
    let zero = try #require(PairedDifference(first: [[0, 0, 0]], second: [[1, 2, 3]]))
    #expect(zero.mean == 2 && zero.ratio == nil && zero.ratioInterval == nil)
    // Some draw hits only the problems at 0, so the ratio has no bounds though it has a value.
    let rare = try #require(PairedDifference(first: [[0, 0, 1]], second: [[1, 1, 1]]))
    #expect(rare.ratio == 2 && rare.ratioInterval == nil && rare.interval != nil)
  }

  @Test func scoresThatDoNotFitAreRefused() {
    #expect(PairedDifference(first: [[1, 2]], second: [[1]]) == nil)
    #expect(PairedDifference(first: [[1], [2]], second: [[1]]) == nil)
    #expect(PairedDifference(first: [[]], second: [[]]) == nil)
    #expect(PairedDifference(first: [[1, .nan]], second: [[1, 2]]) == nil)
    #expect(PairedDifference(first: [[1, 2]], second: [[1, .infinity]]) == nil)
  }

  @Test func oneProblemOverSeedsHasNoInterval() throws {
    let one = try #require(PairedDifference(first: [[0], [0]], second: [[1], [0]]))
    #expect(one.mean == 0.5 && one.interval == nil)
  }

  @Test func tiesLieAtNoDifference() throws {
    let tied = try #require(PairedDifference(first: [[1, 0, 1]], second: [[1, 0, 1]]))
    #expect(tied.mean == 0 && tied.interval == 0...0 && tied.ratio == 0)
    let test = try #require(McNemarTest(first: [1, 0, 1], second: [1, 0, 1]))
    #expect(test.onlyFirst == 0 && test.onlySecond == 0 && test.pValue == 1)
  }

  @Test func mcNemarTakesRightAndWrongOnly() throws {
    let test = try #require(McNemarTest(first: [1, 1, 0, 0, 0], second: [1, 0, 1, 1, 1]))
    #expect(test.onlyFirst == 1 && test.onlySecond == 3)
    #expect(abs(test.pValue - 0.625) < 1e-12)
    #expect(McNemarTest(first: [0.5], second: [1]) == nil)
    #expect(McNemarTest(first: [1], second: [1, 0]) == nil)
    #expect(McNemarTest(onlyFirst: 2000, onlySecond: 0).pValue < 1e-300)
  }
}
