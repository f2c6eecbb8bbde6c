import Base
import Model
import Runner

/// The memory that an instance will certainly need, told before anything runs: that of its model's
/// parameters in float32 with what belongs to each. What grows with a batch comes on top.
package struct MemoryNeed {
  package let instance: String
  package let bytes: Int
  let purpose: String

  /// Makes sure that each instance that is to run can have what it needs.
  /// - Throws: `MemoryNeedError` for the first that cannot.
  package static func check(
    _ plan: Plan, folders: DataFolders, limit: MemoryLimit? = MemoryLimit.tightest()
  ) throws(MemoryNeedError) {
    for need in all(of: plan, folders: folders) {
      try MemoryLimit.check(
        need.bytes, of: need.instance, for: need.purpose, advice: Self.advice, limit: limit)
    }
  }

  static let advice = "take a smaller model (hidden, layers, vocabulary) or a larger machine"

  /// The needs of what is to run, as far as the models' sizes are known.
  static func all(of plan: Plan, folders: DataFolders) -> [MemoryNeed] {
    var estimates: [Estimate] = []
    return plan.items.compactMap { item in
      let contents = item.instance.inputs.map {
        ($0.port, estimates[$0.producer].outputs[$0.output] ?? EstimatedData())
      }
      let inputs = EstimateInputs(
        contents: Dictionary(contents) { $1 }, meanTokens: nil, folders: folders)
      let estimate = estimate(item.instance, inputs)
      estimates.append(estimate)
      let models = contents.map(\.1.model) + estimate.outputs.values.map(\.model)
      guard item.state == .toRun, let model = models.compactMap(\.self).first else { return nil }
      let isTrained = (item.instance.stage).map { type(of: $0).isTraining } ?? false
      let count = ParameterLayout(model).count
      return MemoryNeed(
        instance: "'\(item.name)'", bytes: (isTrained ? 16 : 4) * count,
        purpose: isTrained
          ? "weights, gradients and moments of \(count) parameters" : "\(count) weights")
    }
  }

  /// Rows do not matter here, and counting those of a file takes long.
  private static func estimate(_ instance: Instance, _ inputs: EstimateInputs) -> Estimate {
    guard let stage = instance.stage as? any EstimatedStage, !(stage is DatasetStage),
      !(stage is ReadTracesStage)
    else { return Estimate() }
    return stage.estimate(inputs)
  }
}

extension Stage {
  /// Whether it trains a model.
  fileprivate static var isTraining: Bool {
    kept != nil || self is PretrainStage.Type || self is DistillStage.Type || self is RLVRStage.Type
  }
}
