/// What the points of a line cost: a value that a stage published, or the sum of a logged metric.
struct TargetCost {
  private let reference: ValueReference
  private let instances: [ExpectedInstance]
  private let data: ReportData
  private let read: CurveReader

  init?(
    _ text: String?, _ data: ReportData, _ read: @escaping CurveReader, owner: String
  ) throws {
    guard let text else { return nil }
    reference = try ValueReference(text, in: owner)
    instances = try data.instances(of: reference.stage, for: owner)
    self.data = data
    self.read = read
  }

  var unit: String { MetricLabel.unit(of: reference.name) ?? reference.name }

  var note: String {
    "The cost is \(reference), summed over the steps where it is logged by step, as a mean over"
      + " runs and interpolated likewise."
  }

  /// The mean cost of the runs at a point; nil until all of them are done.
  func mean(at point: AxisPoint) throws -> Double? {
    let runs = instances.filter { point.includes($0.point) }
    let results = runs.compactMap(data.result)
    guard !runs.isEmpty, results.count == runs.count else { return nil }
    return Statistics.mean(try results.map(cost))
  }

  private func cost(of result: InstanceResult) throws -> Double {
    if let value = result.values[reference.name]?.number { return value }
    return try read(reference.name, "step", result).y.filter(\.isFinite).reduce(0, +)
  }
}
