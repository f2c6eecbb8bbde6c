import OrderedCollections

/// A line chart with its numbers, ready to be drawn: one panel, or several that share their
/// horizontal axis.
package struct LineFigure: Figure {
  /// The name in the recipe, which names the file too.
  package let name: String
  /// The heading.
  package let title: String
  /// What runs along the horizontal axis.
  package let xLabel: String
  /// The panels. All have the same lines in the same order.
  package let panels: [Panel]
  /// The value that is to be reached, and where each line does.
  package let target: Target?
  /// What the lines mean and what is missing: a sentence each.
  package let notes: [String]

  /// Gathers a figure of one panel.
  package init(
    name: String, title: String, xLabel: String, yLabel: String, series: [Series],
    bounds: ClosedRange<Double>? = nil, target: Target? = nil, notes: [String] = []
  ) {
    self.init(
      name: name, title: title, xLabel: xLabel,
      panels: [Panel(yLabel: yLabel, series: series, bounds: bounds)], target: target,
      notes: notes)
  }

  /// Gathers a figure.
  package init(
    name: String, title: String, xLabel: String, panels: [Panel], target: Target? = nil,
    notes: [String] = []
  ) {
    self.name = name
    self.title = title
    self.xLabel = xLabel
    self.panels = panels
    self.target = target
    self.notes = notes
  }

  /// The lines of the first panel.
  package var series: [Series] { panels.first?.series ?? [] }

  /// One picture.
  package struct Panel: Sendable {
    /// What runs along the vertical axis, with its unit where it is known.
    package let yLabel: String
    /// The lines.
    package let series: [Series]
    /// Where values can lie, as for shares; bands end there.
    package let bounds: ClosedRange<Double>?

    /// Gathers a panel.
    package init(yLabel: String, series: [Series], bounds: ClosedRange<Double>? = nil) {
      self.yLabel = yLabel
      self.series = series
      self.bounds = bounds
    }
  }

  /// One line: the mean over some runs.
  package struct Series: Sendable, Equatable {
    /// What the legend calls it.
    package let label: String
    /// The points, by ascending x.
    package let points: [Point]
    /// What was measured, drawn faintly behind its moving average; else empty.
    package let measured: [Point]
    /// Whether each point is marked, as where there are few.
    package var isMarked = false
  }

  /// One point of a line.
  package struct Point: Sendable, Equatable {
    /// The place along the horizontal axis.
    package let x: Double
    /// The mean over runs; NaN for a gap.
    package let y: Double
    /// The sample standard deviation over runs; nil for a lone run.
    package let deviation: Double?
    /// How many runs there are; 0 where nobody counted.
    package let runs: Int

    /// Describes a point.
    package init(x: Double, y: Double, deviation: Double?, runs: Int = 0) {
      self.x = x
      self.y = y
      self.deviation = deviation
      self.runs = runs
    }
  }

  /// A value that the lines should reach.
  package struct Target: Sendable, Equatable {
    /// The value, in the unit of the vertical axis.
    package let value: Double
    /// The value for people.
    package let label: String
    /// Where each line first reaches it; nil for those that do not.
    package let crossings: [TargetCrossing?]
  }
}

extension LineFigure.Series {
  /// The mean of some runs at every x that all of them reached.
  ///
  /// Each run is smoothed before the mean is taken, so that the band shows how runs differ and not
  /// how noisy each is. Where one run has a gap, so has the line: a mean over fewer runs would jump.
  /// - Parameter showsMeasured: whether the mean as measured is drawn behind the moving average of
  ///   several runs as well; it always is for a lone run.
  package init(
    label: String, runs: [MetricCurve], smooth window: Int, showsMeasured: Bool = false
  ) {
    self.label = label
    let curves = runs.map { $0.smoothed(window) }
    points = Self.join(curves)
    measured = (showsMeasured || runs.count == 1) && window > 1 ? Self.join(runs) : []
  }

  /// A line through points that were measured one by one.
  package init(label: String, marked points: [LineFigure.Point]) {
    self.label = label
    self.points = points
    measured = []
    isMarked = true
  }

  private static func join(_ curves: [MetricCurve]) -> [LineFigure.Point] {
    let tables = curves.map { curve in
      Dictionary(zip(curve.x, curve.y)) { $1 }
    }
    guard let first = curves.first else { return [] }
    let shared = OrderedSet(first.x).filter { x in tables.allSatisfy { $0[x] != nil } }
    return shared.map { x in
      let values = tables.compactMap { $0[x] }
      guard values.allSatisfy(\.isFinite) else {
        return LineFigure.Point(x: x, y: .nan, deviation: nil)
      }
      return LineFigure.Point(
        x: x, y: Statistics.mean(values) ?? .nan,
        deviation: Statistics.standardDeviation(values), runs: values.count)
    }
  }
}

extension LineFigure {
  /// What the figure shows, for people who cannot see it.
  package var summary: String {
    let panels = panels.flatMap { panel in
      ["\(panel.yLabel) over \(xLabel)."] + panel.series.map(Self.sentence)
    }
    let reached = target.map { ["The target is \($0.label)."] } ?? []
    return (panels + reached + notes).joined(separator: " ")
  }

  private static func sentence(_ line: Series) -> String {
    let drawn = line.points.filter { !$0.y.isNaN }
    guard let first = drawn.first, let last = drawn.last else {
      return "\(line.label): nothing measured yet."
    }
    return "\(line.label): from \(NumberText.short(first.y)) at \(NumberText.short(first.x))"
      + " to \(NumberText.short(last.y)) at \(NumberText.short(last.x))."
  }

  /// A row for each point, gaps included.
  package var numbers: FigureNumbers {
    let rows = panels.flatMap { panel in
      panel.series.flatMap { line -> [[String]] in
        let measured = Dictionary(line.measured.map { ($0.x, $0.y) }) { $1 }
        return line.points.map { point in
          [
            panel.yLabel, line.label, FigureNumbers.field(point.x), FigureNumbers.field(point.y),
            FigureNumbers.field(point.deviation), point.runs == 0 ? "" : String(point.runs),
            FigureNumbers.field(measured[point.x]),
          ]
        }
      }
    }
    let reached = zip(series, target?.crossings ?? []).map { line, crossing in
      [
        "target \(target?.label ?? "")", line.label, FigureNumbers.field(crossing?.x),
        FigureNumbers.field(target?.value), "", "", "",
      ]
    }
    return FigureNumbers(
      header: ["value", "line", xLabel, "mean", "spread", "runs", "measured"],
      rows: rows + reached)
  }
}
