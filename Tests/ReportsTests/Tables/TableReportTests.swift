import Base
import OrderedCollections
import Reports
import Runner
import Testing

@Suite struct TableReportTests {
  private func table(
    _ specification: TableSpecification = ReportFixture.table,
    _ fixture: ReportFixture = .scores, published: [PublishedTable] = []
  ) throws -> TableReport {
    try TableReport(name: "main", specification, data: fixture.data, published: published)
  }

  @Test func cellsAreMeansWithDeviations() throws {
    let report = try table()
    #expect(report.rows.map(\.label) == ["warmed", "base"])
    #expect(report.rows.map(\.isBaseline) == [false, true])
    let cell = report.rows[0].cells[0]
    #expect(abs(try #require(cell.mean) - 50) < 1e-9)
    #expect(abs(try #require(cell.deviation) - 8.0.squareRoot()) < 1e-9)
    #expect(abs(try #require(cell.difference) - 10) < 1e-9)
    #expect(report.rows[1].cells[0].difference == nil)
    #expect(
      report.notes == [
        "In %. Mean ± sample standard deviation over seed (n = 2); in brackets the 95 % interval of"
          + " the mean over all runs, on these problems.",
        "64 problems, 1 sample each.",
        "Signed numbers are differences to start=base in percentage points, with 95 % intervals"
          + " paired by run.",
        "Where an interval holds 0, the smallest difference that would be found four times in five:"
          + " 14.1.",
      ])
  }

  /// A perplexity is no share, so that nothing cuts its interval off at 1 or at the mean.
  @Test func valuesWithoutLimitsHaveWholeIntervals() throws {
    var fixture = ReportFixture()
    fixture.axes["seed"] = [1, 2, 3]
    for (seed, value) in [258.0, 261, 264].enumerated() {
      fixture.add(
        "scores", ["start": "base", "seed": .integer(seed + 1)], ["perplexity": .number(value)])
    }
    var specification = ReportFixture.table
    (specification.value, specification.baseline) = (["scores.perplexity"], [:])
    let cell = try #require(
      try table(specification, fixture).rows.first { $0.label == "base" }?.cells.first)
    let interval = try #require(cell.interval)
    // t(0.975, 2) · 3 / √3.
    #expect(abs(interval.upperBound - 261 - 7.4524) < 1e-3)
    #expect(abs(261 - interval.lowerBound - 7.4524) < 1e-3)
  }

  @Test func rowsFollowTheAxisAndNotTheResults() throws {
    var fixture = ReportFixture.scores
    fixture.axes["start"] = ["base", "warmed"]
    fixture.results.reverse()
    #expect(try table(ReportFixture.table, fixture).rows.map(\.label) == ["base", "warmed"])
  }

  @Test func cellsThatAreNotCompleteShowNoNumber() throws {
    var fixture = ReportFixture.scores
    fixture.results.removeLast()
    let report = try table(ReportFixture.table, fixture)
    let cell = report.rows[0].cells[0]
    #expect(cell.mean == nil && cell.deviation == nil && cell.difference == nil)
    #expect(report.markdown.contains("| warmed | – |"))
    #expect(
      report.notes.last
        == "– marks cells whose runs are not all done, or have no such value: warmed has 1 of 2.")
  }

  @Test func aValueThatIsNoNumberIsNotDone() throws {
    var fixture = ReportFixture.scores
    fixture.add("scores", ["start": "warmed", "seed": 10], ["accuracy": .null])
    let cell = try table(ReportFixture.table, fixture).rows[0].cells[0]
    #expect(cell.mean == nil && cell.values.count == 2 && cell.planned == 3)
  }

  @Test func whatAStageWarnsOfStandsUnderItsTable() throws {
    var fixture = ReportFixture.scores
    fixture.results[0] = fixture.results[0].warning("9 of 64 problems were trained on")
    fixture.results[1] = fixture.results[1].warning("9 of 64 problems were trained on")
    let warnings = try table(ReportFixture.table, fixture).notes.filter { $0.hasPrefix("Warning") }
    #expect(
      warnings == [
        "Warning: 9 of 64 problems were trained on — scores[start=base,seed=1], "
          + "scores[start=base,seed=2]."
      ])
    #expect(try table(ReportFixture.table, fixture).markdown.contains("9 of 64 problems"))
  }

  @Test func excludedPointsStayEmpty() throws {
    var specification = ReportFixture.table
    (specification.columns, specification.over) = (["seed"], [])
    var fixture = ReportFixture.scores
    fixture.items.removeLast()
    let report = try table(specification, fixture)
    #expect(report.columns.map(\.label) == ["seed=1", "seed=2"])
    #expect(report.rows[0].cells[1].planned == 0)
    #expect(report.markdown.contains("| warmed | 48.0 (+9.0) |  |"))
    #expect(!report.notes.contains { $0.hasPrefix("–") })
  }

  /// Only some tasks have such a value.
  @Test func aValueThatNoRunOfACellPublishesIsNotMissed() throws {
    var fixture = ReportFixture()
    fixture.add("scores", ["start": "base"], ["accuracy": 0.5, "unboxed": 0.25])
    fixture.add("scores", ["start": "warmed"], ["accuracy": 0.5])
    var specification = ReportFixture.table
    (specification.over, specification.value) = ([], ["scores.accuracy", "scores.unboxed"])
    let report = try table(specification, fixture)
    #expect(report.markdown.contains("| base | 50.0 | 25.0 |"), "\(report.markdown)")
    #expect(report.rows.contains { $0.label == "warmed" && $0.cells[1].planned == 0 })
    #expect(!report.notes.contains { $0.hasPrefix("–") }, "\(report.notes)")
    fixture.add("scores", ["start": "warmed", "seed": 2], nil)
    #expect(try table(specification, fixture).notes.contains { $0.hasPrefix("–") })
  }

  @Test func aLoneRunWithoutItsProblemsHasNoInterval() throws {
    var specification = ReportFixture.table
    specification.over = []
    var fixture = ReportFixture()
    fixture.add(
      "scores", ["start": "base"], ["accuracy": 0.5, "accuracy_standard_error": 0.0625])
    let report = try table(specification, fixture)
    #expect(report.markdown.contains("| base | 50.0 |"))
    #expect(report.csv.contains(",%,50,,,,,6.25,"))
    #expect(report.notes[0] == "In %. Each cell is one run; how much runs differ is not known.")
  }

  @Test func aRunWithoutTheAxisStandsInEveryRow() throws {
    var fixture = ReportFixture.scores
    fixture.add("reference", [:], ["accuracy": 0.9])
    var specification = ReportFixture.table
    specification.value.append("reference.accuracy")
    let report = try table(specification, fixture)
    #expect(report.columns.map(\.label) == ["scores.accuracy", "reference.accuracy"])
    #expect(report.rows.allSatisfy { $0.cells[1].values == [90] })
  }

  @Test func twoValuesOfOneStageAreNotCountedTwice() throws {
    var specification = ReportFixture.table
    specification.value = ["scores.accuracy", "scores.problems"]
    let report = try table(specification)
    #expect(report.columns.map(\.label) == ["accuracy", "problems"])
    #expect(report.rows[0].cells.map(\.planned) == [2, 2])
  }

  /// A model that learned from rewards with a hole is no better for it.
  @Test func warningsOfWhatMadeTheModelsAreSaid() throws {
    var fixture = ReportFixture()
    fixture.add("tuned", [:], ["warning": "its rewards have a hole"], outputs: ["model"])
    fixture.add(
      "scores", ["start": "base", "seed": 1], ["accuracy": 0.5],
      inputs: [("model", "tuned/model")])
    let report = try table(ReportFixture.table, fixture)
    #expect(report.notes.contains("Warning: its rewards have a hole — tuned."))
  }

  @Test func baselinesMayBeColumns() throws {
    var specification = ReportFixture.table
    (specification.rows, specification.columns) = ([], ["start"])
    let report = try table(specification)
    #expect(report.rows[0].cells.map(\.isBaseline) == [false, true])
    #expect(abs(try #require(report.rows[0].cells[0].difference) - 10) < 1e-9)
  }

  @Test func mistakesAreSaidWithTheirRemedy() {
    let mistakes: [((inout TableSpecification) -> Void, String)] = [
      ({ $0.value = ["score.accuracy"] }, "no stage 'score'; did you mean 'scores'?"),
      ({ $0.value = ["scores.acuracy"] }, "no value 'acuracy'; did you mean 'accuracy'?"),
      ({ $0.value = ["accuracy"] }, "must name a stage and a value"),
      ({ $0.over = [] }, "scores also depends on the axis 'seed'"),
      ({ $0.rows = ["strat"] }, "'rows' names no axis: 'strat'; did you mean 'start'?"),
      ({ $0.baseline = ["start": "bas"] }, "no value 'bas'; did you mean 'base'?"),
      ({ $0.baseline = ["size": "1"] }, "the baseline's axis 'size' is under neither"),
    ]
    for (change, message) in mistakes {
      var specification = ReportFixture.table
      change(&specification)
      let error = #expect(throws: ReportError.self) { try table(specification) }
      #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }
  }
}

extension PlannedInstance {
  /// The same result with a warning.
  fileprivate func warning(_ text: String) -> PlannedInstance {
    with(values: values.merging(["warning": .string(text)]) { $1 })
  }
}
