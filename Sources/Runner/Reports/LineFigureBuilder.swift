import OrderedCollections

/// Reads one metric of a finished instance: metric, x, instance.
package typealias CurveReader = (String, String, InstanceResult) throws -> MetricCurve

extension LineFigure {
  /// Makes a figure from what a recipe asks for and what is done.
  /// - Parameter read: reads a curve; the default reads `metrics.h5`.
  /// - Throws: `ReportError.impossible` where the recipe asks for what does not exist, or leaves
  ///   out an axis that the lines depend on.
  package init(
    name: String, _ specification: FigureSpecification, data: ReportData,
    read: CurveReader = { try MetricCurve($0, over: $1, of: $2) }
  ) throws {
    let owner = "figure '\(name)'"
    let reference = try ValueReference(specification.line, in: owner)
    let instances = try data.instances(of: reference.stage, for: owner)
    try data.check(
      ["series": specification.series, "band": specification.band], cover: instances, for: owner)
    var series: [Series] = []
    var gaps: [String] = []
    for point in data.points(of: specification.series, among: instances) {
      let runs = instances.filter { point.includes($0.point) }
      let results = runs.compactMap(data.result)
      let label = point.isEmpty ? reference.stage : point.label
      if results.count < runs.count {
        gaps.append("\(label) has \(results.count) of \(runs.count)")
      }
      let curves = try results.map { try read(reference.name, specification.x, $0) }
      series.append(Series(label: label, runs: curves, smooth: specification.smooth))
    }
    self.init(
      name: name,
      title: specification.title ?? "\(reference.name) of \(reference.stage)",
      xLabel: MetricLabel.text(for: specification.x),
      yLabel: MetricLabel.text(for: reference.name), series: series,
      notes: Self.notes(specification, series: series, gaps: gaps))
  }

  private static func notes(
    _ specification: FigureSpecification, series: [Series], gaps: [String]
  ) -> [String] {
    var notes: [String] = []
    if series.contains(where: { $0.points.contains { $0.deviation != nil } }) {
      let over = specification.band.joined(separator: " and ")
      notes.append("Lines are means over \(over), bands ± 1 sample standard deviation.")
    }
    if specification.smooth > 1 {
      let faint = series.contains { !$0.measured.isEmpty }
      notes.append(
        "Moving average over the last \(specification.smooth) logged steps"
          + (faint ? "; as measured in the background." : "."))
    }
    if !gaps.isEmpty {
      notes.append("Runs that are not done are left out: \(gaps.joined(separator: "; ")).")
    }
    return notes
  }
}
