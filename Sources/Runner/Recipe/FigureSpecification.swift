/// A figure that a recipe asks for. Which one of the kinds' keys it sets says what is drawn.
package struct FigureSpecification: ParameterSet {
  /// The metrics or values drawn as lines: `stage.name`.
  package var line: [String] = []
  /// The values drawn as bars: `stage.value`.
  package var bars: [String] = []
  /// The values drawn as the cells of a heat map: `stage.value`.
  package var heatMap: [String] = []
  /// The stages whose history of solved problems is drawn.
  package var solveHistory: [String] = []
  /// The verdicts that are compared between two arms: `stage.verdict`.
  package var confusion = ""
  /// What runs along the horizontal axis.
  package var x: [String] = []
  /// The axes whose points get a colour of their own.
  package var series: [String] = []
  /// The axes that a line is the mean over; the band of logged metrics is ± one standard deviation,
  /// that of values the 95 % interval.
  package var band: [String] = []
  /// The axes that bars and cells are the mean over.
  package var over: [String] = []
  /// The axes whose points make the rows of a heat map.
  package var rows: [String] = []
  /// The axes whose points make the columns of a heat map.
  package var columns: [String] = []
  /// The axes whose points get a picture of their own.
  package var panels: [String] = []
  /// The arm that the others are compared with.
  package var baseline: [String: String] = [:]
  /// How the others are compared with the baseline.
  package var change = FigureChange.difference
  /// The two arms whose verdicts are compared.
  package var between: [String: [String]] = [:]
  /// The value to be reached, as the stage publishes it.
  package var target: Double?
  /// What reaching the target costs: `stage.name`.
  package var cost: String?
  /// The steps of the moving average.
  package var smooth = 1
  /// How values of stages are written.
  package var format = NumberFormat.percent
  package var title: String?

  package init() {}

  package static var fields: [Field<Self>] {
    [
      Field("line", \.line, "lines: the metrics or values to draw, as stage.metric"),
      Field("bars", \.bars, "bars: the values to draw, as stage.value"),
      Field("heat_map", \.heatMap, "a heat map: the values in its cells, as stage.value"),
      Field("solve_history", \.solveHistory, "which problem was solved when: the rlvr stages"),
      Field("confusion", \.confusion, "a matrix of verdicts of two arms: stage.verdict"),
      Field(
        "x", \.x,
        "what runs along the horizontal axis: for lines a metric (step) or an axis of"
          + " numbers, for bars the axes whose points make the groups"),
      Field("series", \.series, "the axes whose points get a colour: lines, or bars of a group"),
      Field("band", \.band, "the axes that a line is the mean over, drawn with a band"),
      Field("over", \.over, "the axes that bars and cells are the mean over"),
      Field("rows", \.rows, "the axes whose points make the rows of a heat map"),
      Field("columns", \.columns, "the axes whose points make the columns of a heat map"),
      Field("panels", \.panels, "the axes whose points get a picture of their own"),
      Field("baseline", \.baseline, "the arm that others are compared with, as axis: value"),
      Field("change", \.change, "how others are compared with the baseline"),
      Field("between", \.between, "the two arms of a confusion, as axis: [first, second]"),
      Field("target", \.target, "the value to reach, as the stage publishes it (0.3 for 30 %)"),
      Field("cost", \.cost, "what reaching the target costs, as stage.tokens"),
      Field("smooth", \.smooth, range: 1...1000, "the steps of the moving average"),
      Field("format", \.format, "how values of stages are written"),
      Field("title", \.title, "the heading"),
    ]
  }

  /// Reports where the keys do not fit together.
  package func check(
    positions: [String: SourcePosition], at position: SourcePosition,
    into sink: inout DiagnosticSink
  ) {
    let kinds = FigureKind.allCases.filter { positions[$0.rawValue] != nil }
    guard let kind = kinds.first else {
      sink.report(position, "a figure must say what it draws: one of \(FigureKind.list)")
      return
    }
    for other in kinds.dropFirst() {
      sink.report(
        positions[other.rawValue] ?? position,
        "a figure draws one thing: '\(kind.rawValue)' or '\(other.rawValue)', not both")
    }
    if kinds.count == 1 { kind.check(self, positions: positions, at: position, into: &sink) }
  }
}

/// How a value is compared with the baseline's.
package enum FigureChange: String, ParameterChoice {
  /// The value minus the baseline's.
  case difference
  /// The value over the baseline's, minus one.
  case relative
}

/// What a figure can draw, by the key that asks for it.
enum FigureKind: String, CaseIterable {
  case line
  case bars
  case heatMap = "heat_map"
  case solveHistory = "solve_history"
  case confusion

  /// The keys for people: `'line', 'bars', …`.
  static var list: String { allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ") }

  /// The other keys that the kind takes, `title` apart.
  var keys: [String] {
    switch self {
    case .line: ["x", "series", "band", "smooth", "target", "cost", "format"]
    case .bars: ["x", "series", "over", "baseline", "change", "format"]
    case .heatMap: ["rows", "columns", "panels", "over", "baseline", "change", "format"]
    case .solveHistory: ["panels", "over"]
    case .confusion: ["between", "panels", "over"]
    }
  }

  fileprivate func check(
    _ figure: FigureSpecification, positions: [String: SourcePosition],
    at position: SourcePosition, into sink: inout DiagnosticSink
  ) {
    let allowed = [rawValue, "title"] + keys
    for (key, place) in positions.sorted(by: { $0.value < $1.value }) where !allowed.contains(key) {
      sink.report(
        place, "'\(key)' has no meaning for '\(rawValue)', which takes \(Self.words(keys))")
    }
    if let place = positions["change"], positions["baseline"] == nil {
      sink.report(place, "'change' needs 'baseline', the arm that the others are compared with")
    }
    if let place = positions["cost"], positions["target"] == nil {
      sink.report(place, "'cost' needs 'target', the value that is to be reached")
    }
    if self == .heatMap, figure.rows.isEmpty {
      sink.report(position, "a heat map needs 'rows', the axes whose points make its rows")
    }
    let arms = figure.between.first?.value ?? []
    if self == .confusion, figure.between.count != 1 || arms.count != 2 || arms[0] == arms[1] {
      sink.report(
        positions["between"] ?? position,
        "a confusion needs 'between', one axis with two of its values, as in {arm: [base, warmed]}")
    }
  }

  private static func words(_ keys: [String]) -> String {
    keys.dropLast().joined(separator: ", ") + " and \(keys.last ?? "")"
  }
}
