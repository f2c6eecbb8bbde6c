/// A figure with its numbers, ready to be drawn.
package protocol Figure: Sendable {
  /// The name in the recipe, which names the files too.
  var name: String { get }
  /// The heading.
  var title: String { get }
  /// What the figure shows, for people who cannot see it.
  var summary: String { get }
  /// Every number that is drawn.
  var numbers: FigureNumbers { get }
  /// Draws the figure as SVG. Equal figures give equal bytes.
  /// - Parameter styled: whether the image brings its own style sheet, as a file must.
  func markup(styled: Bool) -> Markup
}

extension Figure {
  /// The figure as an SVG file that follows the reader's light or dark colours.
  package var svg: String { markup(styled: true).source + "\n" }

  /// The numbers as a CSV file.
  package var csv: String {
    ([numbers.header] + numbers.rows).map(CSV.line).joined()
  }

  /// The figure in a page: the drawing, and its numbers to unfold.
  package var pageMarkup: Markup {
    .element(
      "figure", ["class": "drawing"],
      .element(
        "div", ["class": "scroll", "tabindex": "0"],
        .element("div", ["class": "figure-wide"], markup(styled: false))),
      .element(
        "details", ["class": "figure-numbers"],
        .element("summary", [:], "Numbers"), numbers.markup(file: "figures/\(name).csv")))
  }
}

/// The numbers of a figure: a row for each mark.
package struct FigureNumbers: Sendable, Equatable {
  /// The names of the columns.
  package let header: [String]
  /// The fields; numbers have ten significant digits and stand empty where there is none.
  package let rows: [[String]]

  /// How many rows a page shows; more would hide the figure.
  static let shownRows = 200

  /// Gathers the numbers.
  package init(header: [String], rows: [[String]]) {
    self.header = header
    self.rows = rows
  }

  /// A number's field.
  static func field(_ value: Double?) -> String {
    value.map { $0.isFinite ? NumberText.exact($0) : "" } ?? ""
  }

  /// The rows as a table, or where to find them if they are many.
  package func markup(file: String) -> Markup {
    guard rows.count <= Self.shownRows else {
      return .element("p", ["class": "quiet"], "All \(rows.count) rows are in \(file).".markup)
    }
    let head = header.map { Markup.element("th", ["scope": "col"], Markup($0)) }
    let body = rows.map { row in
      Markup.element("tr", [:], row.map { Markup.element("td", [:], Markup($0)) })
    }
    return .element(
      "div", ["class": "scroll", "tabindex": "0"],
      .element(
        "table", [:], .element("thead", [:], .element("tr", [:], head)),
        .element("tbody", [:], body)))
  }
}

extension String {
  fileprivate var markup: Markup { Markup(self) }
}

extension FigureSpecification {
  /// Makes the figure from what is done.
  /// - Throws: `ReportError.impossible` where the recipe asks for what does not exist, or what
  ///   reading results throws.
  package func figure(name: String, data: ReportData) throws -> any Figure {
    if !bars.isEmpty { return try BarFigure(name: name, self, data: data) }
    if !heatMap.isEmpty { return try GridFigure(heatMap: name, self, data: data) }
    if !solveHistory.isEmpty { return try SolveHistoryFigure(name: name, self, data: data) }
    if !confusion.isEmpty { return try GridFigure(confusion: name, self, data: data) }
    return try LineFigure(name: name, self, data: data)
  }
}
