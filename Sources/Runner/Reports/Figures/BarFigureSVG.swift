/// Draws a bar chart as SVG. Equal figures give equal bytes.
struct BarFigureSVG {
  private let figure: BarFigure
  private let frame: FigureFrame
  private let y: AxisScale
  private let labels: [[String]]

  init(_ figure: BarFigure) {
    self.figure = figure
    let width = 672 / Double(max(1, figure.groups.count))
    let count = max(4, Int(width / 7.2))
    labels = figure.groups.map { group in
      FigureFrame.wrap(group.label, to: count).map { FigureFrame.shortened($0, to: count) }
    }
    let lines = Double(labels.map(\.count).max() ?? 1)
    frame = FigureFrame(legend: figure.arms, notes: figure.notes, below: 39 + 15 * lines)
    let ends = figure.groups.flatMap(\.bars).flatMap { bar -> [Double] in
      guard let value = bar.value else { return [] }
      return [value, value - (bar.spread ?? 0), value + (bar.spread ?? 0)]
    }
    // The zero belongs to every bar, and a value is written beyond its end.
    let reach = (ends + [0]).max().map { high in high - ((ends + [0]).min() ?? 0) } ?? 0
    let room = ends.flatMap { [$0, $0 == 0 ? 0 : $0 + ($0 < 0 ? -0.05 : 0.05) * reach] }
    y = AxisScale(room + [0], pixels: (frame.bottom, frame.top), count: 6, isRounded: true)
  }

  /// The whole image.
  func markup(styled: Bool) -> Markup {
    let sheet = FigureSheet(figure, frame: frame)
    let legend = sheet.legend { index, x, y in
      SVG.rectangle(x + 4, y - 11, 14, 13, "figure-bar", fill: FigureStyle.colour(index))
    }
    let bars = figure.groups.indices.flatMap { group in
      figure.arms.indices.map { bar(group, $0) }
    }
    let isEmpty = figure.groups.flatMap(\.bars).allSatisfy { $0.value == nil }
    return sheet.markup(
      styled: styled,
      [
        SVG.text(figure.yLabel, frame.margin, frame.top - 12, "figure-soft"),
        SVG.text(
          figure.groupTitle, frame.right, frame.height - notesHeight - 16, "figure-soft",
          anchor: "end"),
        legend, axes, isEmpty ? sheet.nothing : Markup(bars), zero,
      ])
  }

  private var notesHeight: Double {
    frame.notes.isEmpty ? 0 : 8 + 17 * Double(frame.notes.count)
  }

  // MARK: Axes

  private var groupWidth: Double {
    (frame.right - frame.left) / Double(max(1, figure.groups.count))
  }

  private var axes: Markup {
    let rows = y.ticks.map { tick in
      SVG.line(frame.left, y.pixel(tick), frame.right, y.pixel(tick), "figure-grid")
        + SVG.text(y.label(tick), frame.left - 8, y.pixel(tick) + 4, "figure-tick", anchor: "end")
    }
    let names = labels.enumerated().flatMap { index, lines in
      lines.enumerated().map { number, line in
        SVG.text(
          line, frame.left + (Double(index) + 0.5) * groupWidth,
          frame.bottom + 18 + 15 * Double(number), "figure-label", anchor: "middle")
      }
    }
    return Markup(rows + names)
  }

  private var zero: Markup {
    SVG.line(frame.left, y.pixel(0), frame.right, y.pixel(0), "figure-axis")
  }

  // MARK: Bars

  private func bar(_ group: Int, _ arm: Int) -> Markup {
    let bar = figure.groups[group].bars[arm]
    guard bar.planned > 0 else { return .empty }
    let slot = groupWidth * 0.84 / Double(figure.arms.count)
    let width = min(64, slot * 0.88)
    let first =
      frame.left + (Double(group) + 0.5) * groupWidth
      - slot * Double(figure.arms.count) / 2
    let middle = first + (Double(arm) + 0.5) * slot
    guard let value = bar.value else {
      return .element(
        "text",
        [
          "class": "figure-soft", "x": SVG.number(middle), "y": SVG.number(y.pixel(0) - 6),
          "text-anchor": "middle",
        ], .element("title", [:], Markup(bar.tooltip)), "–")
    }
    let ends = [y.pixel(0), y.pixel(value)].sorted()
    let shape = SVG.rectangle(
      middle - width / 2, ends[0], width, ends[1] - ends[0], "figure-bar",
      fill: FigureStyle.colour(arm), tooltip: bar.tooltip)
    return shape + whisker(bar, value, at: middle) + number(bar, value, at: middle, room: slot)
  }

  private func whisker(_ bar: BarFigure.Bar, _ value: Double, at x: Double) -> Markup {
    guard let spread = bar.spread, spread > 0 else { return .empty }
    let (high, low) = (y.pixel(value + spread), y.pixel(value - spread))
    let cap = "h8"
    let (left, middle) = (SVG.number(x - 4), SVG.number(x))
    let shape =
      "M\(left) \(SVG.number(high))\(cap)M\(left) \(SVG.number(low))\(cap)"
      + "M\(middle) \(SVG.number(high))V\(SVG.number(low))"
    return .leaf("path", ["class": "figure-whisker", "d": shape])
  }

  /// The value, beyond the bar and its whisker; upright where the bars stand close.
  private func number(
    _ bar: BarFigure.Bar, _ value: Double, at x: Double, room: Double
  ) -> Markup {
    let isBelow = value < 0
    let end = y.pixel(isBelow ? value - (bar.spread ?? 0) : value + (bar.spread ?? 0))
    if FigureFrame.width(of: bar.text) * 0.92 + 4 <= room {
      return SVG.text(bar.text, x, isBelow ? end + 14 : end - 5, "figure-value", anchor: "middle")
    }
    let place = "\(SVG.number(x + 4)) \(SVG.number(isBelow ? end + 4 : end - 4))"
    return .element(
      "text",
      [
        "class": "figure-value", "transform": "translate(\(place)) rotate(-90)",
        "text-anchor": isBelow ? "end" : "start",
      ], Markup(bar.text))
  }
}
