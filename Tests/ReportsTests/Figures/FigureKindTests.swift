import Base
import Foundation
import OrderedCollections
import Reports
import Runner
import Testing

/// Figures over an axis of numbers, and several metrics in one figure.
@Suite struct FigureLineTests {
  @Test(
    arguments: [
      // Points as x, y and cost; the target; where it is reached, at which cost, whether at the first.
      (
        [(10.0, 0.1, 100.0), (20, 0.3, 200)], 0.2,
        TargetCrossing(x: 15, cost: 150, isFirst: false)
      ),
      (
        [(10, 0.1, 100), (20, 0.3, 200)], 0.1, TargetCrossing(x: 10, cost: 100, isFirst: true)
      ),
      (
        [(10, 0.1, 100), (20, 0.3, 200)], 0.3, TargetCrossing(x: 20, cost: 200, isFirst: false)
      ),
      ([(10, 0.1, 100), (20, 0.3, 200)], 0.4, nil),
      // Rising, falling and rising again: the first time counts.
      (
        [(1, 0, 0), (2, 1, 10), (3, 0, 20), (4, 2, 30)], 0.5,
        TargetCrossing(x: 1.5, cost: 5, isFirst: false)
      ),
      ([(7, 1, 3)], 1, TargetCrossing(x: 7, cost: 3, isFirst: true)),
      ([(7, 1, 3)], 2, nil),
      ([], 0, nil),
    ] as [([(Double, Double, Double)], Double, TargetCrossing?)])
  func targetsAreInterpolated(
    points: [(Double, Double, Double)], target: Double, expected: TargetCrossing?
  ) {
    let crossing = TargetCrossing(of: target, along: points.map { ($0.0, $0.1, $0.2) })
    #expect(crossing == expected)
  }

  @Test func costsThatAreMissingAreNotInvented() {
    let crossing = TargetCrossing(of: 0.5, along: [(1, 0, nil), (3, 1, 10)])
    #expect(crossing == TargetCrossing(x: 2, cost: nil, isFirst: false))
  }

  @Test func sampleEfficiencyNamesWhatTheTargetTakes() throws {
    let figure = try LineFigure(
      name: "efficiency", FigureFixture.efficiency, data: FigureFixture.sizes.data)
    #expect(
      figure.series.map(\.label) == [
        "base · not reached", "warmed · 37.5 examples · 37\u{202F}500 tokens",
      ])
    #expect(figure.series[0].points.map(\.x) == [10, 25, 50, 100])
    #expect(abs(figure.series[1].points[2].y - 40) < 1e-9)
    #expect(figure.panels[0].yLabel == "accuracy (%)" && figure.xLabel == "examples")
    #expect(figure.notes.contains { $0.contains("linear interpolation") })
    #expect(figure.svg.contains("target 30.0 %"))
    #expect(figure.svg.components(separatedBy: "class=\"figure-mark\"").count - 1 == 8 + 2)
    #expect(figure.csv.hasPrefix("value,line,examples,mean,spread,low,high,runs,measured\n"))
    #expect(figure.csv.contains("accuracy (%),warmed"))
  }

  @Test func pointsThatLackRunsAreLeftOutAndSaid() throws {
    var fixture = FigureFixture.sizes
    fixture.results.removeAll {
      $0.stageName == "scores" && $0.point["arm"] == "warmed" && $0.point["seed"] == 2
        && $0.point["examples"] == 50
    }
    let figure = try LineFigure(name: "e", FigureFixture.efficiency, data: fixture.data)
    #expect(figure.series[1].points.map(\.x) == [10, 25, 100])
    #expect(
      figure.notes.last
        == "Points that lack runs are left out: warmed at examples=50 has 1 of 2.")
  }

  @Test func aLevelShareHasTheAxisOfShares() {
    func svg(_ bounds: ClosedRange<Double>?) -> String {
      let points = [1.0, 2].map { LineFigure.Point(x: $0, y: 0, deviation: nil) }
      let series = LineFigure.Series(label: "a", marked: points)
      return LineFigure(
        name: "level", title: "Level", xLabel: "step", yLabel: "solved", series: [series],
        bounds: bounds
      ).svg
    }
    #expect(svg(nil).contains(">\u{2212}0.4<") && !svg(nil).contains(">1.0<"))
    #expect(svg(0...1).contains(">1.0<") && !svg(0...1).contains(">\u{2212}"))
  }

  @Test func wordsAreNoPlaceForALine() {
    var specification = FigureFixture.efficiency
    (specification.x, specification.series) = (["arm"], ["examples"])
    let error = #expect(throws: ReportError.self) {
      try LineFigure(name: "e", specification, data: FigureFixture.sizes.data)
    }
    #expect(error?.description == "figure 'e': 'x' needs an axis of numbers, not 'arm'")
  }

  @Test func metricsShareTheirHorizontalAxis() throws {
    let specification = FigureFixture.specification {
      $0.line = ["scores.reward", "tuned.reward", "tuned.completion_length"]
      $0.series = ["arm"]
      $0.band = ["examples", "seed"]
      $0.smooth = 2
    }
    let metrics = try RowTable(columns: [
      "step": .integers([1, 2, 3]), "reward": .numbers([0, 1, 2]),
      "completions/mean_length": .numbers([10, 20, 30]),
    ])
    var fixture = FigureFixture.sizes
    for stage in ["scores", "tuned"] { fixture.publish("metrics.h5", of: stage) { _ in metrics } }
    let figure = try LineFigure(name: "t", specification, data: fixture.data)
    #expect(figure.panels.map(\.yLabel) == ["reward", "completion_length (tokens)"])
    #expect(
      figure.series.map(\.label) == [
        "scores · base", "scores · warmed", "tuned · base", "tuned · warmed",
      ])
    #expect(figure.panels[1].series.map(\.points.count) == [0, 0, 3, 3])
    #expect(figure.panels[0].series[0].points.map(\.y) == [0, 0.5, 1.5])
    #expect(figure.panels[0].series[0].measured.map(\.y) == [0, 1, 2])
    #expect(!figure.svg.contains("nan"))
  }

  @Test func bandsOfSharesEndWhereSharesDo() {
    let points = [0.02, 0.99].enumerated().map { index, share in
      LineFigure.Point(x: Double(index), y: share, deviation: 0.3, runs: 2)
    }
    let series = LineFigure.Series(label: "a", marked: points)
    func svg(_ bounds: ClosedRange<Double>?) -> String {
      LineFigure(
        name: "s", title: "S", xLabel: "x", yLabel: "y", series: [series], bounds: bounds
      ).svg
    }
    #expect(svg(nil).contains(">1.5<") && svg(nil).contains("−0.5<"))
    #expect(!svg(0...1).contains(">1.2<") && !svg(0...1).contains("−"))
  }

  @Test func shortNamesStandForWhatIsLogged() throws {
    let metrics = try RowTable(columns: [
      "step": .integers([1, 2]), "completions/mean_length": .numbers([5, 6]),
      "verdicts/bad_format": .numbers([0.25, 1]), "tokens": .numbers([1, 2]),
      "num_tokens": .numbers([8, 9]),
    ])
    var fixture = ReportFixture()
    fixture.add("tuned", [:], [:], tables: ["metrics.h5": metrics])
    func curve(_ name: String) throws -> [Double] {
      try MetricCurve(name, over: "step", of: fixture.results[0], in: fixture.reader).y
    }
    #expect(try curve("completion_length") == [5, 6])
    #expect(try curve("format_rate") == [0.75, 0])
    #expect(try curve("tokens") == [1, 2])
    let along = try MetricCurve(
      "completion_length", over: "tokens", of: fixture.results[0], in: fixture.reader)
    #expect(along.x == [1, 3] && along.y == [5, 6])
    #expect(throws: ReportError.self) { try curve("solved") }
  }
}

/// Bars and heat maps of values, plain and against a baseline.
@Suite struct FigureValueTests {
  @Test func barsAreChangesAgainstTheBaseline() throws {
    let figure = try BarFigure(name: "b", FigureFixture.bars, data: FigureFixture.domains.data)
    #expect(figure.arms == ["tuned", "warmed"])
    #expect(
      figure.groups.map(\.label) == [
        "sums · sums", "sums · words", "words · sums", "words · words",
      ])
    #expect(figure.groups.map { $0.bars.map(\.text) }[0] == ["+10.0", "+20.0"])
    #expect(figure.groups.map { $0.bars.map(\.text) }[1] == ["−4.0", "−8.0"])
    // Both runs differ by just as much, and of single problems nothing is known.
    #expect(figure.groups[0].bars[0].interval == nil)
    #expect(figure.yLabel == "accuracy, change against base (percentage points)")
    #expect(figure.groups[0].bars[0].tooltip.hasPrefix("tuned, sums · sums: +10.0 points, "))
    #expect(figure.groups[0].bars[0].tooltip.hasSuffix(" points, 41.5 % against 31.5 %"))
    #expect(figure.csv.split(separator: "\n").count == 1 + 8)
  }

  @Test func loneRunsHaveIntervalsOverProblems() throws {
    var fixture = ReportFixture()
    fixture.axes = ["arm": ["a", "b"]]
    let problems = (0..<12).map { "p\($0)" }
    for (arm, right) in [("a", 6), ("b", 0)] {
      fixture.addScores(
        ["arm": .string(arm)], of: problems.enumerated().map { ($1, $0 < right ? 1 : 0) },
        samples: 1)
    }
    let specification = FigureFixture.specification {
      $0.bars = ["scores.accuracy"]
      $0.x = ["arm"]
    }
    let figure = try BarFigure(name: "b", specification, data: fixture.data)
    let bars = figure.groups.flatMap(\.bars)
    #expect(
      bars.map(\.tooltip) == ["scores, a: 50.0 [23.4, 76.6] %", "scores, b: 0.0 [0.0, 22.1] %"])
    #expect(figure.arms == ["scores"] && figure.groups.map(\.label) == ["a", "b"])
    #expect(
      figure.notes == [
        "Each bar is one run, whiskers are 95 % intervals over problems, as if runs did not vary."
      ])
  }

  @Test func heatMapsShowRatiosOnALogarithmicScale() throws {
    let figure = try GridFigure(
      heatMap: "h", FigureFixture.heatMap, data: FigureFixture.domains.data)
    #expect(figure.panels.map(\.title) == ["tuned", "warmed"])
    #expect(figure.panels[0].cells.map { $0.map(\.text) } == [["+50", "+50"], ["+100", "+100"]])
    #expect(figure.panels[1].cells[1][0].text == "+200")
    #expect(figure.panels[1].cells[1][0].shade == .up(5))
    #expect(
      figure.panels[1].cells[1][0].tooltip == "warmed, words, sums: +200 % (300 % against 100 %)"
        || figure.panels[1].cells[1][0].tooltip.contains("+200 %"))
  }

  @Test func missingCellsAreHatchedAndExcludedOnesBlank() throws {
    var fixture = FigureFixture.domains
    fixture.results.removeAll {
      $0.point["arm"] == "tuned" && $0.point["trained"] == "sums" && $0.point["seed"] == 1
    }
    fixture.items.removeAll { $0.point["arm"] == "tuned" && $0.point["trained"] == "words" }
    let figure = try GridFigure(heatMap: "h", FigureFixture.heatMap, data: fixture.data)
    #expect(figure.panels[0].cells[0].map(\.shade) == [.missing, .missing])
    #expect(figure.panels[0].cells[0][0].tooltip == "tuned, sums, sums: 1 of 2 runs are done")
    #expect(figure.panels[0].cells[1].map(\.shade) == [.blank, .blank])
    #expect(figure.svg.contains("figure-hatch") && figure.legend.last?.label == "not done")
    let bars = try BarFigure(name: "b", FigureFixture.bars, data: fixture.data)
    #expect(bars.notes.last?.contains("tuned on sums · sums has 1 of 2") == true)
  }

  /// What stands in a cell or on a bar must be read: WCAG asks for a contrast of 4.5.
  @Test(arguments: [Palette.light, Palette.dark])
  func numbersAreReadableOnTheirShades(palette: Palette) {
    for hue in [palette.up, palette.down, palette.same] {
      for (opacity, ink) in zip(FigureStyle.opacities, palette.inks) {
        let mixed = zip(Self.channels(hue), Self.channels(palette["card"]))
          .map { opacity * $0 + (1 - opacity) * $1 }
        let lights = [Self.luminance(mixed), Self.luminance(Self.channels(ink))].sorted()
        #expect((lights[1] + 0.05) / (lights[0] + 0.05) >= 4.5, "\(hue) at \(opacity)")
      }
    }
  }

  private static func channels(_ colour: String) -> [Double] {
    stride(from: 1, to: 7, by: 2).map { start in
      let digits = colour.dropFirst(start).prefix(2)
      return Double(Int(digits, radix: 16) ?? -1) / 255
    }
  }

  private static func luminance(_ channels: [Double]) -> Double {
    let linear = channels.map { $0 <= 0.04045 ? $0 / 12.92 : pow(($0 + 0.055) / 1.055, 2.4) }
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
  }
}

/// What a table can show, a figure can: both take their cells from the same runs.
@Suite struct FigureCellTests {
  private static let values = ["pass@2", "correct", "no_answer", "truncated", "accuracy"]

  private static var fixture: ReportFixture {
    var fixture = ReportFixture()
    fixture.axes = ["examples": [10, 20], "seed": [1, 2]]
    for (examples, right) in [(10, 1), (20, 3)] {
      for seed in [1, 2] {
        fixture.addScores(
          ["examples": .integer(examples), "seed": .integer(seed)],
          ["a": right, "b": 0, "c": 4 - seed])
      }
    }
    return fixture
  }

  private static func tableMeans(_ value: String) throws -> [Double?] {
    var table = TableSpecification()
    (table.value, table.rows, table.over) = (["scores.\(value)"], ["examples"], ["seed"])
    return try TableReport(name: "t", table, data: fixture.data).rows.map { $0.cells[0].mean }
  }

  @Test(arguments: values) func figuresShowWhatTablesShow(value: String) throws {
    let table = try Self.tableMeans(value)
    #expect(table[0] != nil && table[0] != table[1])
    let bars = FigureFixture.specification {
      ($0.bars, $0.x, $0.over) = (["scores.\(value)"], ["examples"], ["seed"])
    }
    let barFigure = try BarFigure(name: "b", bars, data: Self.fixture.data)
    #expect(barFigure.groups.map { $0.bars[0].value } == table)
    let map = FigureFixture.specification {
      ($0.heatMap, $0.rows, $0.over) = (["scores.\(value)"], ["examples"], ["seed"])
    }
    let heatMap = try GridFigure(heatMap: "h", map, data: Self.fixture.data)
    #expect(heatMap.numbers.rows.map { $0[4] } == table.map(FigureNumbers.field))
    let line = FigureFixture.specification {
      ($0.line, $0.x, $0.band) = (["scores.\(value)"], ["examples"], ["seed"])
    }
    let lineFigure = try LineFigure(name: "l", line, data: Self.fixture.data)
    #expect(lineFigure.series[0].points.map(\.y) == table)
  }

  @Test func whatNeitherCanShowIsSaidWithWhatCan() throws {
    let bars = FigureFixture.specification {
      ($0.bars, $0.x, $0.over) = (["scores.pass@8"], ["examples"], ["seed"])
    }
    let error = #expect(throws: ReportError.self) {
      try BarFigure(name: "b", bars, data: Self.fixture.data)
    }
    #expect(
      error?.description == "figure 'b': scores.pass@8 needs at least 8 samples per problem, and"
        + " scores has 4; raise 'samples'")
  }
}
