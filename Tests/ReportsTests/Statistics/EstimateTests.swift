import Foundation
import Reports
import Testing

@Suite struct EstimateTests {
  private func difference(
    _ first: [[Double]], _ second: [[Double]], isShare: Bool = true, samples: Int = 1
  ) throws -> Estimate {
    let arms = try #require(
      PairedArms(first: first, second: second, isShare: isShare, samples: samples))
    return try #require(arms.difference)
  }

  @Test func noneOfTwelveMayBeOneInFive() throws {
    let found = try #require(Estimate([[Double](repeating: 0, count: 12)], scale: .share))
    let interval = try #require(found.interval())
    #expect(interval.lowerBound == 0)
    // Mid-P: (1 − p)^12 / 2 = 0.025.
    #expect(abs(interval.upperBound - (1 - pow(0.05, 1.0 / 12))) < 1e-9)
    let all = try #require(Estimate([[Double](repeating: 1, count: 12)], scale: .share))
    #expect(abs(try #require(all.interval()).lowerBound - pow(0.05, 1.0 / 12)) < 1e-9)
  }

  /// Whatever came out, a rate is never known exactly.
  @Test(arguments: [1, 2, 3, 5], [1, 4])
  func noIntervalOfARateIsEmpty(runs: Int, samples: Int) throws {
    for rate in [0.0, 0.5, 1] {
      let run = (0..<12).map { Double($0) / 12 < rate ? 1.0 : 0 }
      let values = [[Double]](repeating: run, count: runs)
      let own = try #require(Estimate(values, scale: .share, samples: samples)?.interval())
      #expect(own.upperBound - own.lowerBound > 0.01, "\(rate)")
      let paired = try difference(values, values, samples: samples)
      let bounds = try #require(paired.interval())
      #expect(paired.mean == 0 && bounds.upperBound > 0.005 && bounds.lowerBound < -0.005)
    }
  }

  @Test func whatIsHardForBothArmsCancelsOut() throws {
    let first = (0..<400).map { Double($0 % 2) }
    let second = first.enumerated().map { $0 % 20 == 0 ? 1 - $1 : $1 }
    let own = try #require(Estimate([first], scale: .share)?.interval())
    let paired = try #require(try difference([first], [second]).interval())
    #expect(paired.upperBound - paired.lowerBound < (own.upperBound - own.lowerBound) / 2)
  }

  @Test func aLargeSampleAgreesWithTheNormalInterval() throws {
    let values = (0..<4000).map { Double($0 % 4 == 0 ? 1 : 0) }
    let interval = try #require(Estimate([values], scale: .share)?.interval())
    let error = (0.25 * 0.75 / 4000).squareRoot()
    #expect(abs(interval.lowerBound - (0.25 - 1.96 * error)) < 0.0005)
    #expect(abs(interval.upperBound - (0.25 + 1.96 * error)) < 0.0005)
  }

  /// Endless problems without difference: what is left is how runs differ, by Student's t.
  @Test func fewRunsAreAskedByStudent() throws {
    let runs = [0.50, 0.56, 0.53]
    let values = runs.map { [Double](repeating: $0, count: 5000) }
    let interval = try #require(Estimate(values, scale: .unlimited)?.interval())
    let reach = 4.30265273 * 0.03 / 3.0.squareRoot()
    #expect(abs(interval.lowerBound - (0.53 - reach)) < 1e-6)
    #expect(abs(interval.upperBound - (0.53 + reach)) < 1e-6)
    let plain = try #require(Estimate(runs: runs)?.interval())
    #expect(abs(plain.upperBound - interval.upperBound) < 1e-6)
  }

  @Test func ownProblemsVaryWithTheRun() throws {
    let values = (0..<5).map { run in (0..<64).map { Double(($0 + run) % 7 < 3 ? 1 : 0) } }
    let own = try #require(Estimate(ownProblems: values, scale: .share)?.interval())
    let unequal = try #require(
      Estimate(ownProblems: [values[0], Array(values[1].prefix(40))], scale: .share))
    #expect(own.upperBound > own.lowerBound && unequal.interval() != nil)
    #expect(Estimate([values[0], Array(values[1].prefix(40))], scale: .share) == nil)
  }

  /// 1 for the problems that a rule names, of 40 or 60.
  private func run(_ count: Int, _ isRight: (Int) -> Bool) -> [Double] {
    (0..<count).map { isRight($0) ? 1 : 0 }
  }

  @Test func pValuesMeetTheInterval() throws {
    let first = [run(40) { $0 % 3 == 0 }, run(40) { $0 % 4 == 0 }, run(40) { $0 % 5 == 0 }]
    let second = [run(40) { $0 % 2 == 1 }, run(40) { $0 % 5 < 2 }, run(40) { $0 % 7 < 3 }]
    let found = try difference(first, second)
    let interval = try #require(found.interval())
    let low = try #require(found.pValue(above: interval.lowerBound))
    let high = try #require(found.pValue(below: interval.upperBound))
    #expect(abs(low - 0.025) < 1e-6 && abs(high - 0.025) < 1e-6)
    let above = try #require(found.pValue(above: 0))
    let below = try #require(found.pValue(below: 0))
    #expect(abs(above + below - 1) < 1e-9)
    let far = try #require(found.pValue(above: -1))
    #expect(far < 0.05 && far < above)
    #expect(found.pValue(above: found.mean) == 0.5)
  }

  @Test func unitsScaleEverything() throws {
    let found = try difference([[0, 0, 1, 0]], [[1, 0, 1, 1]])
    let percent = found.scaled(by: 100)
    let own = try #require(found.interval())
    let scaled = try #require(percent.interval())
    #expect(abs(scaled.lowerBound - 100 * own.lowerBound) < 1e-9)
    let p = try #require(found.pValue(above: 0.1))
    #expect(abs(try #require(percent.pValue(above: 10)) - p) < 1e-9)
    let size = try #require(found.smallestDetectable())
    #expect(abs(try #require(percent.smallestDetectable()) - 100 * size) < 1e-9)
  }

  @Test func moreOfEachMakesItSmaller() throws {
    let values = (0..<3).map { seed in run(60) { ($0 * 7 + seed * 5) % 11 < 4 + seed } }
    let found = try #require(Estimate(values, scale: .share))
    let now = try #require(found.halfWidth(with: 3, of: .seeds))
    let needed = try #require(found.needed(.seeds, for: now * 0.8))
    #expect(needed > 3)
    #expect(try #require(found.halfWidth(with: needed, of: .seeds)) <= now * 0.8)
    #expect(try #require(found.halfWidth(with: needed - 1, of: .seeds)) > now * 0.8)
    // Problems alone do not help against how runs differ.
    #expect(try #require(found.halfWidth(with: 6000, of: .problems)) < now)
    #expect(found.needed(.problems, for: now * 0.01) == nil)
    #expect(found.needed(.samples, for: now) == nil)
    let lone = try #require(Estimate([values[0]], scale: .share))
    #expect(lone.needed(.seeds, for: 0.01) == nil && lone.needed(.problems, for: 0.05) != nil)
  }

  @Test func whatIsNoNumberIsRefused() {
    #expect(Estimate([], scale: .share) == nil && Estimate([[]], scale: .share) == nil)
    #expect(Estimate([[1, .nan]], scale: .share) == nil)
    #expect(Estimate([[1], [1, 0]], scale: .share) == nil)
    #expect(Estimate(runs: []) == nil && Estimate(runs: [.nan]) == nil)
    #expect(PairedArms(first: [[1, 0]], second: [[1]], isShare: true) == nil)
    #expect(PairedArms(first: [], second: [], isShare: true) == nil)
    #expect(ClusteredRate(counted: [2], of: [1]) == nil)
    #expect(ClusteredRate(counted: [], of: []) == nil)
  }

  @Test func oneRunWithoutProblemsHasNoInterval() throws {
    let found = try #require(Estimate(runs: [0.5]))
    #expect(found.interval() == nil && found.pValue(above: 0) == nil)
    #expect(found.smallestDetectable() == nil)
    // Nor has one problem, whose value may be anything.
    #expect(Estimate([[5], [6]], scale: .unlimited)?.interval() == nil)
  }

  @Test func ratiosAreBoundedWhereTheFirstArmIs() throws {
    let first = (0..<400).map { Double($0 % 4 == 0 ? 1 : 0) }
    let second = (0..<400).map { Double($0 % 2) }
    let arms = try #require(PairedArms(first: [first], second: [second], isShare: true))
    #expect(abs(try #require(arms.ratio) - 1) < 1e-12)
    let interval = try #require(arms.ratioInterval)
    // By the delta method about ±0.3.
    #expect((0.5...0.85).contains(interval.lowerBound), "\(interval)")
    #expect((1.2...1.7).contains(interval.upperBound), "\(interval)")
    let none = [Double](repeating: 0, count: 12)
    let zero = try #require(PairedArms(first: [none], second: [none], isShare: true))
    #expect(zero.ratio == nil && zero.ratioInterval == nil)
    let rare = try #require(
      PairedArms(first: [[1] + none], second: [[1, 1] + none.dropLast()], isShare: true))
    #expect(rare.ratio == 1 && rare.ratioInterval == nil)
    for (runs, isBounded) in [(2, false), (3, true)] {
      let arms = try #require(
        PairedArms(
          first: [[Double]](repeating: first, count: runs),
          second: [[Double]](repeating: second, count: runs), isShare: true))
      #expect((arms.ratioInterval != nil) == isBounded)
    }
  }
}

@Suite struct McNemarTestTests {
  @Test func tiesTellNothing() throws {
    let test = try #require(McNemarTest(first: [1, 0, 1], second: [1, 0, 1]))
    #expect(test.onlyFirst == 0 && test.onlySecond == 0 && test.pValue == 1)
  }

  @Test func rightAndWrongOnly() throws {
    let test = try #require(McNemarTest(first: [1, 1, 0, 0, 0], second: [1, 0, 1, 1, 1]))
    #expect(test.onlyFirst == 1 && test.onlySecond == 3)
    #expect(abs(test.pValue - 0.625) < 1e-12)
    #expect(McNemarTest(first: [0.5], second: [1]) == nil)
    #expect(McNemarTest(first: [1], second: [1, 0]) == nil)
    #expect(McNemarTest(onlyFirst: 2000, onlySecond: 0).pValue < 1e-300)
  }
}
