import Base
import Foundation
import OrderedCollections
import Reports
import Runner
import Tasks
import Testing

/// Figures of single problems: when they were solved, and how two arms judge them.
@Suite struct FigureProblemTests {
  private static var history: FigureSpecification {
    FigureFixture.specification {
      $0.solveHistory = ["tuned"]
      $0.panels = ["arm"]
      $0.over = ["seed"]
    }
  }

  private func figure(problems: Int, steps: Int) throws -> SolveHistoryFigure {
    var fixture = ReportFixture()
    fixture.axes = ["arm": ["a", "b"], "seed": [1, 2]]
    for arm in ["a", "b"] {
      for seed in [1, 2] {
        fixture.add("tuned", ["arm": .string(arm), "seed": .integer(seed)], [:])
      }
    }
    let table = FigureFixture.rollouts(problems: problems, steps: steps)
    fixture.publish("rollouts.h5", of: "tuned") { _ in table }
    return try SolveHistoryFigure(name: "s", Self.history, data: fixture.data)
  }

  @Test func sharesHoldUntilAProblemIsDrawnAgain() throws {
    let rows = [(1, "a", true), (1, "a", false), (3, "a", true), (3, "a", true), (2, "b", false)]
      .map { step, problem, isRight -> [String: JSONValue] in
        [
          "step": .integer(step), "problem_id": .string(problem),
          "outcome": isRight ? "correct" : "wrong",
        ]
      }
    let history = try SolveHistory(Rollouts(RowTable(rows: rows)))
    #expect(history.lastStep == 3)
    let panel = SolveHistoryFigure.Panel(label: "x", runs: [history])
    #expect(panel.rows.map(\.problem) == ["a", "b"])
    #expect(panel.rows.map(\.firstSolved) == [1, nil])
    #expect(panel.rows[0].mean == 0.75)
    #expect(
      panel.rows[0].spans == [
        .init(first: 1, last: 2, share: 0.5), .init(first: 3, last: 3, share: 1),
      ])
    #expect(panel.rows[1].spans == [.init(first: 2, last: 3, share: 0)])
    // A second run that drew only `b` joins in where it measured something.
    let other = try SolveHistory(
      Rollouts(RowTable(rows: [["step": 3, "problem_id": "b", "outcome": "correct"]])))
    let both = SolveHistoryFigure.Panel(label: "x", runs: [history, other])
    #expect(both.rows[1].spans.map(\.share) == [0, 0.5])
    #expect(both.rows[1].firstSolved == 3)
  }

  @Test func problemsSolvedFirstComeFirst() throws {
    let figure = try figure(problems: 6, steps: 8)
    #expect(figure.panels.map(\.label) == ["tuned · a", "tuned · b"])
    let firsts = figure.panels[0].rows.map { $0.firstSolved ?? .max }
    #expect(firsts == firsts.sorted() && firsts.count == 6)
    #expect(figure.csv.hasPrefix("panel,problem,first_solved,mean,from_step,to_step,share\n"))
    #expect(figure.svg.contains("problem-0: first solved at step 1"))
  }

  @Test func hundredsOfProblemsStayLegible() throws {
    let figure = try figure(problems: 450, steps: 4)
    #expect(figure.notes.contains { $0.contains("shows 400 of 450 problems, evenly chosen") })
    let rows = figure.svg.components(separatedBy: "<g>").count - 1
    #expect(rows == 800)
  }

  @Test func aStageWithoutRolloutsIsSaid() throws {
    var fixture = ReportFixture()
    fixture.add("tuned", [:], [:])
    let specification = FigureFixture.specification { $0.solveHistory = ["tuned"] }
    let error = #expect(throws: ReportError.self) {
      try SolveHistoryFigure(name: "s", specification, data: fixture.data)
    }
    #expect(error?.description.contains("published no rollouts") == true)
  }

  // MARK: Confusion

  private static var confusion: FigureSpecification {
    FigureFixture.specification {
      $0.confusion = "scores.verdict"
      $0.between = ["arm": ["base", "warmed"]]
      $0.over = ["seed"]
    }
  }

  private static var arms: ReportFixture {
    var fixture = ReportFixture()
    fixture.axes = ["arm": FigureFixture.arms, "seed": [1, 2]]
    for arm in ["base", "warmed"] {
      for seed in [1, 2] {
        fixture.add("scores", ["arm": .string(arm), "seed": .integer(seed)], [:])
      }
    }
    return fixture
  }

  private func matrix(_ fixture: ReportFixture) throws -> GridFigure {
    var fixture = fixture
    fixture.publish("scores.h5", of: "scores") { instance in
      instance.point["arm"] == "base"
        ? FigureFixture.verdicts(["correct", "wrong", "wrong", "no_answer", "wrong"])
        : FigureFixture.verdicts(["wrong", "correct", "wrong", "correct"])
    }
    return try GridFigure(confusion: "c", Self.confusion, data: fixture.data)
  }

  @Test func pairsAreCountedWithTotals() throws {
    let figure = try matrix(Self.arms)
    let panel = try #require(figure.panels.first)
    #expect(
      panel.rows == ["correct", "wrong", "no answer", "total"] && panel.columns == panel.rows)
    #expect(
      panel.cells.map { $0.map(\.text) } == [
        ["0", "2", "0", "2"], ["2", "2", "0", "4"], ["2", "0", "0", "2"], ["4", "4", "0", "8"],
      ])
    #expect(panel.cells[0][1].shade == .down(5) && panel.cells[1][0].shade == .up(5))
    #expect(panel.cells[1][1].shade == .same(5) && panel.cells[0][0].shade == .blank)
    #expect(panel.cells[2][0].tooltip == "base no answer, warmed correct: 2 of 8 (25.0 %)")
    #expect(figure.notes.contains("only warmed was correct 4 times, only base 2 times."))
    #expect(figure.notes.contains("2 completions have no counterpart and are left out."))
  }

  @Test func pairsOfRunsThatAreMissingAreSaid() throws {
    var fixture = Self.arms
    fixture.results.removeLast()
    let figure = try matrix(fixture)
    #expect(figure.notes.contains("pairs of runs that are not done are left out (1 of 2)."))
    fixture.results = []
    #expect(try matrix(fixture).panels[0].rows == ["total"])
  }
}

/// What holds of all figures.
@Suite struct FigureEdgeTests {
  private static let values: [Double] = [0, 1, -1, 0.5, -1e12, 1e15, 1e300, -3e-9, .nan, .infinity]

  /// One point, equal values, nothing done, not a number, negative and huge values.
  @Test(arguments: [
    [0.5], [0.3, 0.3], [], [.nan, 0.1], [-2, -1], [1e15, -1e12], [1e300, 2], [0, 0],
  ])
  func anyValuesCanBeDrawn(values: [Double]) throws {
    var fixture = ReportFixture()
    fixture.axes = ["arm": ["base", "other"], "examples": [10, 20]]
    for arm in ["base", "other"] {
      for (index, examples) in [10, 20].enumerated() {
        let value: [String: JSONValue]? =
          index < values.count ? ["accuracy": .number(values[index])] : nil
        fixture.add("scores", ["arm": .string(arm), "examples": .integer(examples)], value)
      }
    }
    for figure in try Self.figures(fixture) {
      let svg = figure.svg.replacing("warmup", with: "")
      #expect(!svg.lowercased().contains("\"nan"), "\(figure.name)")
      #expect(!svg.contains("inf\"") && !svg.contains(" nan") && !svg.contains(" inf"))
      #expect(svg.contains("<title ") && svg.contains("<desc "))
      #expect(!svg.contains("<script") && !svg.contains("url("))
    }
  }

  private static func figures(_ fixture: ReportFixture) throws -> [any Figure] {
    var line = FigureFixture.efficiency
    (line.cost, line.band) = (nil, [])
    let bars = FigureFixture.specification {
      $0.bars = ["scores.accuracy"]
      $0.x = ["examples"]
      $0.series = ["arm"]
      $0.baseline = ["arm": "base"]
    }
    let plain = FigureFixture.specification {
      $0.bars = ["scores.accuracy"]
      $0.x = ["arm"]
      $0.series = ["examples"]
    }
    var maps = [FigureFixture.heatMap, FigureFixture.heatMap, FigureFixture.heatMap]
    for index in maps.indices {
      maps[index].heatMap = ["scores.accuracy"]
      (maps[index].rows, maps[index].columns) = (["arm"], ["examples"])
      (maps[index].panels, maps[index].over) = ([], [])
    }
    maps[1].change = .difference
    maps[2].baseline = [:]
    return try ([line, bars, plain] + maps).map { try $0.figure(name: "f", data: fixture.data) }
  }

  @Test func equalResultsGiveEqualBytes() throws {
    func files() throws -> [String] {
      let (sizes, domains) = (FigureFixture.sizes, FigureFixture.domains)
      let figures = [
        try FigureFixture.efficiency.figure(name: "a", data: sizes.data),
        try FigureFixture.bars.figure(name: "b", data: domains.data),
        try FigureFixture.heatMap.figure(name: "c", data: domains.data),
      ]
      return figures.flatMap { [$0.svg, $0.csv] }
    }
    let first = try files()
    for _ in 0..<3 { #expect(try files() == first) }
  }

  @Test(arguments: values)
  func axesHaveTicksWithinTheirRange(value: Double) {
    for other in Self.values {
      let axis = AxisScale([value, other], pixels: (0, 100), count: 6, isRounded: true)
      #expect(axis.ticks.count < 40)
      #expect(axis.ticks.allSatisfy { axis.label($0).count < 16 }, "\(value) \(other)")
      #expect(axis.range.lowerBound < axis.range.upperBound)
    }
  }

  /// Names that have no room are cut off, never written over their neighbours.
  @Test func longNamesAreShortened() throws {
    var fixture = ReportFixture()
    let names = (0..<14).map { "an_extraordinarily_long_name_\($0)" }
    fixture.axes = ["arm": names.map { .string($0) }]
    for name in names { fixture.add("scores", ["arm": .string(name)], ["accuracy": 0.5]) }
    let bars = FigureFixture.specification {
      $0.bars = ["scores.accuracy"]
      $0.x = ["arm"]
    }
    let svg = try bars.figure(name: "b", data: fixture.data).svg
    #expect(svg.contains(">extr…<") && svg.contains(">name_<") && !svg.contains(">\(names[3])<"))
    #expect(svg.contains("<title>scores, \(names[3]): 50.0 %</title>"))
  }

  /// A value that fills the room of its group to the last pixel would touch its neighbour's.
  @Test func tightNamesAreBrokenAfterTheirEqualsSign() throws {
    var fixture = ReportFixture()
    let counts = Array(64..<72)
    fixture.axes = ["examples": counts.map { .integer($0) }]
    for count in counts {
      fixture.add("scores", ["examples": .integer(count)], ["accuracy": 0.5])
    }
    let bars = FigureFixture.specification {
      $0.bars = ["scores.accuracy"]
      $0.x = ["examples"]
    }
    let svg = try bars.figure(name: "b", data: fixture.data).svg
    #expect(svg.contains(">examples=<") && svg.contains(">64<") && !svg.contains(">examples=64<"))
  }

  @Test func manyNumbersAreNotPutIntoPages() {
    let rows = (0..<500).map { [String($0)] }
    let many = FigureNumbers(header: ["a"], rows: rows).markup(file: "figures/x.csv").source
    #expect(many.contains("All 500 rows are in figures/x.csv.") && !many.contains("<td>"))
    let few = FigureNumbers(header: ["<a>"], rows: [["&"]]).markup(file: "x").source
    #expect(few.contains("&lt;a&gt;") && few.contains("<td>&amp;</td>"))
  }
}
