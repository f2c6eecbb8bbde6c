/// Draws a line chart as SVG. Equal figures give equal bytes.
struct LineFigureSVG {
  private let figure: LineFigure
  private let frame: FigureFrame
  private let x: AxisScale
  private let y: AxisScale

  init(_ figure: LineFigure) {
    self.figure = figure
    frame = FigureFrame(legend: figure.series.map(\.label), notes: figure.notes)
    let points = figure.series.flatMap { $0.points + $0.measured }
    let heights = points.flatMap { point in
      [point.y, point.y - (point.deviation ?? 0), point.y + (point.deviation ?? 0)]
    }
    x = AxisScale(points.map(\.x), pixels: (frame.left, frame.right), count: 8, isRounded: false)
    y = AxisScale(heights, pixels: (frame.bottom, frame.top), count: 6, isRounded: true)
  }

  /// The whole image.
  /// - Parameter styled: whether the image brings its own style sheet, as a file must.
  func markup(styled: Bool) -> Markup {
    let id = "figure-" + figure.name
    let style = Markup.element("style", [:], Markup(trusted: FigureStyle.css))
    return .element(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg", "class": "figure-svg", "role": "img",
        "viewBox": "0 0 \(number(frame.width)) \(number(frame.height))",
        "width": number(frame.width), "height": number(frame.height),
        "aria-labelledby": "\(id)-title \(id)-text",
      ],
      [
        .element("title", ["id": id + "-title"], Markup(figure.title)),
        .element("desc", ["id": id + "-text"], Markup(figure.summary)),
        styled ? style : .empty,
        .leaf("rect", ["class": "figure-paper", "width": "100%", "height": "100%"]),
        headings, legend, axes, plot, notes,
      ])
  }

  // MARK: Texts

  private var headings: Markup {
    text(figure.title, frame.margin, 28, "figure-title")
      + text(figure.yLabel, frame.margin, frame.top - 12, "figure-soft")
      + text(figure.xLabel, frame.right, frame.bottom + 38, "figure-soft", anchor: "end")
  }

  private var legend: Markup {
    Markup(
      zip(figure.series.indices, frame.legend).map { index, entry in
        let line = path(
          "M\(number(entry.x)) \(number(entry.y - 4.5))h22", "figure-line", series: index)
        return line + text(entry.label, entry.x + 30, entry.y, "figure-label")
      })
  }

  private var notes: Markup {
    Markup(
      frame.notes.enumerated().map { index, line in
        text(line, frame.margin, frame.bottom + 62 + 17 * Double(index), "figure-soft")
      })
  }

  // MARK: Axes

  private var axes: Markup {
    let rows = y.ticks.map { tick in
      line(frame.left, y.pixel(tick), frame.right, y.pixel(tick), isAxis: tick == 0)
        + text(y.label(tick), frame.left - 8, y.pixel(tick) + 4, "figure-tick", anchor: "end")
    }
    let columns = x.ticks.map { tick in
      line(x.pixel(tick), frame.bottom, x.pixel(tick), frame.bottom + 5, isAxis: true)
        + text(x.label(tick), x.pixel(tick), frame.bottom + 20, "figure-tick", anchor: "middle")
    }
    let base = line(frame.left, frame.bottom, frame.right, frame.bottom, isAxis: true)
    return Markup(rows + columns) + base
  }

  private func line(
    _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, isAxis: Bool
  ) -> Markup {
    .leaf(
      "line",
      [
        "class": isAxis ? "figure-axis" : "figure-grid",
        "x1": number(x1), "y1": number(y1), "x2": number(x2), "y2": number(y2),
      ])
  }

  // MARK: Lines

  private var plot: Markup {
    let indices = figure.series.indices
    if figure.series.allSatisfy({ $0.points.allSatisfy(\.y.isNaN) }) {
      let middle = ((frame.left + frame.right) / 2, (frame.top + frame.bottom) / 2)
      return text("nothing measured yet", middle.0, middle.1, "figure-soft", anchor: "middle")
    }
    return Markup(indices.map(band)) + Markup(indices.map(faint)) + Markup(indices.map(curve))
  }

  private func band(_ index: Int) -> Markup {
    let drawn = figure.series[index].points.split { $0.y.isNaN || $0.deviation == nil }
    let shapes = drawn.filter { $0.count > 1 }.map { run in
      let above = run.map { pair($0.x, $0.y + ($0.deviation ?? 0)) }
      let below = run.reversed().map { pair($0.x, $0.y - ($0.deviation ?? 0)) }
      return "M" + (above + below).joined(separator: "L") + "Z"
    }
    if shapes.isEmpty { return .empty }
    return .leaf(
      "path",
      ["class": "figure-band", "d": shapes.joined(), "style": "fill:\(colour(index))"])
  }

  private func faint(_ index: Int) -> Markup {
    let shape = outline(figure.series[index].measured)
    return shape.isEmpty ? .empty : path(shape, "figure-faint", series: index)
  }

  private func curve(_ index: Int) -> Markup {
    let points = figure.series[index].points
    // A point between two gaps is a dot: a line of no length with round ends.
    let dots = points.split(whereSeparator: \.y.isNaN).filter { $0.count == 1 }
      .flatMap(\.self).map { "M\(pair($0.x, $0.y))h0" }.joined()
    let shape = outline(points)
    return (shape.isEmpty ? .empty : path(shape, "figure-line", series: index))
      + (dots.isEmpty ? .empty : path(dots, "figure-dot", series: index))
  }

  /// The lines through the points, broken at gaps.
  private func outline(_ points: [LineFigure.Point]) -> String {
    points.split(whereSeparator: \.y.isNaN).filter { $0.count > 1 }.map { run in
      "M" + run.map { pair($0.x, $0.y) }.joined(separator: "L")
    }.joined()
  }

  private func path(_ shape: String, _ style: String, series index: Int) -> Markup {
    let dashes = index / FigureStyle.colours
    let dash = dashes == 0 ? "" : ";stroke-dasharray:\(dashes * 4) 5"
    return .leaf("path", ["class": style, "d": shape, "style": "stroke:\(colour(index))\(dash)"])
  }

  private func colour(_ index: Int) -> String { "var(--f-\(index % FigureStyle.colours + 1))" }

  private func pair(_ x: Double, _ y: Double) -> String {
    "\(number(self.x.pixel(x))) \(number(self.y.pixel(y)))"
  }

  private func text(
    _ content: String, _ x: Double, _ y: Double, _ style: String, anchor: String = "start"
  ) -> Markup {
    .element(
      "text",
      ["class": style, "x": number(x), "y": number(y), "text-anchor": anchor], Markup(content))
  }

  /// A coordinate with one decimal, or none where it is whole.
  private func number(_ value: Double) -> String {
    let text = NumberText.plain(value, decimals: 1)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}

extension LineFigure {
  /// The figure as an SVG file that follows the reader's light or dark colours.
  public var svg: String { LineFigureSVG(self).markup(styled: true).source + "\n" }

  /// What the figure shows, for people who cannot see it.
  var summary: String {
    let lines = series.map { line -> String in
      let drawn = line.points.filter { !$0.y.isNaN }
      guard let first = drawn.first, let last = drawn.last else {
        return "\(line.label): nothing measured yet."
      }
      return "\(line.label): from \(NumberText.short(first.y)) at \(NumberText.short(first.x))"
        + " to \(NumberText.short(last.y)) at \(NumberText.short(last.x))."
    }
    return (["\(yLabel) over \(xLabel)."] + lines + notes).joined(separator: " ")
  }
}
