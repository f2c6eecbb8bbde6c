import Base
import Foundation
import Runner

/// A figure with its numbers, ready to be drawn.
package protocol Figure: Sendable {
  /// The name in the recipe, which names the files too.
  var name: String { get }
  var title: String { get }
  /// What the figure shows, for people who cannot see it.
  var summary: String { get }
  /// What the marks mean and what is missing: a sentence each.
  var notes: [String] { get }
  var numbers: FigureNumbers { get }
  /// Draws the figure. Equal figures give equal bytes.
  func markup(_ medium: FigureMedium) -> Markup
}

/// Where a figure is drawn.
package enum FigureMedium: Sendable {
  /// An SVG file, with its own style sheet and all words in the drawing.
  case file
  /// A page, whose words stand around the drawing, so that a narrow screen breaks their lines and
  /// cuts nothing off.
  case page
}

/// How wide a drawing is laid out.
enum FigureLayout {
  /// For files, and for screens with room for it.
  case wide
  /// For telephones.
  case narrow
}

/// Draws a figure in one of the layouts.
protocol FigureDrawing {
  associatedtype Drawn: Figure
  init(_ figure: Drawn, _ layout: FigureLayout)
  var sheet: FigureSheet { get }
  /// What stands in the sheet's frame.
  var parts: [Markup] { get }
  /// Whether everything can be read in this layout.
  var isLegible: Bool { get }
}

extension FigureDrawing {
  /// A page has the drawing in both layouts, one of which a style sheet shows; where the narrow one could
  /// not be read, the wide one scrolls sideways.
  static func markup(_ figure: Drawn, _ medium: FigureMedium) -> Markup {
    let wide = Self(figure, .wide)
    switch medium {
    case .file: return wide.sheet.file(wide.parts)
    case .page:
      let narrow = Self(figure, .narrow)
      return wide.sheet.page(
        wide.parts,
        narrow: narrow.isLegible ? narrow.sheet.image(narrow.parts, named: "-narrow") : nil)
    }
  }
}

extension Figure {
  /// The figure as an SVG file that follows the reader's light or dark colours.
  package var svg: String { markup(.file).source + "\n" }

  package var csv: String {
    ([numbers.header] + numbers.rows).map(CSV.line).joined()
  }

  /// The figure in a page: the drawing, and its numbers to unfold.
  package var pageMarkup: Markup {
    .element(
      "figure", ["class": "drawing"], markup(.page),
      .element(
        "details", ["class": "figure-numbers"],
        .element("summary", [:], "Numbers"), numbers.markup(file: "figures/\(name).csv")))
  }
}

/// The numbers of a figure: a row for each mark.
package struct FigureNumbers: Sendable, Equatable {
  package let header: [String]
  /// The fields; numbers have ten significant digits and stand empty where there is none.
  package let rows: [[String]]

  /// How many rows a page shows; more would hide the figure.
  static let shownRows = 200

  package init(header: [String], rows: [[String]]) {
    self.header = header
    self.rows = rows
  }

  package static func field(_ value: Double?) -> String {
    value.map { $0.isFinite ? NumberText.exact($0) : "" } ?? ""
  }

  /// The rows as a table, or where to find them if they are many.
  package func markup(file: String) -> Markup {
    guard rows.count <= Self.shownRows else {
      return .element("p", ["class": "quiet"], "All \(rows.count) rows are in \(file).".markup)
    }
    let body = rows.map { row in
      Markup.element("tr", [:], row.map { Markup.element("td", [:], Markup($0)) })
    }
    return .element(
      "div", ["class": "scroll", "tabindex": "0"],
      HTMLTable.table(HTMLTable.head(header), [.element("tbody", [:], body)]))
  }
}

extension String {
  fileprivate var markup: Markup { Markup(self) }
}

extension FigureSpecification {
  /// Makes the figure from what is done.
  /// - Throws: `ReportError.impossible` where the recipe asks for what does not exist, or what
  ///   reading results throws.
  package func figure(name: String, data: Findings) throws -> any Figure {
    if !bars.isEmpty { return try BarFigure(name: name, self, data: data) }
    if !heatMap.isEmpty { return try GridFigure(heatMap: name, self, data: data) }
    if !solveHistory.isEmpty { return try SolveHistoryFigure(name: name, self, data: data) }
    if !confusion.isEmpty { return try GridFigure(confusion: name, self, data: data) }
    return try LineFigure(name: name, self, data: data)
  }
}

/// What all figures share: the image with its texts for screen readers, title and notes.
struct FigureSheet {
  let name: String
  let title: String
  let summary: String
  let notes: [String]
  let frame: FigureFrame
  /// Draws what stands before an entry of the legend, at the base line of its text.
  private let swatch: (_ index: Int, _ x: Double, _ y: Double) -> Markup

  init(
    _ figure: some Figure, frame: FigureFrame,
    swatch: @escaping (_ index: Int, _ x: Double, _ y: Double) -> Markup
  ) {
    name = figure.name
    title = figure.title
    summary = figure.summary
    notes = figure.notes
    self.frame = frame
    self.swatch = swatch
  }

  /// An SVG file, with all words in it.
  func file(_ drawn: [Markup]) -> Markup {
    let style = Markup.element("style", [:], Markup(trusted: FigureStyle.css))
    let paper = Markup.leaf("rect", ["class": "figure-paper", "width": "100%", "height": "100%"])
    let heading = SVG.text(title, frame.margin, 28, "figure-title")
    return image(
      from: 0, to: frame.height, [style, paper, heading, legend] + drawn + [wrappedNotes])
  }

  /// The drawing with its words around it.
  /// - Parameter narrow: the drawing for narrow screens; nil where they scroll the wide one.
  func page(_ drawn: [Markup], narrow: Markup?) -> Markup {
    let wide = Markup.element(
      "div", ["class": "scroll", "tabindex": "0", "role": "group", "aria-label": title],
      .element("div", ["class": "figure-wide"], image(drawn)))
    return .element("figcaption", [:], Markup(title)) + legendList
      + (narrow.map { .element("div", ["class": "figure-narrow"], $0) } ?? .empty) + wide + noteList
  }

  /// The drawing alone.
  /// - Parameter suffix: what tells its names from those of another drawing in the page.
  func image(_ drawn: [Markup], named suffix: String = "") -> Markup {
    image(from: frame.top - 30, to: frame.bottom + frame.below, drawn, named: suffix)
  }

  private func image(
    from top: Double, to bottom: Double, _ drawn: [Markup], named suffix: String = ""
  ) -> Markup {
    let id = "figure-" + name + suffix
    let size = "\(SVG.number(frame.width)) \(SVG.number(bottom - top))"
    return .element(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg", "class": "figure-svg", "role": "img",
        "viewBox": "0 \(SVG.number(top)) \(size)",
        "width": SVG.number(frame.width), "height": SVG.number(bottom - top),
        "aria-labelledby": "\(id)-title \(id)-text",
      ],
      [
        .element("title", ["id": id + "-title"], Markup(title)),
        .element("desc", ["id": id + "-text"], Markup(summary)),
      ] + drawn)
  }

  private var legend: Markup {
    Markup(
      frame.legend.enumerated().map { index, entry in
        swatch(index, entry.x, entry.y)
          + SVG.text(entry.label, entry.x + 30, entry.y, "figure-label")
      })
  }

  /// The legend as a list whose lines break, each entry with a drawing of its own.
  private var legendList: Markup {
    if frame.legend.isEmpty { return .empty }
    let entries = frame.legend.enumerated().map { index, entry in
      let drawing = Markup.element(
        "svg",
        [
          "class": "figure-svg figure-swatch", "viewBox": "0 0 26 18", "width": "26",
          "height": "18", "aria-hidden": "true",
        ], swatch(index, 1, 13.5))
      return Markup.element("li", [:], drawing, Markup(entry.label))
    }
    return .element("ul", ["class": "figure-legend"], entries)
  }

  private var noteList: Markup {
    if notes.isEmpty { return .empty }
    return .element(
      "ul", ["class": "notes"], notes.map { Markup.element("li", [:], Markup($0)) })
  }

  /// Says in the middle that there is nothing to draw.
  var nothing: Markup {
    let middle = ((frame.left + frame.right) / 2, (frame.top + frame.bottom) / 2)
    return SVG.text("nothing measured yet", middle.0, middle.1, "figure-soft", anchor: "middle")
  }

  private var wrappedNotes: Markup {
    let first = frame.height - 17 * Double(frame.notes.count)
    return Markup(
      frame.notes.enumerated().map { index, line in
        SVG.text(line, frame.margin, first + 17 * Double(index), "figure-soft")
      })
  }
}

/// The shapes that figures are made of. Coordinates have one decimal, or none where they are whole.
enum SVG {
  static func number(_ value: Double) -> String {
    let text = NumberText.plain(value, decimals: 1)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  /// A text, from its base line.
  static func text(
    _ content: String, _ x: Double, _ y: Double, _ style: String, anchor: String = "start"
  ) -> Markup {
    .element(
      "text",
      ["class": style, "x": number(x), "y": number(y), "text-anchor": anchor], Markup(content))
  }

  static func line(
    _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String
  ) -> Markup {
    .leaf(
      "line",
      [
        "class": style, "x1": number(x1), "y1": number(y1), "x2": number(x2), "y2": number(y2),
      ])
  }

  /// A rectangle, with what it stands for as its tooltip.
  static func rectangle(
    _ x: Double, _ y: Double, _ width: Double, _ height: Double, _ style: String,
    css: String? = nil, tooltip: String? = nil
  ) -> Markup {
    let colour = css.map { " style=\"\(Markup.escape($0))\"" } ?? ""
    let open =
      "<rect class=\"\(Markup.escape(style))\" x=\"\(number(x))\" y=\"\(number(y))\""
      + " width=\"\(number(max(0, width)))\" height=\"\(number(max(0, height)))\"\(colour)"
    guard let tooltip else { return Markup(trusted: open + "/>") }
    return Markup(trusted: open + "><title>\(Markup.escape(tooltip))</title></rect>")
  }

  /// A closed or open path with a tooltip.
  static func path(_ shape: String, _ style: String, css: String, tooltip: String) -> Markup {
    .element(
      "path", ["class": style, "d": shape, "style": css],
      .element("title", [:], Markup(tooltip)))
  }
}

/// Where the parts of a figure stand, in pixels of its view box.
struct FigureFrame {
  let layout: FigureLayout
  let width: Double
  /// The empty space at the edges.
  let margin: Double
  let left: Double
  let right: Double
  /// The upper end of the plot.
  let top: Double
  var bottom: Double { top + plotHeight }
  var height: Double { bottom + below + (notes.isEmpty ? 0 : 8 + 17 * Double(notes.count)) }

  /// One entry of the legend, at the base line of its text.
  struct LegendEntry {
    let label: String
    let x: Double
    let y: Double
  }

  /// The entries of the legend; none for a lone line, whose name the title says.
  let legend: [LegendEntry]
  /// The notes, broken into lines.
  let notes: [String]

  /// The space under the plot, for the labels of a horizontal axis.
  let below: Double
  private let plotHeight: Double

  /// Arranges a figure. Narrow ones are for pages alone.
  /// - Parameters:
  ///   - labels: the entries of the legend.
  ///   - plotHeight: the height of what is drawn, from the first panel's upper end to the last
  ///     one's lower end.
  ///   - below: the space under it for the labels of a horizontal axis.
  ///   - showsLone: whether a single entry is shown.
  init(
    _ layout: FigureLayout, legend labels: [String], notes: [String], plotHeight: Double = 280,
    below: Double = 54, showsLone: Bool = false
  ) {
    self.layout = layout
    (width, margin, left, right) = layout == .wide ? (760, 20, 68, 740) : (340, 4, 52, 332)
    self.plotHeight = plotHeight
    self.below = below
    self.notes = notes.flatMap { Self.wrap($0, to: 112) }
    var entries: [LegendEntry] = []
    var (x, y) = (margin, 56.0)
    for label in labels where labels.count > 1 || showsLone {
      let width = 32 + 22 + Self.width(of: label)
      if x > margin, x + width > right { (x, y) = (margin, y + 20) }
      entries.append(LegendEntry(label: label, x: x, y: y))
      x += width
    }
    legend = entries
    top = entries.isEmpty ? 68 : y + 40
  }

  /// How wide a label is: letters are about 7.2 pixels wide; nothing measures them here.
  static func width(of label: String) -> Double { 7.2 * Double(label.count) }

  /// Breaks a sentence between words into lines of at most `count` letters.
  static func wrap(_ text: String, to count: Int) -> [String] {
    text.split(separator: " ").reduce(into: [String]()) { lines, word in
      if let last = lines.last, last.count + 1 + word.count <= count {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(String(word))
      }
    }
  }

  /// A label in lines that fit into some pixels beside other labels. A word that is too long breaks after
  /// `=` and `_`.
  static func lines(of label: String, in room: Double) -> [String] {
    // Wide fonts, such as DejaVu Sans, take 8 pixels a letter.
    let count = max(4, Int((room - 4) / 8))
    let words = label.split(separator: " ").flatMap { pieces(of: $0, to: count) }
    return wrap(words.joined(separator: " "), to: count).map { shortened($0, to: count) }
  }

  private static func pieces(of word: Substring, to count: Int) -> [String] {
    if word.count <= count { return [String(word)] }
    let ends = word.indices.filter { "=_".contains(word[$0]) }.map { word.index(after: $0) }
    let parts = zip([word.startIndex] + ends, ends + [word.endIndex]).map { String(word[$0..<$1]) }
    return parts.reduce(into: []) { pieces, part in
      if let last = pieces.last, last.count + part.count <= count {
        pieces[pieces.count - 1] = last + part
      } else if !part.isEmpty {
        pieces.append(part)
      }
    }
  }

  /// A label of at most `count` letters; what is cut off is replaced by an ellipsis.
  static func shortened(_ label: String, to count: Int) -> String {
    label.count <= count ? label : label.prefix(max(1, count - 1)) + "…"
  }
}

/// What notes under bars and lines say alike.
enum FigureNotes {
  /// Says what marks are means over, and what their intervals hold.
  /// - Parameters:
  ///   - mark: `bar` or `point`.
  ///   - bounds: what shows the intervals, such as `whiskers`; nil where there are none.
  /// - Returns: one sentence, or none for lone runs without intervals.
  static func means(_ mark: String, over axes: [String], bounds: String?) -> [String] {
    if axes.isEmpty {
      return bounds.map {
        [
          "Each \(mark) is one run, \($0) are 95 % intervals over problems, as if runs did not vary."
        ]
      } ?? []
    }
    let end = bounds.map { ", \($0) 95 % intervals over all runs and problems." } ?? "."
    return ["\(mark.capitalized)s are means over \(axes.joined(separator: " and "))\(end)"]
  }
}
