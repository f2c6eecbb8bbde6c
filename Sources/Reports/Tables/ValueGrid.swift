import Base
import OrderedCollections
import Runner

/// Values that stages published, gathered at points of the axes: what tables and figures show.
struct ValueGrid {
  /// What is shown: stages with the values' names.
  let references: [ValueReference]
  let instances: [PlannedInstance]
  let findings: Findings
  private let baseline: [String: String]

  /// - Parameters:
  ///   - places: the axes that the table or figure names, by the key that names them.
  ///   - baseline: the point that others are compared with.
  ///   - comparable: the axes that the baseline may name; else the words are said of the axis.
  /// - Throws: `ReportError.impossible` where the recipe asks for what does not exist.
  init(
    _ values: [String], places: KeyValuePairs<String, [String]>, baseline: [String: String],
    comparable: [String], else words: String, in findings: Findings, owner: String
  ) throws {
    references = try values.map { try ValueReference($0, in: owner) }
    instances = try findings.instances(of: references, for: owner)
    self.findings = findings
    self.baseline = baseline
    try findings.check(places, cover: instances, for: owner)
    try checkBaseline(among: comparable, else: words, owner: owner)
    for reference in references { try findings.check(reference, of: instances, for: owner) }
  }

  /// What gates stopped or marked of it, a sentence each.
  var gateNotes: [String] { findings.gateNotes(among: instances) }

  /// The points of some axes, in the order of the axes' values.
  func points(of axes: [String]) -> [AxisPoint] { findings.points(of: axes, among: instances) }

  func comparedPoints(of axes: [String]) -> [AxisPoint] {
    points(of: axes).filter { !isBaseline($0) }
  }

  /// The runs of a stage at a point; those that do not depend on one of its axes belong to it.
  func runs(_ reference: ValueReference, at point: AxisPoint, scale: Double) -> CellRuns {
    CellRuns(reference, at: point, of: instances, in: findings, scale: scale)
  }

  /// The runs that those at a point are compared with: the same point on the baseline's axes.
  func baselineRuns(_ reference: ValueReference, at point: AxisPoint, scale: Double) -> CellRuns {
    var base = point
    for (axis, text) in baseline {
      base[axis] = findings.axes[axis]?.first { $0.label == text } ?? .string(text)
    }
    return runs(reference, at: base, scale: scale)
  }

  func isBaseline(_ point: AxisPoint) -> Bool {
    !baseline.isEmpty && baseline.allSatisfy { point[$0.key]?.label == $0.value }
  }

  func label(of reference: ValueReference) -> String {
    let isOneStage = Set(references.map(\.stage)).count == 1
    return isOneStage ? reference.name : reference.description
  }

  /// What a value at a point is called where several are shown side by side.
  func label(of reference: ValueReference, at point: AxisPoint) -> String {
    if point.isEmpty { return label(of: reference) }
    return references.count == 1 ? point.label : "\(point.label) · \(label(of: reference))"
  }

  private func checkBaseline(among axes: [String], else words: String, owner: String) throws {
    for (axis, text) in baseline.sorted(by: { $0.key < $1.key }) {
      guard axes.contains(axis) else {
        throw ReportError.impossible("\(owner): the baseline's axis '\(axis)' is \(words)")
      }
      let values = findings.axes[axis, default: []].map(\.label)
      guard values.contains(text) else {
        let hint = suggestion(for: text, among: values)
        throw ReportError.impossible("\(owner): the axis '\(axis)' has no value '\(text)'\(hint)")
      }
    }
  }
}

/// How a figure writes the values of stages, plain or compared with a baseline.
struct ValueWriter {
  let format: NumberFormat
  /// How they are compared; nil for plain values.
  let change: FigureChange?

  /// What runs along the axis of these values, with its unit.
  func title(of metric: String, baseline: [String: String]) -> String {
    let plain = MetricLabel.text(for: metric)
    let base = baseline.sorted { $0.key < $1.key }.map(\.value).joined(separator: " · ")
    switch (change, format) {
    case (nil, .percent): return "\(metric) (%)"
    case (nil, _): return plain
    case (.difference, .percent): return "\(metric), change against \(base) (percentage points)"
    case (.difference, _): return "change against \(base): \(plain)"
    case (.relative, .percent): return "\(metric), change relative to \(base) (%)"
    case (.relative, _): return "\(metric), change relative to \(base) (1 = doubled)"
    }
  }

  /// The unit behind a single number.
  var unit: String {
    format == .percent ? (change == .difference ? " points" : " %") : ""
  }

  func text(_ value: Double) -> String {
    guard change != nil else {
      return format == .percent ? NumberText.fixed(value, decimals: 1) : NumberText.short(value)
    }
    if abs(value) >= 1e7 { return (value < 0 ? "" : "+") + NumberText.short(value) }
    return NumberText.signed(value, decimals: decimals(of: value))
  }

  /// A number with its unit.
  func full(_ value: Double) -> String { text(value) + unit }

  private func decimals(of value: Double) -> Int {
    switch (change, format) {
    case (.relative, .percent): 0
    case (.difference, .percent): 1
    case (.relative, _): 2
    default: NumberText.decimals(for: abs(value))
    }
  }

  /// The mean of some runs, or how it compares with the baseline's, with the 95 % interval.
  /// - Parameter over: the axes that both are means over; runs pair up at equal points of them.
  /// - Returns: nil where runs are missing, or the two must not be compared.
  func compared(
    _ runs: CellRuns, with base: CellRuns?, over: [String]
  ) -> (mean: Double, interval: ClosedRange<Double>?)? {
    guard let change else {
      let cell = runs.cell
      return cell.mean.map { ($0, cell.interval) }
    }
    guard let comparison = base.flatMap({ runs.comparison(with: $0, over: over) })
    else { return nil }
    if change == .difference {
      return comparison.difference.map { ($0, comparison.interval) }
    }
    return comparison.relative.map { ratio in
      let scale = format.scale
      let interval = comparison.relativeInterval.map {
        ($0.lowerBound * scale)...($0.upperBound * scale)
      }
      return (ratio * scale, interval)
    }
  }
}
