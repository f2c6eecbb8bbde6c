import Base
import Foundation
import OrderedCollections
import Reports
import Runner
import Testing

/// Our numbers against those of scipy, statsmodels and numpy on the same random data.
@Suite struct StatisticsReferenceTests {
  @Test(arguments: StatisticsReferences.recorded.student)
  func studentQuantiles(_ reference: StatisticsReferences.Student) {
    let found = Student.quantile(tail: reference.tail, freedom: reference.freedom)
    #expect(abs(found / reference.value - 1) < 1e-8, "\(found) for \(reference.value)")
    let tail = Student.tail(above: reference.value, freedom: reference.freedom)
    #expect(abs(tail / reference.tail - 1) < 1e-8, "\(tail) for \(reference.tail)")
  }

  @Test(arguments: StatisticsReferences.recorded.rates)
  func boundsOfRates(_ reference: StatisticsReferences.Rate) throws {
    let rate = try #require(
      ClusteredRate(
        counted: reference.right, of: reference.right.map { _ in reference.answers }))
    #expect(abs(rate.effectiveCount / reference.effectiveCount - 1) < 1e-12)
    let bounds = rate.bounds(tail: 0.025)
    #expect(abs(bounds.lowerBound - reference.bounds[0]) < 1e-10)
    #expect(abs(bounds.upperBound - reference.bounds[1]) < 1e-10)
    // A test at a bound gives the tail that the bound was made for.
    if rate.rate > 0 {
      #expect(abs(rate.pValue(above: bounds.lowerBound) - 0.025) < 1e-9)
    }
  }

  @Test(arguments: StatisticsReferences.recorded.mcnemar)
  func mcNemar(_ reference: StatisticsReferences.McNemar) {
    let test = McNemarTest(onlyFirst: reference.first, onlySecond: reference.second)
    #expect(abs(test.pValue - reference.p) < 1e-10)
  }

  @Test(arguments: StatisticsReferences.recorded.pass)
  func passAtK(_ reference: StatisticsReferences.Pass) throws {
    let found = try #require(
      Statistics.passAtK(samples: reference.samples, correct: reference.right, k: reference.k))
    #expect(abs(found - reference.value) < 1e-12)
  }

  @Test(arguments: StatisticsReferences.recorded.arms)
  func clusteredErrors(_ reference: StatisticsReferences.Arms) throws {
    let values = reference.shares(reference.second)
    let byProblem = values[0].indices.map { problem in values.map { $0[problem] } }
    let found = try #require(Statistics.clusteredStandardError(byProblem))
    #expect(abs(found - reference.clusteredError) < 1e-12)
  }

  @Test(arguments: StatisticsReferences.recorded.arms)
  func pairedIntervals(_ reference: StatisticsReferences.Arms) throws {
    let arms = try #require(
      PairedArms(
        first: reference.shares(reference.first), second: reference.shares(reference.second),
        isShare: true, samples: reference.samples))
    let found = try #require(arms.difference)
    #expect(abs(found.mean - reference.difference) < 1e-12)
    #expect(abs(try #require(arms.ratio) - reference.ratio) < 1e-12)
    let interval = try #require(found.interval())
    #expect(abs(interval.lowerBound - reference.interval[0]) < 1e-8)
    #expect(abs(interval.upperBound - reference.interval[1]) < 1e-8)
  }

  /// With the same problems, our seeds and their passes are two samples.
  @Test(arguments: StatisticsReferences.recorded.welch)
  func publishedIntervals(_ reference: StatisticsReferences.Welch) throws {
    var fixture = ReportFixture()
    fixture.axes["seed"] = reference.ours.indices.map { .integer($0) }
    for (seed, value) in reference.ours.enumerated() {
      fixture.add(
        "scores", ["start": "warmed", "seed": .integer(seed)], ["accuracy": .number(value / 100)])
    }
    var table = ReportFixture.table
    (table.baseline, table.sameProblems) = ([:], true)
    let published = try PublishedTable(
      text: """
        source: Doe
        unit: percent
        passes: \(reference.passes)
        values:
          - {at: {start: warmed}, mean: \(reference.publishedMean), \
        deviation: \(reference.publishedDeviation)}
        """)
    let report = try TableReport(name: "t", table, data: fixture.data, published: [published])
    let interval = try #require(report.rows[0].cells[0].published?.comparison?.interval)
    let width = reference.interval[1] - reference.interval[0]
    #expect(abs(interval.lowerBound - reference.interval[0]) < 1e-9 * width)
    #expect(abs(interval.upperBound - reference.interval[1]) < 1e-9 * width)
  }
}

extension PublishedTable {
  /// Reads YAML.
  init(text: String) throws {
    let folder = try temporaryReportFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "published.yaml")
    try Data(text.utf8).write(to: file)
    try self.init(contentsOf: file)
  }
}
