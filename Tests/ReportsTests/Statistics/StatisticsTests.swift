import Base
import Foundation
import Reports
import Testing

@Suite struct StatisticsTests {
  @Test(arguments: [1, 3.5, 1e6])
  func nothingLiesBeyondInfinity(freedom: Double) {
    #expect(Student.tail(above: .infinity, freedom: freedom) == 0)
    #expect(Student.tail(above: -.infinity, freedom: freedom) == 1)
    #expect(abs(Student.tail(above: 0, freedom: freedom) - 0.5) < 1e-12)
  }

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
