/// A table that a recipe asks for.
public struct TableSpecification: ParameterSet {
  /// What the cells show: `stage.value`, such as `scores.accuracy` or `scores.pass@4`.
  public var value: [String] = []
  /// The axes whose points make the rows.
  public var rows: [String] = []
  /// The axes whose points make the columns.
  public var columns: [String] = []
  /// The axes that a cell is the mean over.
  public var over: [String] = []
  /// The value to be reached, as the stage publishes it; cells then show where that happens.
  public var target: Double?
  /// The axis of numbers along which it is reached.
  public var along: String?
  /// What reaching the target costs: `stage.name`.
  public var cost: String?
  /// The row that the others are compared with.
  public var baseline: [String: String] = [:]
  /// How cells are compared with the baseline.
  public var compare: [TableComparison] = [.difference]
  /// Whether 95 % intervals are shown.
  public var interval = true
  /// Whether several values of a point share a cell.
  public var together = false
  /// Files of published values, relative to the recipe.
  public var published: [String] = []
  /// Axes that the published values name and the table does not have, with the value to take.
  public var publishedAt: [String: AxisText] = [:]
  /// How far a percentage may lie from the published one and count as reproduced, in points.
  public var margin = 3.0
  /// The same for other values, as a share of the published one.
  public var relativeMargin = 0.1
  /// Whether published values are of the same problems; nil says that equal numbers of problems
  /// are.
  public var sameProblems: Bool?
  /// What our values are measured of, called as the published values call it.
  public var model: String?
  /// The heading.
  public var title: String?
  /// How numbers are written: once for all values, or once for each; by the values' names where
  /// nothing is said.
  public var format: [NumberFormat] = []

  /// An empty table.
  public init() {}

  /// What a recipe may say of a table.
  public static var fields: [Field<Self>] {
    [
      Field("value", \.value, required: true, "what the cells show, as stage.value"),
      Field("rows", \.rows, required: true, "the axes whose points make the rows"),
      Field("columns", \.columns, "the axes whose points make the columns"),
      Field("over", \.over, "the axes that a cell is the mean over, with standard deviation"),
      Field(
        "target", \.target,
        "the value to reach, as the stage publishes it (0.3 for 30 %); cells show where along an"
          + " axis it is reached"),
      Field("along", \.along, "the axis of numbers along which the target is reached"),
      Field("cost", \.cost, "what reaching the target costs, as stage.tokens"),
      Field("baseline", \.baseline, "the row that others are compared with, as axis: value"),
      Field("compare", \.compare, "how cells are compared with the baseline"),
      Field("interval", \.interval, "whether 95 % intervals are shown"),
      Field("together", \.together, "whether several values of a point share a cell"),
      Field("published", \.published, "files of published values, relative to the recipe"),
      Field(
        "published_at", \.publishedAt,
        "which point of axes that only the published values have, as axis: value"),
      Field(
        "margin", \.margin, range: 0...100,
        "how far a percentage may lie from the published one to be reproduced, in points"),
      Field(
        "relative_margin", \.relativeMargin, range: 0...10,
        "the same for other values, as a share of the published one"),
      Field(
        "same_problems", \.sameProblems,
        "whether published values are of the same problems; else where their numbers are equal"),
      Field("model", \.model, "what is measured, called as the published values call it"),
      Field("title", \.title, "the heading"),
      Field("format", \.format, "how numbers are written, once for all values or for each"),
    ]
  }

  /// A format for all values or one for each.
  public func check(
    positions: [String: SourcePosition], at position: SourcePosition,
    into sink: inout DiagnosticSink
  ) {
    if format.count > 1, format.count != value.count {
      sink.report(
        positions["format"] ?? position,
        "\(format.count) formats for \(value.count) values; give one for all, or one for each")
    }
    checkTarget(positions: positions, at: position, into: &sink)
  }

  /// Keys that compare single values, which a table of targets does not show.
  private static let keysOfValues = [
    "baseline", "compare", "together", "published", "published_at", "margin", "relative_margin",
    "same_problems", "model",
  ]

  private func checkTarget(
    positions: [String: SourcePosition], at position: SourcePosition,
    into sink: inout DiagnosticSink
  ) {
    guard let place = positions["target"] else {
      for key in ["along", "cost"] {
        if let place = positions[key] {
          sink.report(place, "'\(key)' needs 'target', the value that is to be reached")
        }
      }
      return
    }
    if along == nil {
      sink.report(place, "'target' needs 'along', the axis of numbers along which it is reached")
    }
    if value.count > 1 {
      sink.report(
        positions["value"] ?? position,
        "one target holds for one value; give the others tables of their own")
    }
    for key in Self.keysOfValues {
      if let place = positions[key] {
        sink.report(place, "'\(key)' has no meaning beside 'target'")
      }
    }
  }

  /// How a value is written.
  func format(of reference: ValueReference, at index: Int) -> NumberFormat {
    if format.count > 1, format.indices.contains(index) { return format[index] }
    return format.first ?? NumberFormat(naming: reference.name)
  }
}

/// How a table compares a cell with the baseline's.
public enum TableComparison: String, ParameterChoice {
  /// The difference of the means.
  case difference
  /// The ratio of the means, − 1.
  case relative
}

/// How a table writes its numbers.
public enum NumberFormat: String, ParameterChoice {
  /// A share of one, as a percentage with one decimal.
  case percent
  /// Four significant figures.
  case decimal
  /// No decimals.
  case integer
  /// A number of tokens, without decimals.
  case tokens

  /// The format for a value of which a recipe says nothing.
  init(naming value: String) {
    if value.contains("tokens") {
      self = .tokens
    } else if ["problems", "samples", "parameters"].contains(value) {
      self = .integer
    } else if value.contains("accuracy") || value.hasPrefix("pass@")
      || ProblemScores.names.contains(value)
    {
      self = .percent
    } else {
      self = .decimal
    }
  }

  /// What values are multiplied by to be shown.
  var scale: Double { self == .percent ? 100 : 1 }

  /// The unit of the numbers shown: `%`, `tokens` or nothing.
  var unit: String {
    switch self {
    case .percent: "%"
    case .tokens: "tokens"
    case .decimal, .integer: ""
    }
  }
}
