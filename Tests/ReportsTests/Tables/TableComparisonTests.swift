import Base
import Foundation
import OrderedCollections
import Reports
import Runner
import Testing

@Suite struct TableComparisonTests {
  private typealias Correct = KeyValuePairs<String, Int>

  private func report(
    _ change: (inout TableSpecification) -> Void = { _ in },
    _ fill: (inout ReportFixture) -> Void
  ) throws -> TableReport {
    var fixture = ReportFixture()
    fill(&fixture)
    var specification = ReportFixture.table
    change(&specification)
    return try TableReport(name: "main", specification, data: fixture.data)
  }

  private static func fill(_ fixture: inout ReportFixture) {
    for seed in [1, 2] {
      let point: AxisPoint = ["start": "base", "seed": .integer(seed)]
      fixture.addScores(point, ["a": 0, "b": 1, "c": 2, "d": 1])
      let warmed: AxisPoint = ["start": "warmed", "seed": .integer(seed)]
      // Another order of the same problems.
      fixture.addScores(warmed, ["d": 3, "c": 4, "b": 2, "a": 1])
    }
  }

  @Test func cellsSayWhatTheyRestOn() throws {
    let report = try report { Self.fill(&$0) }
    let cell = report.rows[0].cells[0]
    #expect(cell.problems == 4 && cell.samples == 4 && cell.values == [62.5, 62.5])
    #expect(cell.deviation == 0)
    // Means 25, 50, 75 and 100: deviation √(3125 / 3) over √4.
    #expect(abs(try #require(cell.standardError) - (3125.0 / 3).squareRoot() / 2) < 1e-9)
    #expect(report.notes[1] == "4 problems, 4 samples each.")
    #expect(report.notes[2] == "Standard error over problems, clustered: 10.2–16.1.")
  }

  @Test func differencesArePairedByProblem() throws {
    let report = try report { Self.fill(&$0) }
    let comparison = try #require(report.rows[0].cells[0].comparison)
    #expect(abs(try #require(comparison.difference) - 37.5) < 1e-9)
    #expect(abs(try #require(comparison.relative) - 1.5) < 1e-9)
    // Two runs and four problems hardly say anything.
    let interval = try #require(comparison.interval)
    #expect(interval.lowerBound < -30 && interval.upperBound > 70 && interval.upperBound < 100)
    #expect(comparison.mcNemar == nil && comparison.refusal == nil)
    #expect(report.markdown.contains("62.5 ± 0.0 \\[15.3, 100.0\\] (+37.5 \\["))
    #expect(report.notes[3].hasSuffix("with 95 % intervals paired by problem and run."))
    #expect(report.notes[4].hasSuffix("that would be found four times in five: 98.6."))
  }

  /// An article's page has room for three columns with intervals beside the differences.
  @Test func wideLatexTablesPutIntervalsBelow() throws {
    let values = ["accuracy", "wrong", "no_answer", "truncated"].map { "scores.\($0)" }
    let narrow = try report({ $0.value = Array(values.prefix(3)) }, Self.fill).latex
    #expect(
      narrow.contains(
        #"62.5 $\pm$ 0.0 {[}15.3, 100.0{]} \\ +37.5 {[}$-$37.9, +72.6{]}\end{tabular}"#))
    let wide = try report({ $0.value = values }, Self.fill).latex
    #expect(
      wide.contains(
        #"62.5 $\pm$ 0.0 \\ {[}15.3, 100.0{]} \\ +37.5 \\ {[}$-$37.9, +72.6{]}\end{tabular}"#))
  }

  @Test func ratiosMayStandBesideOrInstead() throws {
    let both = try report({ $0.compare = [.difference, .relative] }, Self.fill)
    // The base may be 0, so the ratio of accuracies has no interval.
    #expect(both.markdown.contains("+72.6\\], +150.0 %)"))
    let lengths = try report(
      {
        ($0.compare, $0.value) = ([.difference, .relative], ["scores.mean_tokens"])
      }, Self.fill)
    // Nor has a ratio of two runs.
    #expect(lengths.markdown.contains("(\u{2212}8 \\[\u{2212}14, \u{2212}1\\], \u{2212}30.0 %)"))
    let alone = try report(
      {
        ($0.compare, $0.interval, $0.value) = ([.relative], false, ["scores.mean_tokens"])
      }, Self.fill)
    // 17.5 tokens of 25.
    #expect(alone.markdown.contains("| warmed | 18 ± 0 (\u{2212}30.0 %) |"))
    #expect(alone.notes.contains("Signed numbers are ratios to start=base, \u{2212} 1."))
    #expect(alone.columns[0].format == .tokens && alone.notes[0].hasPrefix("In tokens. Mean"))
  }

  @Test func nothingHasNoRatio() throws {
    let report = try report(
      { $0.compare = [.relative] },
      { fixture in
        fixture.addScores(["start": "base", "seed": 1], ["a": 0, "b": 0])
        fixture.addScores(["start": "warmed", "seed": 1], ["a": 1, "b": 0])
      })
    let comparison = try #require(report.rows[0].cells[0].comparison)
    #expect(comparison.relative == nil && comparison.relativeInterval == nil)
    #expect(report.markdown.contains("| warmed | 12.5 \\[0.0, 69.4\\] |"))
    #expect(report.markdown.contains("| base | 0.0 \\[0.0, 77.6\\] |"))
  }

  @Test func otherProblemsAreNotCompared() throws {
    let report = try report { fixture in
      fixture.addScores(["start": "base", "seed": 1], ["a": 1, "b": 2])
      fixture.addScores(
        ["start": "warmed", "seed": 1], ["a": 1, "c": 2, "d": 1])
    }
    #expect(report.rows[0].cells[0].difference == nil)
    #expect(
      report.notes.last == "warmed / accuracy: not compared, because its 3 problems are not the "
        + "baseline's 2 (1 in both); measure both on the same.")
    #expect(report.csv.contains("warmed,accuracy,scores.accuracy,%,33.33333333,"))
  }

  @Test func seedsThatDoNotPairUpHaveNoInterval() throws {
    let report = try report { fixture in
      for seed in [1, 2] {
        fixture.addScores(
          ["start": "base", "seed": .integer(seed)], ["a": 1, "b": 2])
      }
      fixture.addScores(["start": "warmed", "seed": 10], ["a": 1, "b": 3])
    }
    let comparison = try #require(report.rows[0].cells[0].comparison)
    #expect(abs(try #require(comparison.difference) - 12.5) < 1e-9 && comparison.interval == nil)
    #expect(report.notes.contains { $0.hasSuffix("no interval, because its runs do not pair up.") })
  }

  @Test func aBaselineWithoutSeedsStandsForEach() throws {
    let report = try report(
      { $0.value = ["scores.accuracy"] },
      { fixture in
        fixture.addScores(["start": "base"], ["a": 1, "b": 2])
        for seed in [1, 2] {
          fixture.addScores(
            ["start": "warmed", "seed": .integer(seed)], ["a": 2, "b": 3])
        }
      })
    let comparison = try #require(report.rows[0].cells[0].comparison)
    // Both pairs differ by 25, but two runs on two problems say nothing.
    #expect(comparison.interval == -100...100)
    #expect(report.notes[0].contains("; that of cells with one run over problems only"))
  }

  @Test func missingRunsAreNotCompared() throws {
    let report = try report { fixture in
      Self.fill(&fixture)
      fixture.add("scores", ["start": "warmed", "seed": 10], nil)
    }
    let cell = report.rows[0].cells[0]
    #expect(cell.comparison == nil && cell.standardError == nil && cell.mean == nil)
  }

  @Test(arguments: [(1, 0.7), (4, 0.0)])
  func oneAnswerAProblemIsTestedExactly(samples: Int, temperature: Double) throws {
    let report = try report { fixture in
      let all = samples
      fixture.addScores(
        ["start": "base", "seed": 1], ["a": 0, "b": 0, "c": all, "d": 0, "e": 0, "f": 0],
        samples: samples, temperature: temperature)
      fixture.addScores(
        ["start": "warmed", "seed": 1], ["a": all, "b": all, "c": 0, "d": all, "e": all, "f": all],
        samples: samples, temperature: temperature)
    }
    let test = try #require(report.rows[0].cells[0].comparison?.mcNemar)
    #expect(test.onlyFirst == 1 && test.onlySecond == 5 && abs(test.pValue - 0.21875) < 1e-12)
    #expect(report.markdown.contains(", p = 0.219)"))
    #expect(report.notes.contains { $0.hasSuffix("; p by McNemar's exact test.") })
    #expect(report.html.contains("p = 0.219"))
    // LaTeX sets what is compared below the number, or no page would be wide enough.
    #expect(
      report.latex.contains("& \\begin{tabular}[t]{@{}r@{}}83.3 {[}40.9, 99.2{]} \\\\ +66.7 {["))
  }

  @Test func passAtKAndVerdictsAreValues() throws {
    let report = try report(
      {
        $0.value = ["scores.pass@2", "scores.no_answer", "scores.truncated"]
      }, Self.fill)
    // 1 of 4 right: half of the pairs; 2 of 4: 5 of 6; 3 or 4: all.
    let expected: Double = (50 + 500.0 / 6 + 200) / 4
    let mean = try #require(report.rows[0].cells[0].mean)
    #expect(abs(mean - expected) < 1e-9)
    #expect(report.rows[0].cells[1].mean == 37.5 && report.rows[0].cells[2].mean == 37.5)
    #expect(report.columns.allSatisfy { $0.format == .percent })
    let error = #expect(throws: ReportError.self) {
      _ = try self.report({ $0.value = ["scores.pass@8"] }, Self.fill)
    }
    #expect(
      error?.description == "table 'main': scores.pass@8 needs at least 8 samples per problem, and "
        + "scores has 4; raise 'samples'")
  }

  @Test func severalValuesMayShareACell() throws {
    let report = try report(
      {
        ($0.value, $0.together) = (["scores.accuracy", "scores.mean_tokens"], true)
        $0.baseline = [:]
      }, Self.fill)
    #expect(report.markdown.contains("| start | accuracy; mean\\_tokens |"))
    #expect(
      report.markdown.contains("| warmed | 62.5 ± 0.0 \\[15.3, 100.0\\]; 18 ± 0 \\[4, 31\\] |"))
    #expect(report.notes[0].hasPrefix("accuracy in %, mean_tokens in tokens. Mean ±"))
    #expect(report.html.components(separatedBy: "<td class=\"number\"").count == 3)
    #expect(report.csv.split(separator: "\n").count == 5)
  }

  @Test func filesThatCannotBeReadAreSaid() throws {
    let folder = try temporaryReportFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data("no HDF5".utf8).write(to: folder.appending(path: "scores.h5"))
    var fixture = ReportFixture()
    fixture.add("scores", ["start": "base", "seed": 1], ["accuracy": 0.5], folder: folder)
    let report = try TableReport(name: "main", ReportFixture.table, data: fixture.data)
    #expect(report.notes.contains { $0.contains("cannot be read, so nothing is paired: scores[") })
  }
}
