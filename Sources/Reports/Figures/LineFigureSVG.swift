import Base

/// Draws a line chart as SVG. Equal figures give equal bytes.
struct LineFigureSVG: FigureDrawing {
  private let figure: LineFigure
  private let frame: FigureFrame
  private let panels: [LinePanelSVG]

  /// The height of the plot, where there are several panels.
  private static let panelHeight = 150.0

  init(_ figure: LineFigure, _ layout: FigureLayout) {
    self.figure = figure
    let labels = figure.series.map(\.label)
    let target = figure.target.map { ["target \($0.label)"] } ?? []
    let isSingle = figure.panels.count <= 1
    let frame = FigureFrame(
      layout, legend: labels + target, notes: figure.notes,
      plotHeight: isSingle
        ? 280 : FigurePanel.totalHeight(figure.panels.count, layout, height: Self.panelHeight))
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
      LinePanelSVG(
        panel, target: figure.target, covering: figure.covering, x: x, at: place,
        tickCount: isSingle && layout == .wide ? 8 : 4, isSingle: isSingle)
    }
  }

  var isLegible: Bool {
    ([figure.xLabel + " (logarithmic)"] + figure.panels.map(\.yLabel))
      .allSatisfy { FigureFrame.width(of: $0) <= frame.width }
  }

  var sheet: FigureSheet {
    FigureSheet(figure, frame: frame) { index, x, y in
      guard index < figure.series.count else {
        return SVG.line(x, y - 4.5, x + 22, y - 4.5, "figure-target")
      }
      let line = LinePanelSVG.path(
        "M\(SVG.number(x)) \(SVG.number(y - 4.5))h22", "figure-line", series: index,
        isDashed: figure.covering.contains(index))
      guard figure.series[index].isMarked else { return line }
      return line + LineMark.markup(index, x + 11, y - 4.5, tooltip: nil)
    }
  }

  var parts: [Markup] {
    [
      Markup(panels.map(\.label)), Markup(panels.map { $0.xLabel(figure.xLabel) }),
      Markup(panels.map(\.axes)), Markup(panels.map { $0.plot(xLabel: figure.xLabel) }),
    ]
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
    let colour = FigureStyle.colour("fill", index)
    guard let tooltip else {
      return .leaf("path", ["class": "figure-mark", "d": start + shape, "style": colour])
    }
    return SVG.path(start + shape, "figure-mark", css: colour, tooltip: tooltip)
  }
}

extension LineFigure {
  package func markup(_ medium: FigureMedium) -> Markup { LineFigureSVG.markup(self, medium) }
}

struct LinePanelSVG {
  private let panel: LineFigure.Panel
  private let target: LineFigure.Target?
  private let covering: Set<Int>
  let place: FigurePanel
  private let x: AxisScale
  private let y: AxisScale

  /// Prepares a panel.
  /// - Parameters:
  ///   - places: every x of the figure, which its panels share.
  ///   - tickCount: about how many ticks the horizontal axis has.
  init(
    _ panel: LineFigure.Panel, target: LineFigure.Target?, covering: Set<Int>,
    x places: [Double], at place: FigurePanel, tickCount: Int, isSingle: Bool
  ) {
    self.panel = panel
    self.target = target
    self.covering = covering
    self.place = place
    let points = panel.series.flatMap { $0.points + $0.measured }
    let heights = points.flatMap { point in
      [point.y, Self.edge(of: point, -1, in: panel), Self.edge(of: point, 1, in: panel)]
    }
    x = AxisScale(
      places, pixels: (place.left, place.right), count: tickCount, isRounded: false,
      isLogarithmic: panel.series.contains(where: \.isMarked) && AxisScale.isCrowded(places))
    let more = (target.map { [$0.value] } ?? []) + Self.room(around: heights, in: panel)
    y = AxisScale(
      heights + more, pixels: (place.bottom, place.top),
      count: isSingle ? 6 : 4, isRounded: true)
  }

  /// A level line of shares has the axis of all shares, not one below 0 or above 1.
  private static func room(around heights: [Double], in panel: LineFigure.Panel) -> [Double] {
    guard let bounds = panel.bounds, Set(heights.filter(\.isFinite)).count == 1 else { return [] }
    return [bounds.lowerBound, bounds.upperBound]
  }

  // MARK: Axes

  /// What runs along the vertical axis.
  var label: Markup { SVG.text(panel.yLabel, place.left - 48, place.top - 12, "figure-soft") }

  /// What runs along the horizontal axis.
  func xLabel(_ label: String) -> Markup {
    place.xLabel(x.isLogarithmic ? label + " (logarithmic)" : label)
  }

  var axes: Markup {
    let rows = place.levels(y.ticks, on: y) { $0 == 0 ? "figure-axis" : "figure-grid" }
    let base = SVG.line(place.left, place.bottom, place.right, place.bottom, "figure-axis")
    return Markup(rows + place.marks(marks, on: x)) + base
  }

  /// Where the horizontal axis is labelled: where there is a point if points are marked, as far as
  /// the labels have room; else at round numbers.
  private var marks: [(tick: Double, label: String)] {
    guard panel.series.contains(where: \.isMarked) else { return x.ticks.map { ($0, x.label($0)) } }
    let places = Set(panel.series.flatMap(\.points).map(\.x)).sorted()
    var end = -Double.infinity
    return places.compactMap { place in
      let label = NumberText.short(place)
      let half = FigureFrame.width(of: label) / 2
      guard x.pixel(place) - half > end else { return nil }
      end = x.pixel(place) + half + 6
      return (place, label)
    }
  }

  // MARK: Lines

  /// The lines with their bands and marks.
  func plot(xLabel: String) -> Markup {
    let indices = panel.series.indices
    if panel.series.allSatisfy({ $0.points.allSatisfy(\.y.isNaN) }) {
      let middle = ((place.left + place.right) / 2, (place.top + place.bottom) / 2)
      return SVG.text("nothing measured yet", middle.0, middle.1, "figure-soft", anchor: "middle")
    }
    return Markup(indices.map(band)) + goal + Markup(indices.map(faint))
      + Markup(indices.map(curve)) + Markup(indices.map { marks($0, xLabel: xLabel) })
  }

  private func band(_ index: Int) -> Markup {
    let drawn = panel.series[index].points.split {
      $0.y.isNaN || ($0.deviation == nil && $0.interval == nil)
    }
    let shapes = drawn.filter { $0.count > 1 }.map { run in
      let above = run.map { pair($0.x, Self.edge(of: $0, 1, in: panel)) }
      let below = run.reversed().map { pair($0.x, Self.edge(of: $0, -1, in: panel)) }
      return "M" + (above + below).joined(separator: "L") + "Z"
    }
    if shapes.isEmpty { return .empty }
    return .leaf(
      "path",
      [
        "class": "figure-band", "d": shapes.joined(),
        "style": FigureStyle.colour("fill", index),
      ])
  }

  /// The upper (1) or lower (−1) end of the band at a point.
  private static func edge(
    of point: LineFigure.Point, _ sign: Double, in panel: LineFigure.Panel
  ) -> Double {
    let edge =
      point.interval.map { sign > 0 ? $0.upperBound : $0.lowerBound }
      ?? point.y + sign * (point.deviation ?? 0)
    guard let bounds = panel.bounds, bounds.contains(point.y) else { return edge }
    return min(max(edge, bounds.lowerBound), bounds.upperBound)
  }

  private func faint(_ index: Int) -> Markup {
    let shape = outline(panel.series[index].measured)
    return shape.isEmpty ? .empty : Self.path(shape, "figure-faint", series: index)
  }

  private func curve(_ index: Int) -> Markup {
    let points = panel.series[index].points
    // A point between two gaps is a dot: a line of no length with round ends.
    let dots = points.split(whereSeparator: \.y.isNaN).filter { $0.count == 1 }
      .flatMap(\.self).map { "M\(pair($0.x, $0.y))h0" }.joined()
    let shape = outline(points)
    let line = Self.path(
      shape, "figure-line", series: index, isDashed: covering.contains(index))
    return (shape.isEmpty ? .empty : line)
      + (dots.isEmpty ? .empty : Self.path(dots, "figure-dot", series: index))
  }

  private func marks(_ index: Int, xLabel: String) -> Markup {
    let line = panel.series[index]
    guard line.isMarked else { return .empty }
    return Markup(
      line.points.filter { !$0.y.isNaN }.map { point in
        let spread =
          point.interval.map {
            " [\(NumberText.short($0.lowerBound)), \(NumberText.short($0.upperBound))]"
          } ?? point.deviation.map { " ± \(NumberText.short($0))" } ?? ""
        let runs = point.runs == 1 ? "1 run" : "\(point.runs) runs"
        return LineMark.markup(
          index, x.pixel(point.x), y.pixel(point.y),
          tooltip: "\(line.label): \(NumberText.short(point.y))\(spread) at "
            + "\(NumberText.short(point.x)) \(xLabel) (\(runs))")
      })
  }

  // MARK: Target

  private var goal: Markup {
    guard let target else { return .empty }
    let height = y.pixel(target.value)
    let drops = target.crossings.enumerated().map { index, crossing -> Markup in
      guard let crossing else { return .empty }
      let place = x.pixel(crossing.x)
      return SVG.path(
        "M\(SVG.number(place)) \(SVG.number(height))V\(SVG.number(self.place.bottom))",
        "figure-drop", css: FigureStyle.colour("stroke", index),
        tooltip: "\(panel.series[index].label): \(target.label) at \(NumberText.short(crossing.x))")
    }
    return SVG.line(place.left, height, place.right, height, "figure-target") + Markup(drops)
  }

  // MARK: Shapes

  /// The lines through the points, broken at gaps.
  private func outline(_ points: [LineFigure.Point]) -> String {
    points.split(whereSeparator: \.y.isNaN).filter { $0.count > 1 }.map { run in
      "M" + traced(run.map { ($0.x, $0.y) }).map(pair).joined(separator: "L")
    }.joined()
  }

  /// Where a target is reached is interpolated linearly, which is a bent line on a logarithmic axis.
  private func traced(_ points: [(x: Double, y: Double)]) -> [(x: Double, y: Double)] {
    guard x.isLogarithmic, target != nil, let last = points.last else { return points }
    let pieces = 8
    return zip(points, points.dropFirst()).flatMap { from, to in
      (0..<pieces).map { piece in
        let share = Double(piece) / Double(pieces)
        return (from.x + share * (to.x - from.x), from.y + share * (to.y - from.y))
      }
    } + [last]
  }

  static func path(
    _ shape: String, _ style: String, series index: Int, isDashed: Bool = false
  ) -> Markup {
    let stroke = FigureStyle.stroke(index) + (isDashed ? ";stroke-dasharray:5 6" : "")
    return .leaf("path", ["class": style, "d": shape, "style": stroke])
  }

  private func pair(_ x: Double, _ y: Double) -> String {
    "\(SVG.number(self.x.pixel(x))) \(SVG.number(self.y.pixel(y)))"
  }
}
