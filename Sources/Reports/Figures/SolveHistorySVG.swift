import Base

/// Draws a history of solved problems as SVG. Equal figures give equal bytes.
struct SolveHistorySVG: FigureDrawing {
  private let figure: SolveHistoryFigure
  private let frame: FigureFrame
  private let places: [FigurePanel]
  private let rows: [[SolveHistoryFigure.Row]]
  private let hasTooltips: Bool

  /// Beyond so many spans, only rows have tooltips, lest the file grow large.
  private static let tooltipLimit = 2500

  init(_ figure: SolveHistoryFigure, _ layout: FigureLayout) {
    self.figure = figure
    rows = figure.panels.map { Self.choice($0.rows, figure.mostRows) }
    let count = rows.map(\.count).max() ?? 0
    // From two to ten pixels a row, and no lower than a picture should be.
    let height = min(max(180, Double(count) * 5), max(320, Double(count) * 2))
    let isSingle = figure.panels.count <= 1
    let labels = ["not drawn yet", "none right", "some", "all right"]
    let frame = FigureFrame(
      layout, legend: labels, notes: figure.notes,
      plotHeight: isSingle
        ? height : FigurePanel.totalHeight(figure.panels.count, layout, height: height))
    self.frame = frame
    places =
      isSingle
      ? [
        FigurePanel(
          left: frame.left, right: frame.right, top: frame.top, bottom: frame.bottom,
          isLowest: true)
      ] : FigurePanel.columns(figure.panels.count, in: frame, height: height)
    hasTooltips = rows.joined().reduce(0) { $0 + $1.spans.count } <= Self.tooltipLimit
  }

  /// At most `count` elements, evenly chosen, in their order.
  static func choice<Element>(_ elements: [Element], _ count: Int) -> [Element] {
    guard elements.count > count else { return elements }
    return (0..<count).map { elements[$0 * elements.count / count] }
  }

  /// The narrow layout of very many spans would make the page twice as large.
  var isLegible: Bool {
    hasTooltips
      && figure.panels.allSatisfy { FigureFrame.width(of: Self.label(of: $0)) <= frame.width }
  }

  var sheet: FigureSheet {
    FigureSheet(figure, frame: frame) { index, x, y in
      let (style, css): (String, String?) =
        [("figure-total", nil), Self.fill(0), Self.fill(0.5), Self.fill(1)][index]
      return Self.box(x + 2, y - 12, 20, 15, style, css)
    }
  }

  var parts: [Markup] { figure.panels.indices.map(panel) }

  private static func label(of panel: SolveHistoryFigure.Panel) -> String {
    "\(panel.label) (\(panel.rows.count) problems)"
  }

  /// The last step of all panels, which share their horizontal axis.
  private var steps: Int { figure.panels.map(\.steps).max() ?? 0 }

  private func panel(_ index: Int) -> Markup {
    let (panel, place, rows) = (figure.panels[index], places[index], rows[index])
    let label = SVG.text(
      Self.label(of: panel), place.left - 48, place.top - 12, "figure-panel")
    let height = (place.bottom - place.top) / Double(max(1, rows.count))
    let width = (place.right - place.left) / Double(max(1, steps))
    let border = SVG.rectangle(
      place.left, place.top, place.right - place.left, place.bottom - place.top, "figure-total")
    if rows.isEmpty {
      let middle = ((place.left + place.right) / 2, (place.top + place.bottom) / 2)
      return label + border
        + SVG.text("nothing drawn yet", middle.0, middle.1, "figure-soft", anchor: "middle")
    }
    let body = rows.enumerated().map { number, row in
      self.row(row, place, y: place.top + Double(number) * height, width: width, height: height)
    }
    return label + border + Markup(body) + axes(panel, place, rows: rows.count)
  }

  private func row(
    _ row: SolveHistoryFigure.Row, _ place: FigurePanel, y: Double, width: Double, height: Double
  ) -> Markup {
    let solved = row.firstSolved.map { "first solved at step \($0)" } ?? "never solved"
    let shapes = row.spans.map { span in
      let (style, css) = Self.fill(span.share)
      let steps =
        span.first == span.last ? "step \(span.first)" : "steps \(span.first)–\(span.last)"
      let tooltip = "\(row.problem), \(steps): \(Self.percent(span.share)) right"
      return Self.box(
        place.left + Double(span.first - 1) * width, y,
        Double(span.last - span.first + 1) * width, height * (height > 4 ? 0.88 : 1), style, css,
        tooltip: hasTooltips ? tooltip : nil)
    }
    let tooltip = Markup.element(
      "title", [:], Markup("\(row.problem): \(solved), \(Self.percent(row.mean)) right in all"))
    return .element("g", [:], [tooltip] + shapes)
  }

  private func axes(
    _ panel: SolveHistoryFigure.Panel, _ place: FigurePanel, rows: Int
  ) -> Markup {
    let x = AxisScale(
      [0, Double(steps)], pixels: (place.left, place.right),
      count: places.count > 1 || frame.layout == .narrow ? 4 : 8, isRounded: false)
    let columns = place.marks(x.ticks.filter { $0 > 0 }.map { ($0, x.label($0)) }, on: x)
    let y = AxisScale(
      [0, Double(rows)], pixels: (place.top, place.bottom), count: 4, isRounded: false)
    let counted = rows == panel.rows.count ? y.ticks.filter { $0 > 0 } : []
    return Markup(columns + place.levels(counted, on: y) { _ in nil }) + place.xLabel("step")
  }

  // MARK: Shapes

  private static func percent(_ share: Double) -> String {
    NumberText.fixed(share * 100, decimals: 0) + " %"
  }

  /// No share is grey; others are the more blue, the higher they are.
  private static func fill(_ share: Double) -> (style: String, css: String?) {
    if share == 0 { return ("figure-none", nil) }
    let opacity = NumberText.plain(0.2 + 0.8 * min(1, share), decimals: 2)
    return ("figure-up", "fill-opacity:\(opacity)")
  }

  private static func box(
    _ x: Double, _ y: Double, _ width: Double, _ height: Double, _ style: String, _ css: String?,
    tooltip: String? = nil
  ) -> Markup {
    let shade = css.map { " style=\"\($0)\"" } ?? ""
    let open =
      "<rect class=\"\(style)\" x=\"\(SVG.number(x))\" y=\"\(fine(y))\""
      + " width=\"\(SVG.number(width))\" height=\"\(fine(height))\"\(shade)"
    guard let tooltip else { return Markup(trusted: open + "/>") }
    return Markup(trusted: open + "><title>\(Markup.escape(tooltip))</title></rect>")
  }

  /// Rows are a few pixels high, so a tenth would show.
  private static func fine(_ value: Double) -> String { NumberText.plain(value, decimals: 2) }
}
