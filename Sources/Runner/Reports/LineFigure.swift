import OrderedCollections

/// A line chart with its numbers, ready to be drawn.
public struct LineFigure: Sendable {
  /// The name in the recipe, which names the file too.
  public let name: String
  /// The heading.
  public let title: String
  /// What runs along the horizontal axis.
  public let xLabel: String
  /// What runs along the vertical axis, with its unit where it is known.
  public let yLabel: String
  /// The lines.
  public let series: [Series]
  /// What the lines mean and what is missing: a sentence each.
  public let notes: [String]

  /// Gathers a figure.
  package init(
    name: String, title: String, xLabel: String, yLabel: String, series: [Series],
    notes: [String] = []
  ) {
    self.name = name
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
    self.series = series
    self.notes = notes
  }

  /// One line: the mean over some runs.
  public struct Series: Sendable, Equatable {
    /// What the legend calls it.
    public let label: String
    /// The points, by ascending x.
    public let points: [Point]
    /// What a lone run measured, drawn faintly behind its moving average; else empty.
    public let measured: [Point]
  }

  /// One point of a line.
  public struct Point: Sendable, Equatable {
    /// The place along the horizontal axis.
    public let x: Double
    /// The mean over runs; NaN for a gap.
    public let y: Double
    /// The sample standard deviation over runs; nil for a lone run.
    public let deviation: Double?
  }
}

extension LineFigure.Series {
  /// The mean of some runs at every x that all of them reached.
  ///
  /// Each run is smoothed before the mean is taken, so that the band shows how runs differ and not
  /// how noisy each is. Where one run has a gap, so has the line: a mean over fewer runs would jump.
  package init(label: String, runs: [MetricCurve], smooth window: Int) {
    self.label = label
    let curves = runs.map { $0.smoothed(window) }
    points = Self.join(curves)
    measured = runs.count == 1 && window > 1 ? Self.join(runs) : []
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
        deviation: Statistics.standardDeviation(values))
    }
  }
}
