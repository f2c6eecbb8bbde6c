import Base
import OrderedCollections
import Runner

/// What the runs of one cell gave, in the unit that the stage publishes.
struct CellRuns {
  /// A run that is done.
  struct Run {
    /// The point of the axes.
    let point: AxisPoint
    /// The value shown.
    let value: Double
    /// What the stage published beside it.
    let result: InstanceResult
    /// The results of each problem.
    let scores: ProblemScores?
  }

  /// The value's name.
  let name: String
  /// How many runs the plan holds.
  let planned: Int
  /// Those that are done.
  let runs: [Run]
  /// What numbers are multiplied by to be shown.
  let scale: Double

  /// The value of each problem, by run; nil where a run has none.
  var problemValues: [[Double]]? {
    let values = runs.compactMap { $0.scores?.values(name) }
    return values.isEmpty || values.count < runs.count ? nil : values
  }

  /// The mean over runs; nil until all of them are done.
  var mean: Double? {
    runs.count == planned ? Statistics.mean(runs.map(\.value)) : nil
  }

  /// Whether all runs were measured on the same problems.
  private var hasSameProblems: Bool {
    guard let first = runs.first?.scores else { return false }
    return runs.allSatisfy { $0.scores.map(first.hasProblems) == true }
  }

  /// The cell, not compared yet.
  var cell: TableReport.Cell {
    TableReport.Cell(
      planned: planned, done: runs.count, values: runs.map { $0.value * scale },
      problems: common { $0.scores?.problems.count ?? $0.result.values["problems"]?.number?.whole },
      samples: common { $0.scores.map(\.samples) ?? $0.result.values["samples"]?.number?.whole },
      standardError: standardError.map { $0 * scale },
      samplingError: runs.count == 1
        ? runs.first?.scores?.samplingError(name).map { $0 * scale } : nil)
  }

  private var standardError: Double? {
    guard runs.count == planned else { return nil }
    if let values = problemValues {
      guard hasSameProblems else { return nil }
      return Statistics.clusteredStandardError(
        values[0].indices.map { problem in values.map { $0[problem] } })
    }
    guard planned == 1, let run = runs.first else { return nil }
    return run.result.values[name + "_standard_error"]?.number
  }

  /// A number that all runs agree in.
  private func common(_ number: (Run) -> Int?) -> Int? {
    let numbers = Set(runs.map(number))
    return numbers.count == 1 ? numbers.first ?? nil : nil
  }

  /// The cell's comparison with a baseline.
  /// - Parameter over: the axes that both are means over; runs pair up at equal points of them.
  func comparison(with base: CellRuns, over: [String]) -> TableReport.Comparison? {
    guard let ours = mean, let theirs = base.mean else { return nil }
    var found = TableReport.Comparison(
      difference: (ours - theirs) * scale, relative: theirs > 0 ? ours / theirs - 1 : nil)
    guard problemValues != nil, base.problemValues != nil else { return found }
    let pairs = pairs(with: base, over: over)
    if let pair = pairs.first(where: { !$0.isSameProblems }) {
      return TableReport.Comparison(refusal: pair.refusal)
    }
    guard pairs.count == max(runs.count, base.runs.count), hasSameProblems else {
      let reason = hasSameProblems ? "runs do not pair up" : "runs have different problems"
      found.refusal = "no interval, because its \(reason)"
      return found
    }
    add(pairs, to: &found)
    if runs.count == 1, base.runs.count == 1 { found.mcNemar = pairs.first?.mcNemar(name) }
    return found
  }

  private func add(_ pairs: [RunPair], to comparison: inout TableReport.Comparison) {
    let values = pairs.compactMap { pair -> (ours: [Double], base: [Double])? in
      guard let ours = pair.ours.values(name), let base = pair.base.values(name) else { return nil }
      return (ours, base)
    }
    let paired = PairedDifference(first: values.map(\.base), second: values.map(\.ours))
    comparison.interval = paired?.interval.map { bounds in
      (bounds.lowerBound * scale)...(bounds.upperBound * scale)
    }
    comparison.relativeInterval = comparison.relative == nil ? nil : paired?.ratioInterval
  }

  /// Runs at equal points of the axes that both depend on.
  private func pairs(with base: CellRuns, over: [String]) -> [RunPair] {
    runs.flatMap { run in
      base.runs.compactMap { other -> RunPair? in
        let isPair = over.allSatisfy { axis in
          guard let own = run.point[axis], let its = other.point[axis] else { return true }
          return own == its
        }
        guard isPair, let ours = run.scores, let base = other.scores else { return nil }
        return RunPair(ours: ours, base: base)
      }
    }
  }
}

extension CellRuns {
  /// Gathers the runs of a stage that belong to a point of the axes.
  init(
    _ reference: ValueReference, at point: AxisPoint, of instances: [ExpectedInstance],
    data: ReportData, scores: TableScores, scale: Double
  ) {
    let planned = instances.filter { $0.stageName == reference.stage && point.includes($0.point) }
    let runs = planned.compactMap { instance -> Run? in
      guard let result = data.result(of: instance),
        let value = scores.number(reference.name, of: result), value.isFinite
      else { return nil }
      return Run(point: instance.point, value: value, result: result, scores: scores.of(result))
    }
    self.init(name: reference.name, planned: planned.count, runs: runs, scale: scale)
  }
}

/// A run and the run of the baseline that it is compared with.
private struct RunPair {
  let ours: ProblemScores
  let base: ProblemScores

  var isSameProblems: Bool { ours.hasProblems(of: base) }

  /// Why two runs on different problems are not compared.
  var refusal: String {
    let shared = Set(ours.problems).intersection(base.problems).count
    return "not compared, because its \(ours.problems.count) problems are not the baseline's "
      + "\(base.problems.count) (\(shared) in both); measure both on the same"
  }

  /// McNemar's test where each problem was answered once.
  func mcNemar(_ name: String) -> McNemarTest? {
    guard ours.isSingle, base.isSingle, ProblemScores.passCount(name) == nil,
      let first = base.values(name), let second = ours.values(name)
    else { return nil }
    return McNemarTest(first: first, second: second)
  }
}

extension Double {
  /// The number as an integer, where it is one.
  fileprivate var whole: Int? { Int(exactly: self) }
}

/// Values that stages published, gathered at points of the axes.
struct ValueGrid {
  /// What the figure shows: stages with the values' names.
  let references: [ValueReference]
  /// The planned instances of these stages.
  let instances: [ExpectedInstance]
  /// How values are written, and what they are multiplied by.
  let format: NumberFormat
  private let data: ReportData
  private let baseline: [String: String]

  /// The runs at one point.
  struct Cell: Sendable, Equatable {
    /// How many runs the plan holds; 0 where the recipe leaves the point out.
    let planned: Int
    /// What each run published, in the unit shown; runs that are not done are not there.
    let values: [Double]
    /// The standard error over problems that a lone run published with its value.
    let standardError: Double?

    /// The mean over runs; nil until all of them are done.
    var mean: Double? {
      planned > 0 && values.count == planned ? Statistics.mean(values) : nil
    }
    /// What stands behind ±: the sample standard deviation over runs, or the standard error of a
    /// lone run.
    var spread: Double? {
      mean == nil ? nil : planned > 1 ? Statistics.standardDeviation(values) : standardError
    }
  }

  /// Gathers the stages' instances.
  /// - Parameter places: the axes that the figure names, by the key that names them.
  /// - Throws: `ReportError.impossible` where the recipe asks for what does not exist.
  init(
    _ values: [String], places: KeyValuePairs<String, [String]>,
    _ specification: FigureSpecification, data: ReportData, owner: String
  ) throws {
    let references = try values.map { try ValueReference($0, in: owner) }
    let instances = try OrderedSet(references.map(\.stage)).flatMap {
      try data.instances(of: $0, for: owner)
    }
    try data.check(places, cover: instances, for: owner)
    self.references = references
    self.instances = instances
    self.data = data
    format = specification.format
    baseline = specification.baseline
    for reference in references { try check(reference, owner: owner) }
    try checkBaseline(places.flatMap(\.value), owner: owner)
  }

  /// The points of some axes, in the order of the axes' values.
  func points(of axes: [String]) -> [AxisPoint] { data.points(of: axes, among: instances) }

  /// The points of some axes that are not those of the baseline.
  func comparedPoints(of axes: [String]) -> [AxisPoint] {
    points(of: axes).filter { !isBaseline($0) }
  }

  /// The runs of a stage at a point; those that do not depend on one of its axes belong to it.
  func cell(_ reference: ValueReference, at point: AxisPoint) -> Cell {
    let runs = instances.filter { $0.stageName == reference.stage && point.includes($0.point) }
    let results = runs.compactMap(data.result)
    let values = results.compactMap { $0.values[reference.name]?.number }.filter(\.isFinite)
    let error = results.first?.values[reference.name + "_standard_error"]?.number
    return Cell(
      planned: runs.count, values: values.map { $0 * format.scale },
      standardError: runs.count == 1 ? error.map { $0 * format.scale } : nil)
  }

  /// The runs that those at a point are compared with: the same point on the baseline's axes.
  func baselineCell(_ reference: ValueReference, at point: AxisPoint) -> Cell {
    var base = point
    for (axis, text) in baseline {
      base[axis] = data.axes[axis]?.first { $0.label == text } ?? .string(text)
    }
    return cell(reference, at: base)
  }

  /// Whether a point is the baseline's.
  func isBaseline(_ point: AxisPoint) -> Bool {
    !baseline.isEmpty && baseline.allSatisfy { point[$0.key]?.label == $0.value }
  }

  /// What a value at a point is called where several are shown side by side.
  func label(of reference: ValueReference, at point: AxisPoint) -> String {
    let isOneStage = Set(references.map(\.stage)).count == 1
    let name = isOneStage ? reference.name : reference.description
    if point.isEmpty { return name }
    return references.count == 1 ? point.label : "\(point.label) · \(name)"
  }

  private func check(_ reference: ValueReference, owner: String) throws {
    let results = instances.filter { $0.stageName == reference.stage }.compactMap(data.result)
    if results.isEmpty || results.contains(where: { $0.values[reference.name] != nil }) { return }
    let names = Set(results.flatMap { $0.values.filter { $0.value.number != nil }.keys }).sorted()
    let hint = suggestion(for: reference.name, among: names)
    throw ReportError.impossible(
      "\(owner): \(reference.stage) publishes no value '\(reference.name)'\(hint)")
  }

  private func checkBaseline(_ axes: [String], owner: String) throws {
    for (axis, text) in baseline.sorted(by: { $0.key < $1.key }) {
      guard axes.contains(axis) else {
        throw ReportError.impossible("\(owner): the baseline's axis '\(axis)' is not in the figure")
      }
      let values = data.axes[axis, default: []].map(\.label)
      guard values.contains(text) else {
        let hint = suggestion(for: text, among: values)
        throw ReportError.impossible("\(owner): the axis '\(axis)' has no value '\(text)'\(hint)")
      }
    }
  }
}

/// How a figure writes the values of stages, plain or compared with a baseline.
struct ValueWriter {
  /// How values are written.
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

  /// A number.
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

  /// A cell's mean compared with its baseline's, with the cell's own spread in the same unit.
  func compared(
    _ cell: ValueGrid.Cell, with base: ValueGrid.Cell?
  ) -> (mean: Double, spread: Double?)? {
    guard let mean = cell.mean else { return nil }
    guard let change, let base else { return change == nil ? (mean, cell.spread) : nil }
    guard let reference = base.mean else { return nil }
    if change == .difference { return (mean - reference, cell.spread) }
    let scale = format.scale / reference
    let ratio = (mean - reference) * scale
    return ratio.isFinite ? (ratio, cell.spread.map { abs($0 * scale) }) : nil
  }
}
