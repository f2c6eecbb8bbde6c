import Base
import Foundation
import OrderedCollections
import Reports
import Runner
import Tasks
import TestSupport
import Testing

@Suite struct FigureTests {
  /// Curves by instance, as if they had been read from files.
  private func figure(
    _ fixture: ReportFixture, smooth: Int = 1,
    _ change: (inout FigureSpecification) -> Void = { _ in }
  ) throws -> LineFigure {
    var specification = FigureSpecification()
    specification.line = ["scores.reward"]
    specification.series = ["start"]
    specification.band = ["seed"]
    specification.smooth = smooth
    change(&specification)
    var fixture = fixture
    fixture.publish("metrics.h5", of: "scores") { instance in
      let seed = Double(instance.point["seed"]?.integer ?? 0)
      let height = instance.point["start"] == "base" ? -1.0 : 1.0
      return try? RowTable(columns: [
        "step": .integers([1, 2, 3, 4]),
        "reward": .numbers([height, height + seed, .nan, height * 2]),
      ])
    }
    return try LineFigure(name: "learning", specification, data: fixture.data)
  }

  @Test func linesAreMeansWithBandsAndGaps() throws {
    let figure = try figure(.scores)
    #expect(figure.series.map(\.label) == ["warmed", "base"])
    let points = figure.series[0].points
    #expect(points.map(\.x) == [1, 2, 3, 4])
    #expect(points[1].y == 2.5)
    #expect(abs(try #require(points[1].deviation) - 0.5.squareRoot()) < 1e-12)
    #expect(points[2].y.isNaN && points[2].deviation == nil)
    #expect(figure.notes == ["Lines are means over seed, bands ± 1 sample standard deviation."])
  }

  /// `keep` makes an axis of the name that trainings log their steps under.
  @Test func anAxisOfStepsIsTakenWhereTheStageLiesAlongIt() throws {
    var fixture = ReportFixture()
    fixture.axes = ["start": ["base", "warmed"], "seed": [1, 2], "step": [50, 100]]
    for start: JSONValue in ["base", "warmed"] {
      for seed in [1, 2] {
        fixture.add("scores", ["start": start, "seed": .integer(seed)], [:])
        for (step, accuracy) in [(50, 0.25), (100, 0.5)] {
          fixture.add(
            "kept", ["start": start, "seed": .integer(seed), "step": .integer(step)],
            ["accuracy": .number(accuracy)])
        }
      }
    }
    let curve = try figure(fixture) {
      $0.line = ["kept.accuracy"]
      $0.x = ["step"]
    }
    #expect(curve.series.map(\.label) == ["base", "warmed"])
    #expect(curve.series[0].points.map(\.x) == [50, 100])
    #expect(curve.series[0].points.map(\.y) == [25, 50])
    #expect(try figure(fixture) { $0.x = ["step"] }.series[0].points.map(\.x) == [1, 2, 3, 4])
  }

  @Test func aLineIsNoLongerThanItsShortestRun() {
    let runs = [MetricCurve(x: [1, 2, 3], y: [1, 1, 1]), MetricCurve(x: [3, 2], y: [9, 3])]
    let series = LineFigure.Series(label: "a", runs: runs, smooth: 1)
    #expect(series.points.map(\.x) == [2, 3])
    #expect(series.points.map(\.y) == [2, 5])
  }

  @Test func loneRunsKeepWhatWasMeasuredBehindTheirAverage() {
    let run = MetricCurve(x: [1, 2], y: [0, 4])
    let series = LineFigure.Series(label: "a", runs: [run], smooth: 2)
    #expect(series.points.map(\.y) == [0, 2])
    #expect(series.measured.map(\.y) == [0, 4])
    #expect(LineFigure.Series(label: "a", runs: [run, run], smooth: 2).measured.isEmpty)
  }

  @Test func runsThatAreMissingAreSaid() throws {
    var fixture = ReportFixture.scores
    fixture.results.removeLast()
    #expect(
      try figure(fixture).notes == [
        "Lines are means over seed, bands ± 1 sample standard deviation.",
        "Runs that are not done are left out: warmed has 1 of 2.",
      ])
  }

  @Test func everyAxisNeedsAPlace() {
    let error = #expect(throws: ReportError.self) { try figure(.scores) { $0.band = [] } }
    #expect(error?.description.contains("also depends on the axis 'seed'") == true)
  }

  @Test func aFigureWithoutResultsSaysSo() throws {
    var fixture = ReportFixture.scores
    fixture.results = []
    let svg = try figure(fixture).svg
    #expect(svg.contains("nothing measured yet"))
    #expect(!svg.lowercased().contains("nan") && !svg.contains("inf"))
  }

  @Test func constantAndSinglePointsCanBeDrawn() {
    let run = MetricCurve(x: [7], y: [0])
    let series = LineFigure.Series(label: "only", runs: [run], smooth: 1)
    let figure = LineFigure(
      name: "one", title: "One", xLabel: "step", yLabel: "reward", series: [series])
    #expect(figure.svg.contains("h0\""))
    #expect(!figure.svg.contains("nan") && !figure.svg.contains("inf"))
  }

  /// A line that lies on another is not seen, so it is said; one that differs anywhere is not.
  @Test func linesThatCoincideAreNamed() {
    func line(_ label: String, _ y: [Double]) -> LineFigure.Series {
      .init(label: label, runs: [MetricCurve(x: [1, 2, 3], y: y)], smooth: 1)
    }
    let lines = [line("a", [1, .nan, 2]), line("b", [1, .nan, 2]), line("c", [1, .nan, 2.5])]
    let figure = LineFigure(
      name: "x", title: "X", xLabel: "step", yLabel: "reward", series: lines)
    #expect(figure.notes == ["Lines coincide at every point: b with a."])
    let close = LineFigure(
      name: "x", title: "X", xLabel: "step", yLabel: "reward",
      series: [line("a", [1, 2, 4]), line("b", [1.01, 2, 4]), line("c", [1.02, 2, 4])])
    #expect(
      close.notes == ["Lines lie within 0.5 % of the axis of others, dashed: b on a; c on b."])
    #expect(close.svg.ranges(of: "stroke-dasharray:5 6").count == 4, "two lines and their legends")
    let empty = [line("a", [.nan, .nan, .nan]), line("b", [.nan, .nan, .nan])]
    let unseen = LineFigure(
      name: "x", title: "X", xLabel: "step", yLabel: "reward", series: empty)
    #expect(unseen.notes == [])
  }

  @Test(arguments: [
    ([1.0, 4, 16, 64, 256], true), ([8, 16, 32, 64, 128], true), ([10, 50, 100, 150, 200], false),
    ([25, 100], false), ([0, 1, 100], false), ([1, 2, 3, 4, 5], false), ([.nan, 1, 2, 400], true),
  ])
  func crowdedPlacesHaveALogarithmicAxis(places: [Double], isCrowded: Bool) {
    #expect(AxisScale.isCrowded(places) == isCrowded)
  }

  /// Equal ratios are equally far apart, and the axis says so.
  @Test func countsOfExamplesAreSpreadEvenly() throws {
    let points = [1.0, 4, 16, 64].map { LineFigure.Point(x: $0, y: $0, deviation: nil) }
    let figure = LineFigure(
      name: "x", title: "X", xLabel: "examples", yLabel: "accuracy",
      series: [.init(label: "a", marked: points)])
    #expect(figure.svg.contains("examples (logarithmic)"))
    let ticks = figure.svg.matches(of: #/x1="([0-9.]+)" y1="[0-9.]+" x2="\1" /#)
      .compactMap { Double($0.output.1) }
    try #require(ticks.count == 4)
    let steps = zip(ticks.dropFirst(), ticks).map { $0 - $1 }
    #expect(steps.allSatisfy { abs($0 - steps[0]) <= 0.2 })
  }

  /// In a page the words stand around the drawing, where a narrow screen can break their lines.
  @Test func wordsOfAPageAreNotInTheDrawing() throws {
    let figure = try figure(.scores, smooth: 2)
    let page = figure.pageMarkup.source
    let drawing = try #require(page.firstMatch(of: #/<svg xmlns.*?</svg>/#)).output
    for words in [figure.title] + figure.notes + figure.series.map(\.label) {
      let escaped = Markup.escape(words)
      #expect(page.contains(">\(escaped)<") && !drawing.contains("\">\(escaped)</text>"))
    }
  }

  /// A narrow screen shows a drawing of its own, as wide as it is, instead of scrolling the wide one.
  @Test func pagesHaveADrawingForNarrowScreens() throws {
    let figure = try figure(.scores, smooth: 2)
    let page = figure.pageMarkup.source
    let narrow = try #require(
      page.firstMatch(of: #/<div class="figure-narrow"><svg.*?</svg></div>/#)
    ).output
    let width = try #require(narrow.firstMatch(of: #/viewBox="0 [0-9.]+ ([0-9.]+) /#)).output.1
    #expect(width == "340")
    let places = narrow.matches(of: #/ x[12]?="([0-9.]+)"/#).compactMap { Double($0.output.1) }
    #expect(places.count > 10 && places.allSatisfy { (0...340).contains($0) })
    let names = page.matches(of: #/ id="([^"]+)"/#).map(\.output.1)
    #expect(Set(names).count == names.count)
    #expect(!figure.svg.contains("figure-narrow") && figure.svg.contains("viewBox=\"0 0 760 "))
  }

  /// Where a label would be cut off, the wide drawing scrolls.
  @Test func whatCannotBeReadIsNotDrawnNarrow() {
    let long = LineFigure(
      name: "x", title: "x", xLabel: "step", yLabel: String(repeating: "long ", count: 20),
      series: [])
    #expect(!long.pageMarkup.source.contains("figure-narrow"))
  }

  @Test func textsCannotBecomeMarkup() {
    let figure = LineFigure(
      name: "x", title: "<b>&", xLabel: "\"step\"", yLabel: "\u{1}", series: [])
    #expect(figure.svg.contains("&lt;b&gt;&amp;"))
    #expect(!figure.svg.contains("<b>") && !figure.svg.contains("\u{1}"))
  }

  /// A golden drawing. When figures change on purpose, look at the new one before replacing it:
  /// the failing test leaves it at the path that it names.
  /// Programs that know no variables of CSS draw figures in the colours of the light scheme.
  @Test func everyColourHasAFallback() throws {
    let svg = try figure(.scores).svg
    let uses = svg.matches(of: /([a-z-]+):var\(--f-/)
    #expect(uses.count > 20)
    let withFallback = svg.matches(of: /([a-z-]+):#[0-9a-f]+;([a-z-]+):var\(--f-/)
    #expect(withFallback.allSatisfy { $0.1 == $0.2 })
    #expect(withFallback.count == uses.count)
  }

  @Test func theDrawingIsGolden() throws {
    let svg = try figure(.scores, smooth: 2).svg
    let golden = ProjectFolder.fixtures.appending(path: "figure.svg")
    let expected = (try? Data(contentsOf: golden)) ?? Data()
    if expected != Data(svg.utf8) {
      let actual = try temporaryReportFolder().appending(path: "figure.svg")
      try Data(svg.utf8).write(to: actual)
      Issue.record("the figure differs from \(golden.lastPathComponent): see \(actual.path)")
    }
  }
}

/// What the axis of a reward says.
@Suite struct RewardScaleTests {
  @Test func theRewardsOfVerdictsAreSaid() throws {
    let judged: [(Outcome, Double)] = [
      (.correct, 2), (.wrong, -0.5), (.badFormat, -2), (.wrong, -0.5),
    ]
    let scale = try #require(RewardScale(judged))
    #expect(scale.range == "−2 to 2")
    #expect(scale.sentence == "The reward is −2 for bad format, −0.5 for wrong, 2 for correct.")
  }

  @Test func whatIsNoScaleSaysNothing() {
    #expect(RewardScale([(Outcome.correct, 2), (.correct, 1), (.wrong, 0)]) == nil)
    #expect(RewardScale([(Outcome.correct, 1), (.wrong, 1)]) == nil)
    #expect(RewardScale([(Outcome, Double)]()) == nil)
  }
}
