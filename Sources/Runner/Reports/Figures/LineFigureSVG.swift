/// Draws a line chart as SVG. Equal figures give equal bytes.
struct LineFigureSVG {
  private let figure: LineFigure
  private let frame: FigureFrame
  private let panels: [LinePanelSVG]

  /// The height of the plot, where there are several panels.
  private static let panelHeight = 150.0

  init(_ figure: LineFigure) {
    self.figure = figure
    let labels = figure.series.map(\.label)
    let target = figure.target.map { ["target \($0.label)"] } ?? []
    let isSingle = figure.panels.count <= 1
    let frame = FigureFrame(
      legend: labels + target, notes: figure.notes,
      plotHeight: isSingle
        ? 280 : FigurePanel.totalHeight(figure.panels.count, height: Self.panelHeight))
    self.frame = frame
    let places =
      isSingle
      ? [
        FigurePanel(
          left: frame.left, right: frame.right, top: frame.top, bottom: frame.bottom,
          isLowest: true)
      ] : FigurePanel.columns(figure.panels.count, in: frame, height: Self.panelHeight)
    let x = figure.panels.flatMap(\.series).flatMap { $0.points + $0.measured }.map(\.x)
    panels = zip(figure.panels, places).map { panel, place in
      LinePanelSVG(panel, target: figure.target, x: x, at: place, isSingle: isSingle)
    }
  }

  /// The whole image.
  /// - Parameter styled: whether the image brings its own style sheet, as a file must.
  func markup(styled: Bool) -> Markup {
    let sheet = FigureSheet(figure, frame: frame)
    let legend = sheet.legend { index, x, y in
      guard index < figure.series.count else {
        return SVG.line(x, y - 4.5, x + 22, y - 4.5, "figure-target")
      }
      let line = LinePanelSVG.path(
        "M\(SVG.number(x)) \(SVG.number(y - 4.5))h22", "figure-line", series: index)
      guard figure.series[index].isMarked else { return line }
      return line + LineMark.markup(index, x + 11, y - 4.5, tooltip: nil)
    }
    return sheet.markup(
      styled: styled,
      [
        Markup(panels.map(\.label)), Markup(panels.map { $0.xLabel(figure.xLabel) }), legend,
        Markup(panels.map(\.axes)), Markup(panels.map { $0.plot(xLabel: figure.xLabel) }),
      ])
  }
}

/// The marks of points: a shape for each line, so that colour is not all that tells them apart.
enum LineMark {
  /// A mark around a point.
  static func markup(_ index: Int, _ x: Double, _ y: Double, tooltip: String?) -> Markup {
    let start = "M\(SVG.number(x)) \(SVG.number(y))"
    let shape =
      switch index % 4 {
      case 0: "m-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0Z"
      case 1: "m-4 -4h8v8h-8Z"
      case 2: "m0 -5.5l5 9h-10Z"
      default: "m0 -5.5l5.5 5.5l-5.5 5.5l-5.5 -5.5Z"
      }
    let colour = "fill:" + FigureStyle.colour(index)
    guard let tooltip else {
      return .leaf("path", ["class": "figure-mark", "d": start + shape, "style": colour])
    }
    return SVG.path(start + shape, "figure-mark", css: colour, tooltip: tooltip)
  }
}

extension LineFigure {
  /// Draws the figure.
  package func markup(styled: Bool) -> Markup { LineFigureSVG(self).markup(styled: styled) }
}
