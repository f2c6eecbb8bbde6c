package struct TableSpecification: ParameterSet {
  /// What the cells show: `stage.value`, such as `scores.accuracy` or `scores.pass@4`.
  package var value: [String] = []
  /// Over what each run's value is a mean, as far as it is one over problems.
  package var macro = MeanKind.problems
  /// The axes whose points make the rows.
  package var rows: [String] = []
  /// The axes whose points make the columns.
  package var columns: [String] = []
  /// The axes that a cell is the mean over.
  package var over: [String] = []
  /// The value to be reached, as the stage publishes it; cells then show where that happens.
  package var target: Double?
  /// The axis of numbers along which it is reached.
  package var along: String?
  /// What reaching the target costs: `stage.name`.
  package var cost: String?
  /// The row that the others are compared with.
  package var baseline: [String: String] = [:]
  /// How cells are compared with the baseline.
  package var compare: [TableComparison] = [.difference]
  /// Whether 95 % intervals are shown.
  package var interval = true
  /// Whether accuracies are held against the form of completions and against chance.
  package var ability = true
  /// Whether several values of a point share a cell.
  package var together = false
  /// Files of published values, relative to the recipe.
  package var published: [String] = []
  /// Axes that the published values name and the table does not have, with the value to take.
  package var publishedAt: [String: AxisText] = [:]
  /// How far a percentage may lie from the published one and count as reproduced, in points.
  package var margin = 3.0
  /// The same for other values, as a share of the published one.
  package var relativeMargin = 0.1
  /// Whether published values are of the same problems; nil says that equal numbers of problems
  /// are.
  package var sameProblems: Bool?
  /// What our values are measured of, called as the published values call it.
  package var model: String?
  package var title: String?
  /// How numbers are written: once for all values, or once for each; by the values' names where
  /// nothing is said.
  package var format: [NumberFormat] = []

  package init() {}

  package static var fields: [Field<Self>] {
    [
      Field("value", \.value, required: true, "what the cells show, as stage.value"),
      Field(
        "macro", \.macro,
        "category: values are means over the categories of problems, each of which counts the same"),
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
      Field(
        "ability", \.ability,
        "whether accuracies show how many completions in form are right, and what chance would be"),
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
  package func check(
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
    "baseline", "compare", "macro", "ability", "together", "published", "published_at", "margin",
    "relative_margin",
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
}

/// How a table compares a cell with the baseline's.
package enum TableComparison: String, ParameterChoice {
  /// The difference of the means.
  case difference
  /// The ratio of the means, − 1.
  case relative
}

package enum NumberFormat: String, ParameterChoice {
  /// A share of one, as a percentage with one decimal.
  case percent
  /// Four significant figures.
  case decimal
  case integer
  /// A number of tokens, without decimals.
  case tokens

  /// What values are multiplied by to be shown.
  package var scale: Double { self == .percent ? 100 : 1 }

  /// The unit of the numbers shown: `%`, `tokens` or nothing.
  package var unit: String {
    switch self {
    case .percent: "%"
    case .tokens: "tokens"
    case .decimal, .integer: ""
    }
  }
}

/// A reference from a table or figure to something that a stage published: `scores.accuracy`.
package struct ValueReference: Sendable, Hashable, CustomStringConvertible {
  package let stage: String
  /// The value's or metric's name; it may hold dots and slashes.
  package let name: String

  /// Reads `stage.value`.
  /// - Parameter owner: what holds the reference, for messages: `table 'main'`.
  /// - Throws: `ReportError.impossible` where the text does not name both.
  package init(_ text: String, in owner: String) throws {
    let parts = text.split(separator: ".", maxSplits: 1).map(String.init)
    guard parts.count == 2 else {
      throw ReportError.impossible(
        "\(owner): '\(text)' must name a stage and a value, as in scores.accuracy")
    }
    (stage, name) = (parts[0], parts[1])
  }

  package var description: String { "\(stage).\(name)" }
}

/// Why a table or figure cannot be made from what a recipe asks for.
package enum ReportError: Error, CustomStringConvertible, Equatable {
  /// A table or figure names something that does not exist; the sentence says what to do.
  case impossible(String)
  /// A file of published values cannot be read.
  case unreadablePublished(path: String, reason: String)
  /// A file of published values holds mistakes: each with file, line, column and the line itself.
  case mistakenPublished(String)

  package var description: String {
    switch self {
    case .impossible(let sentence): sentence
    case .unreadablePublished(let path, let reason):
      "the published values in \(path) cannot be read: \(reason)"
    case .mistakenPublished(let mistakes): mistakes
    }
  }
}
