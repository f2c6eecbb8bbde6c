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
    let found = StudentQuantile.upper(freedom: reference.freedom)
    #expect(abs(found / reference.value - 1) < 1e-3, "\(found) for \(reference.value)")
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
    let found = try #require(
      PairedDifference(
        first: reference.shares(reference.first), second: reference.shares(reference.second)))
    #expect(abs(found.mean - reference.difference) < 1e-12)
    #expect(abs(try #require(found.ratio) - reference.ratio) < 1e-12)
    // The streams differ, so the bounds agree within the error of 10,000 draws: 2 % of the width.
    try check(found.interval, reference.interval, tolerance: 0.03)
    try check(found.ratioInterval, reference.ratioInterval, tolerance: 0.04)
    if let expected = reference.scipyInterval {
      try check(found.interval, expected, tolerance: 0.04)
    }
  }

  private func check(
    _ found: ClosedRange<Double>?, _ expected: [Double], tolerance: Double
  ) throws {
    let found = try #require(found)
    let width = expected[1] - expected[0]
    #expect(abs(found.lowerBound - expected[0]) < tolerance * width, "\(found) for \(expected)")
    #expect(abs(found.upperBound - expected[1]) < tolerance * width, "\(found) for \(expected)")
  }

  /// With the same problems, our seeds and their passes are two samples: Welch's interval.
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
    #expect(abs(interval.lowerBound - reference.interval[0]) < 1e-3 * width)
    #expect(abs(interval.upperBound - reference.interval[1]) < 1e-3 * width)
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
