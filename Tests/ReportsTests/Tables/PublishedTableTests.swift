import Base
import Foundation
import OrderedCollections
import Reports
import Runner
import TestSupport
import Testing

@Suite struct PublishedTableTests {
  private static let header = "source: Doe 2025, table 9\nunit: percent\npasses: 4\n"

  /// Accuracy of both arms over two seeds, 40 ± 1.4 and 50 ± 2.8.
  private func report(
    _ values: String, header: String = header,
    _ change: (inout TableSpecification) -> Void = { _ in }
  ) throws -> TableReport {
    var specification = ReportFixture.table
    specification.model = "M"
    change(&specification)
    let table = try PublishedTable(text: header + "values:\n" + values)
    return try TableReport(
      name: "main", specification, data: ReportFixture.scores.data, published: [table])
  }

  private func verdict(_ report: TableReport) -> String? {
    report.rows[1].cells[0].published?.verdict
  }

  @Test func valuesAreKeyedByPoints() throws {
    let report = try report("  - {at: {start: base}, mean: 43.8, deviation: 0.8, problems: 500}\n")
    let published = try #require(report.rows[1].cells[0].published)
    #expect(published.value.mean == 43.8 && published.value.deviation == 0.8)
    #expect(published.value.problems == 500 && !published.isSameProblems)
    #expect(report.rows[0].cells[0].published == nil)
    #expect(report.notes.contains("Published: Doe 2025, table 9."))
  }

  @Test func closeValuesAreReproducedAndFarOnesDiffer() throws {
    // Ours 40 ± 1.4 over two seeds: ± 11 or so at 1.2 degrees of freedom, against their ± 0.4.
    let close = "  - {at: {start: base}, mean: 40.5, deviation: 0.8, problems: 64}\n"
    #expect(verdict(try report(close) { $0.margin = 20 }) == "reproduced")
    let open = try report(close)
    #expect(verdict(open) == "not enough data")
    #expect(open.verdicts[0].contains("if the difference stays, 3 more seeds would decide."))
    let far = "  - {at: {start: base}, mean: 80, deviation: 0.8, problems: 64}\n"
    let differs = try report(far)
    #expect(verdict(differs) == "differs")
    #expect(differs.verdicts[0].contains("ours − published is −40.0 ["))
    #expect(differs.verdicts[0].hasSuffix("], beyond ±3.0."))
    #expect(differs.html.contains("verdict wrong"))
  }

  @Test func anotherModelIsAlwaysSaid() throws {
    let value = "  - {at: {start: base}, mean: 40.5, deviation: 0.8, problems: 64, model: N}\n"
    let other = try report(value) { $0.margin = 20 }
    #expect(verdict(other) == "reproduced (another model)")
    #expect(other.footnotes == ["The published value is of N, ours of M."])
    let latex = other.latex.replacing("$\\pm$", with: "±")
    #expect(latex.contains("published 40.5 ± 0.8 (a) \\\\ reproduced (another model)\\end"))
    for text in [other.markdown, latex, other.terminalText] {
      let line = "published 40.5 ± 0.8 (a): reproduced (another model)"
      #expect(text == latex || text.contains(line))
      #expect(text.contains("(a) The published value is of N, ours of M."))
    }
    #expect(other.csv.contains(",N,,"))
    #expect(other.csv.contains(",reproduced (another model),"))
    #expect(other.html.contains("<sup>a</sup>") && other.html.contains("another model"))
    let unknown = try report(value) { ($0.margin, $0.model) = (20, nil) }
    #expect(verdict(unknown) == "reproduced (model not named)")
    let same = try report(value) { ($0.margin, $0.model) = (20, "N") }
    #expect(verdict(same) == "reproduced" && same.footnotes.isEmpty)
  }

  @Test func caveatsAreSaid() throws {
    let report = try report(
      "  - {at: {start: base}, mean: 40.5, deviation: 0.8, problems: 64, caveat: it leaks}\n")
    #expect(verdict(report) == "not enough data (with a caveat)")
    #expect(report.footnotes == ["On the published value: it leaks."])
  }

  @Test func aCellThatIsNotDoneHasNoVerdict() throws {
    var fixture = ReportFixture.scores
    fixture.results.removeFirst()
    let table = try PublishedTable(
      text: Self.header + "values: [{at: {start: base}, mean: 40, deviation: 1}]\n")
    let report = try TableReport(
      name: "main", ReportFixture.table, data: fixture.data, published: [table])
    #expect(verdict(report) == nil && report.rows[1].cells[0].published != nil)
    #expect(report.verdicts.isEmpty)
  }

  @Test func oneRunWithoutProblemsDecidesNothing() throws {
    var fixture = ReportFixture()
    fixture.add("scores", ["start": "base", "seed": 1], ["accuracy": 0.4])
    let table = try PublishedTable(
      text: Self.header + "values: [{at: {start: base}, mean: 40, deviation: 1}]\n")
    let report = try TableReport(
      name: "main", ReportFixture.table, data: fixture.data, published: [table])
    let comparison = try #require(report.rows[0].cells[0].published?.comparison)
    #expect(comparison.verdict == .notEnoughData && comparison.interval == nil)
    #expect(comparison.remedy?.hasSuffix("at least 2 seeds are needed") == true)
  }

  @Test func anUncertainPublishedValueIsNotOursToDecide() throws {
    let report = try report("  - {at: {start: base}, mean: 40, deviation: 30, problems: 64}\n")
    #expect(report.verdicts[0].contains("the published value is too uncertain itself"))
    let bare = try self.report(
      "  - {at: {start: base}, mean: 400}\n", header: "source: Doe\nunit: tokens\n"
    ) { ($0.format, $0.sameProblems) = ([.tokens], true) }
    #expect(bare.verdicts[0].contains("the published value has no known error"))
  }

  @Test func aDifferenceOnTheMarginIsUndecided() throws {
    let report = try report("  - {at: {start: base}, mean: 40, deviation: 1, problems: 64}\n") {
      $0.margin = 0
    }
    #expect(verdict(report) == "not enough data")
    #expect(report.verdicts[0].contains("ours − published is ±0.0 ["))
    #expect(report.verdicts[0].contains("the difference lies on the margin itself"))
  }

  @Test func unitsMustFit() throws {
    let shares = try report(
      "  - {at: {start: base}, mean: 0.438}\n", header: "source: Doe\nunit: number\n")
    #expect(abs(try #require(shares.rows[1].cells[0].published?.value.mean) - 43.8) < 1e-9)
    let error = #expect(throws: ReportError.self) {
      _ = try self.report(
        "  - {at: {start: base}, mean: 43}\n", header: "source: D\nunit: tokens\n")
    }
    #expect(error?.description.contains("the published values are in tokens, and") == true)
  }

  @Test func axesThatTheTableLacksCanBeFixed() throws {
    let values = """
        - {at: {start: base, benchmark: math, size: 100}, mean: 40, deviation: 1}
        - {at: {start: base, benchmark: code, size: 100}, mean: 70, deviation: 1}

      """
    let report = try report(values) {
      $0.publishedAt = ["benchmark": AxisText("math"), "size": AxisText("100")]
    }
    #expect(report.rows[1].cells[0].published?.value.mean == 40)
    #expect(
      report.notes.contains(
        "Published numbers without a cell here: benchmark=code, size=100, start=base."))
  }

  @Test func twoNumbersForACellAreAMistake() throws {
    let error = #expect(throws: ReportError.self) {
      _ = try self.report(
        """
          - {at: {start: base}, value: accuracy, mean: 40}
          - {at: {start: base}, mean: 41}

        """)
    }
    #expect(error?.description.contains("two published values belong to one cell") == true)
  }
}

/// What is uncertain of a published value by itself.
@Suite struct PublishedErrorTests {
  @Test func noneOfTwelveIsNotKnownExactly() throws {
    var error = PublishedError()
    error.add(try #require(ClusteredRate(rate: 0, problems: 12)), whole: 100)
    #expect(error.below[0].reach == 0 && abs(error.above[0].reach - 22.09) < 0.01)
    #expect(abs(error.reach - 22.09) < 0.01)
    #expect(ClusteredRate(rate: 1.01, problems: 12) == nil)
  }

  /// 100 problems at 40 %: 4 passes that differ by 3 points are worth V = 0.24 / 100 − 0.75 · 0.0009.
  @Test func passesTakeNoiseAway() throws {
    func count(_ deviation: Double, passes: Int = 4) throws -> Double {
      let rate = try #require(
        ClusteredRate(rate: 0.4, problems: 100, passes: passes, deviation: deviation))
      return rate.effectiveCount
    }
    #expect(try abs(count(0.03) - 0.24 / (0.0024 - 0.75 * 0.0009)) < 1e-9)
    #expect(try abs(count(0.03, passes: 1) - 100) < 1e-9)
    // More noise than single answers can have leaves that of the mean itself.
    #expect(try abs(count(0.1) - 0.24 / 0.0025) < 1e-9)
    #expect(try abs(count(0.055) - 0.24 / (0.055 * 0.055 / 4)) < 1e-9)
    #expect(try abs(count(0.048) - 0.24 / (0.0024 - 0.75 * 0.048 * 0.048)) < 1e-9)
  }
}
