import Base
import OrderedCollections
import Runner

/// A bar chart with its numbers, ready to be drawn: groups along the horizontal axis, a bar for
/// each arm.
package struct BarFigure: Figure {
  /// The name in the recipe, which names the file too.
  package let name: String
  package let title: String
  /// What the heights are, with their unit.
  package let yLabel: String
  package let groupTitle: String
  /// The arms, in the order of the bars of each group.
  package let arms: [String]
  package let groups: [Group]
  /// What bars and whiskers mean and what is missing: a sentence each.
  package let notes: [String]

  /// Bars side by side.
  package struct Group: Sendable {
    /// What stands under the bars.
    package let label: String
    package let bars: [Bar]
  }

  package struct Bar: Sendable {
    /// The height; nil where runs are missing.
    package let value: Double?
    /// What the whisker spans: the 95 % interval.
    package let interval: ClosedRange<Double>?
    package let runs: Int
    /// How many runs there should be; 0 where the recipe leaves the bar out.
    package let planned: Int
    /// The height for people, without its unit.
    package let text: String
    /// Everything known about the bar.
    package let tooltip: String
  }

  package init(
    name: String, title: String, yLabel: String, groupTitle: String, arms: [String],
    groups: [Group], notes: [String]
  ) {
    self.name = name
    self.title = title
    self.yLabel = yLabel
    self.groupTitle = groupTitle
    self.arms = arms
    self.groups = groups
    self.notes = notes
  }

  /// What the figure shows, for people who cannot see it.
  package var summary: String {
    let bars = groups.flatMap(\.bars).map { $0.tooltip + "." }
    return (["\(yLabel), by \(groupTitle)."] + bars + notes).joined(separator: " ")
  }

  package var numbers: FigureNumbers {
    let rows = groups.flatMap { group in
      zip(arms, group.bars).map { arm, bar in
        [
          group.label, arm, yLabel, FigureNumbers.field(bar.value),
          FigureNumbers.field(bar.interval?.lowerBound),
          FigureNumbers.field(bar.interval?.upperBound), String(bar.runs), String(bar.planned),
        ]
      }
    }
    return FigureNumbers(
      header: ["group", "bar", "value", "mean", "low", "high", "runs", "planned"], rows: rows)
  }

  package func markup(_ medium: FigureMedium) -> Markup { BarFigureSVG.markup(self, medium) }
}

extension BarFigure {
  /// Makes a figure from what a recipe asks for and what is done.
  /// - Throws: `ReportError.impossible` where the recipe asks for what does not exist.
  package init(name: String, _ specification: FigureSpecification, data: Findings) throws {
    let grid = try ValueGrid(
      specification.bars,
      places: ["x": specification.x, "series": specification.series, "over": specification.over],
      baseline: specification.baseline,
      comparable: specification.x + specification.series + specification.over,
      else: "not in the figure", in: data, owner: "figure '\(name)'")
    let isCompared = !specification.baseline.isEmpty
    let writer = ValueWriter(
      format: specification.format, change: isCompared ? specification.change : nil)
    let arms = grid.comparedPoints(of: specification.series)
    let columns = grid.comparedPoints(of: specification.x)
    let groups = columns.flatMap { column in
      grid.references.map { reference in
        let label = grid.label(of: reference, at: column)
        let bars = arms.map { arm in
          Bar(
            reference, at: arm.merging(column) { $1 }, arm: arm, group: label,
            over: specification.over, grid, writer)
        }
        return Group(label: label, bars: bars)
      }
    }
    let metric = OrderedSet(grid.references.map(\.name)).count == 1 ? grid.references[0].name : ""
    let labels = arms.map { $0.isEmpty ? grid.references[0].stage : $0.label }
    self.init(
      name: name,
      title: specification.title ?? "\(grid.references.map(\.name).joined(separator: ", "))"
        + (isCompared ? " against the baseline" : ""),
      yLabel: writer.title(
        of: metric.isEmpty ? "value" : metric, baseline: specification.baseline),
      groupTitle: specification.x.isEmpty
        ? "value" : specification.x.joined(separator: " and "),
      arms: labels, groups: groups,
      notes: Self.notes(specification, groups: groups, arms: labels) + grid.gateNotes)
  }

  private static func notes(
    _ specification: FigureSpecification, groups: [Group], arms: [String]
  ) -> [String] {
    let bars = groups.flatMap(\.bars)
    let over = bars.contains { $0.planned > 1 } ? specification.over : []
    var notes = FigureNotes.means(
      "bar", over: over, bounds: bars.contains { $0.interval != nil } ? "whiskers" : nil)
    let gaps = groups.flatMap { group in
      zip(arms, group.bars).filter { $0.1.value == nil && $0.1.planned > 0 }
        .map { "\($0.0) on \(group.label) has \($0.1.runs) of \($0.1.planned)" }
    }
    if !gaps.isEmpty {
      notes.append("No bar where runs are missing: \(gaps.joined(separator: "; ")).")
    }
    return notes
  }
}

extension BarFigure.Bar {
  fileprivate init(
    _ reference: ValueReference, at point: AxisPoint, arm: AxisPoint, group: String,
    over: [String], _ grid: ValueGrid, _ writer: ValueWriter
  ) {
    let ours = grid.runs(reference, at: point, scale: writer.format.scale)
    let base =
      writer.change == nil
      ? nil : grid.baselineRuns(reference, at: point, scale: writer.format.scale)
    let cell = ours.cell
    let compared = writer.compared(ours, with: base, over: over)
    value = compared?.mean
    interval = compared?.interval
    runs = cell.values.count
    planned = cell.planned
    text = compared.map { writer.text($0.mean) } ?? "–"
    let name = [arm.isEmpty ? reference.stage : arm.label, group].joined(separator: ", ")
    let own = compared?.interval.map { bounds in
      " [\(writer.text(bounds.lowerBound)), \(writer.text(bounds.upperBound))]"
    }
    let plain = ValueWriter(format: writer.format, change: nil)
    let means = [cell.mean, base?.cell.mean].compactMap { $0.map(plain.full) }
    let both = base == nil || means.count < 2 ? "" : ", \(means[0]) against \(means[1])"
    tooltip =
      compared == nil
      ? "\(name): \(cell.values.count) of \(cell.planned) runs are done"
      : "\(name): \(text)\(own ?? "")\(writer.unit)\(both)"
  }
}

/// Draws a bar chart as SVG. Equal figures give equal bytes.
struct BarFigureSVG: FigureDrawing {
  private let figure: BarFigure
  private let frame: FigureFrame
  private let y: AxisScale
  private let labels: [[String]]

  init(_ figure: BarFigure, _ layout: FigureLayout) {
    self.figure = figure
    let width = (layout == .wide ? 672 : 280) / Double(max(1, figure.groups.count))
    labels = figure.groups.map { FigureFrame.lines(of: $0.label, in: width) }
    let lines = Double(labels.map(\.count).max() ?? 1)
    frame = FigureFrame(
      layout, legend: figure.arms, notes: figure.notes, below: 39 + 15 * lines)
    let ends = figure.groups.flatMap(\.bars).flatMap { bar -> [Double] in
      guard let value = bar.value else { return [] }
      return [value, bar.interval?.lowerBound ?? value, bar.interval?.upperBound ?? value]
    }
    // The zero belongs to every bar, and a value is written beyond its end.
    let reach = (ends + [0]).max().map { high in high - ((ends + [0]).min() ?? 0) } ?? 0
    let room = ends.flatMap { [$0, $0 == 0 ? 0 : $0 + ($0 < 0 ? -0.05 : 0.05) * reach] }
    y = AxisScale(room + [0], pixels: (frame.bottom, frame.top), count: 6, isRounded: true)
  }

  var sheet: FigureSheet {
    FigureSheet(figure, frame: frame) { index, x, y in
      SVG.rectangle(x + 4, y - 11, 14, 13, "figure-bar", css: FigureStyle.colour("fill", index))
    }
  }

  /// A bar is no narrower than its number written upright, and no label is cut off.
  var isLegible: Bool {
    groupWidth * 0.84 / Double(max(1, figure.arms.count)) >= 12
      && !labels.joined().contains { $0.hasSuffix("…") }
  }

  var parts: [Markup] {
    let bars = figure.groups.indices.flatMap { group in
      figure.arms.indices.map { bar(group, $0) }
    }
    let isEmpty = figure.groups.flatMap(\.bars).allSatisfy { $0.value == nil }
    return [
      SVG.text(figure.yLabel, frame.margin, frame.top - 12, "figure-soft"),
      SVG.text(
        figure.groupTitle, frame.right, frame.bottom + frame.below - 16, "figure-soft",
        anchor: "end"),
      axes, isEmpty ? sheet.nothing : Markup(bars), zero,
    ]
  }

  // MARK: Axes

  private var groupWidth: Double {
    (frame.right - frame.left) / Double(max(1, figure.groups.count))
  }

  private var axes: Markup {
    let plot = FigurePanel(
      left: frame.left, right: frame.right, top: frame.top, bottom: frame.bottom, isLowest: true)
    let rows = plot.levels(y.ticks, on: y) { _ in "figure-grid" }
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
      css: FigureStyle.colour("fill", arm), tooltip: bar.tooltip)
    return shape + whisker(bar, at: middle) + number(bar, value, at: middle, room: slot)
  }

  private func whisker(_ bar: BarFigure.Bar, at x: Double) -> Markup {
    guard let interval = bar.interval else { return .empty }
    let (high, low) = (y.pixel(interval.upperBound), y.pixel(interval.lowerBound))
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
    let end = y.pixel(
      isBelow ? bar.interval?.lowerBound ?? value : bar.interval?.upperBound ?? value)
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
