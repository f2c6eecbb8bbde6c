import OrderedCollections

/// Reads one metric of a finished instance: metric, x, instance.
package typealias CurveReader = (String, String, InstanceResult) throws -> MetricCurve

extension LineFigure {
  /// Makes a figure from what a recipe asks for and what is done: over an axis of the recipe where
  /// `x` names one, else over a logged metric.
  /// - Parameter read: reads a curve; the default reads `metrics.h5`.
  /// - Throws: `ReportError.impossible` where the recipe asks for what does not exist, or leaves
  ///   out an axis that the lines depend on.
  package init(
    name: String, _ specification: FigureSpecification, data: ReportData,
    read: @escaping CurveReader = { try MetricCurve($0, over: $1, of: $2) }
  ) throws {
    if let x = specification.x.first, data.axes[x] != nil {
      try self.init(name: name, specification, over: x, data: data, read: read)
    } else {
      try self.init(metrics: name, specification, data: data, read: read)
    }
  }

  /// One line of each panel: a stage at a point of the axes of `series`.
  private struct Arm {
    let stage: String
    let label: String
    let planned: Int
    let results: [InstanceResult]
  }

  private init(
    metrics name: String, _ specification: FigureSpecification, data: ReportData, read: CurveReader
  ) throws {
    let owner = "figure '\(name)'"
    let references = try specification.line.map { try ValueReference($0, in: owner) }
    let x = specification.x.first ?? "step"
    let arms = try Self.arms(of: references, specification, data: data, for: owner)
    let metrics = OrderedSet(references.map(\.name)).elements
    let panels = try metrics.map { metric in
      let series = try arms.map { arm in
        let isDrawn = references.contains { $0.stage == arm.stage && $0.name == metric }
        let curves = try isDrawn ? arm.results.map { try read(metric, x, $0) } : []
        return Series(
          label: arm.label, runs: curves, smooth: specification.smooth,
          showsMeasured: metrics.count > 1)
      }
      return Panel(
        yLabel: MetricLabel.text(for: metric), series: series,
        bounds: MetricLabel.isShare(metric) ? 0...1 : nil)
    }
    let stages = OrderedSet(references.map(\.stage)).joined(separator: " and ")
    let gaps = arms.filter { $0.results.count < $0.planned }
      .map { "\($0.label) has \($0.results.count) of \($0.planned)" }
    self.init(
      name: name,
      title: specification.title ?? "\(metrics.joined(separator: ", ")) of \(stages)",
      xLabel: MetricLabel.text(for: x), panels: panels,
      notes: Self.notes(specification, series: panels.flatMap(\.series), gaps: gaps))
  }

  private static func arms(
    of references: [ValueReference], _ specification: FigureSpecification, data: ReportData,
    for owner: String
  ) throws -> [Arm] {
    let stages = OrderedSet(references.map(\.stage))
    let all = try stages.flatMap { try data.instances(of: $0, for: owner) }
    try data.check(
      ["series": specification.series, "band": specification.band], cover: all, for: owner)
    return stages.flatMap { stage -> [Arm] in
      let instances = all.filter { $0.stageName == stage }
      let axes = specification.series.filter { axis in
        instances.contains { $0.point[axis] != nil }
      }
      return data.points(of: axes, among: instances).map { point in
        let runs = instances.filter { point.includes($0.point) }
        let parts = (stages.count > 1 || point.isEmpty ? [stage] : []) + [point.label]
        return Arm(
          stage: stage, label: parts.filter { !$0.isEmpty }.joined(separator: " · "),
          planned: runs.count, results: runs.compactMap(data.result))
      }
    }
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
