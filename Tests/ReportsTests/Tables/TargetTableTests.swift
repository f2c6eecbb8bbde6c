import Base
import Foundation
import OrderedCollections
import Reports
import Runner
import Testing

/// Tables of where rows reach a target along an axis, and at what cost.
@Suite struct TargetTableTests {
  private static func specification(
    _ change: (inout TableSpecification) -> Void = { _ in }
  ) -> TableSpecification {
    var table = TableSpecification()
    table.value = ["scores.accuracy"]
    table.rows = ["arm"]
    table.over = ["seed"]
    table.along = "examples"
    table.target = 0.3
    table.cost = "tuned.tokens"
    change(&table)
    return table
  }

  private func report(
    _ fixture: ReportFixture, _ change: (inout TableSpecification) -> Void = { _ in }
  ) throws -> TableReport {
    try TableReport(name: "needed", Self.specification(change), data: fixture.data)
  }

  @Test func sayWhatTheFigureSays() throws {
    let report = try report(FigureFixture.sizes)
    #expect(report.columns.map(\.label) == ["examples to 30.0 %", "tokens to 30.0 %"])
    #expect(
      report.cellTexts.map { $0.map(\.main) } == [
        ["> 100", "> 100\u{202F}000"], ["37.5", "37\u{202F}500"],
      ])
    #expect(
      report.notes == [
        "Where the line through the means over seed first meets 30.0 %, by linear interpolation "
          + "between what was measured: examples 10, 25, 50, 100.",
        "≤: there at the first of them; >: not there at the last.",
        "The cost is tuned.tokens, summed over the steps where it is logged by step, as a mean over "
          + "runs and interpolated likewise.",
      ])
    let rows = report.csv.split(separator: "\n")
    #expect(rows[0].hasSuffix(",reach_bound,reach_low,reach_high"))
    #expect(rows[1].hasPrefix("base,examples to 30.0 %,examples,,100,"))
    #expect(rows[1].hasSuffix(",more than,,"))
    #expect(rows[3].hasPrefix("warmed,examples to 30.0 %,examples,,37.5,,,,,,,,8,8,false,"))
    #expect(report.markdown.contains("| warmed | 37.5 | 37\u{202F}500 |"))
    #expect(report.latex.contains("base & \\textgreater{} 100 & "))
    #expect(report.html.contains("&gt; 100"))
  }

  @Test func thoseThereAtOnceAreBoundedAbove() throws {
    let report = try report(FigureFixture.sizes) { ($0.target, $0.cost) = (0.1, nil) }
    #expect(report.cellTexts.map { $0.map(\.main) } == [["25.0"], ["≤ 10"]])
  }

  @Test func nothingIsSaidBeforeAllRunsAreDone() throws {
    var fixture = FigureFixture.sizes
    fixture.results.removeAll {
      $0.stageName == "scores" && $0.point["arm"] == "warmed" && $0.point["seed"] == 2
        && $0.point["examples"] == 50
    }
    let report = try report(fixture)
    #expect(report.cellTexts[1].map(\.main) == ["–", "–"])
    #expect(report.notes.last?.hasSuffix("warmed has 7 of 8.") == true)
  }

  /// Runs that stand at every number of the axis count once, and their line is level.
  @Test func armsWithoutTheAxisAreLevel() throws {
    var fixture = FigureFixture.sizes
    fixture.axes["arm"] = ["base", "warmed", "untrained"]
    for seed in [1, 2] {
      fixture.add("scores", ["arm": "untrained", "seed": .integer(seed)], ["accuracy": 0.35])
    }
    let report = try report(fixture) { $0.cost = nil }
    #expect(report.rows[2].cells[0].reach?.bound == .atMost)
    #expect(report.rows[2].cells[0].planned == 2)
    #expect(report.cellTexts[2][0].main == "≤ 10")
  }

  // MARK: Intervals

  private func withProblems(
    _ correct: [Int: [Bool]], seeds: [Int] = [1], target: Double = 0.5
  ) throws -> TableReport {
    var fixture = ReportFixture()
    fixture.axes = ["arm": ["warmed"], "examples": [10, 20], "seed": .init([1, 2])]
    for (examples, outcomes) in correct.sorted(by: { $0.key < $1.key }) {
      for seed in seeds {
        fixture.addScores(
          ["arm": "warmed", "examples": .integer(examples), "seed": .integer(seed)],
          of: outcomes.enumerated().map { ("p\($0)", $1 ? 1 : 0) }, samples: 1)
      }
    }
    return try report(fixture) { ($0.target, $0.cost) = (target, nil) }
  }

  @Test func intervalsMayRunBeyondWhatWasMeasured() throws {
    // Of two problems one is always right, one never.
    let report = try withProblems([10: [true, false], 20: [true, false]])
    #expect(report.cellTexts[0][0].main == "≤ 10 [≤ 10, > 20]")
    #expect(report.rows[0].cells[0].reach?.interval == -.infinity ... .infinity)
    #expect(report.csv.hasSuffix(",at most,-inf,inf\n"))
  }

  /// None right at 10, p = 1/2 of 100 problems at 20: the target of 1/4 is reached at
  /// 10 + 10 · 0.25 / p̂, and 100 p̂ is binomial, with 40 and 60 as its 2.5 % and 97.5 % quantiles.
  @Test(arguments: [[1], [1, 2]])
  func intervalsAreThoseOfTheBinomial(seeds: [Int]) throws {
    let none = [Bool](repeating: false, count: 100)
    let half = none.indices.map { $0 < 50 }
    let report = try withProblems([10: none, 20: half], seeds: seeds, target: 0.25)
    let reach = try #require(report.rows[0].cells[0].reach)
    #expect(abs(reach.value - 15) < 1e-9)
    let interval = try #require(reach.interval)
    #expect([59, 60, 61].contains((250 / (interval.lowerBound - 10)).rounded()))
    #expect([39, 40, 41].contains((250 / (interval.upperBound - 10)).rounded()))
    let over = seeds.count > 1 ? "runs and problems" : "problems only, as if runs did not vary"
    #expect(report.notes.contains("In brackets the 95 % interval over \(over)."))
  }

  @Test func otherProblemsHaveNoInterval() throws {
    let report = try withProblems([10: [true, false, false], 20: [true, true]])
    #expect(report.rows[0].cells[0].reach?.interval == nil)
  }
}
