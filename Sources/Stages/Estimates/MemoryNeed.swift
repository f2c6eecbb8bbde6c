import Base
import Foundation
import Model
import Runner

/// The memory that an instance needs, told before anything runs (`EstimatedMemory`).
package struct MemoryNeed {
  package let instance: String
  package let memory: EstimatedMemory
  package let disk: EstimatedDisk
  /// The most tokens of a completion that it samples; nil where it samples none.
  let maxTokens: Int?
  /// How many tokens its model can see.
  let context: Int
  let purpose: String
  /// What would need less.
  let advice: String

  static let advice = "take a smaller model (hidden, layers, vocabulary) or a larger machine"

  /// Makes sure that each instance that is to run can have what it needs in any case.
  /// - Returns: a sentence about the instance that may need most, where that is more than there is:
  ///   completions may turn out shorter, so that it is no reason not to begin.
  /// - Throws: `MemoryNeedError` for the first that cannot.
  package static func check(
    _ plan: Plan, folders: DataFolders,
    threads: Int = ProcessInfo.processInfo.activeProcessorCount,
    limit: MemoryLimit? = MemoryLimit.tightest()
  ) throws(MemoryNeedError) -> String? {
    try check(all(of: plan, folders: folders, threads: threads), limit: limit)
  }

  /// The same, of what is known to be needed.
  static func check(
    _ needs: [MemoryNeed], limit: MemoryLimit? = MemoryLimit.tightest()
  ) throws(MemoryNeedError) -> String? {
    for need in needs {
      try MemoryLimit.check(
        need.memory.least, of: "'\(need.instance)'", for: need.purpose, advice: need.advice,
        limit: limit)
    }
    guard let limit, let greatest = needs.max(by: { $0.memory.most < $1.memory.most }),
      greatest.memory.most > limit.free
    else { return nil }
    return
      "'\(greatest.instance)' takes up to \(MemoryLimit.text(greatest.memory.most)) of memory if "
      + "texts are as long as they may be, but of what \(limit.name) allows "
      + "\(MemoryLimit.text(limit.free)) are free; it may be ended for that. A smaller batch_size, "
      + "group or max_tokens needs less"
  }

  /// How much each instance that is to run may need at most, in bytes by name, as far as the models'
  /// sizes are known.
  package static func most(
    of plan: Plan, folders: DataFolders, threads: Int
  ) -> [String: Int] {
    let needs = all(of: plan, folders: folders, threads: threads)
    return Dictionary(needs.map { ($0.instance, $0.memory.most) }) { max($0, $1) }
  }

  /// The needs of what is to run, as far as the models' sizes are known.
  package static func all(
    of plan: Plan, folders: DataFolders, threads: Int
  ) -> [MemoryNeed] {
    // What only looks costs nothing, however many instances there are.
    guard plan.items.contains(where: { $0.state == .toRun }) else { return [] }
    var estimates: [Estimate] = []
    return plan.items.compactMap { item in
      let contents = item.instance.inputs.map {
        ($0.port, estimates[$0.producer].outputs[$0.output] ?? EstimatedData())
      }
      let inputs = EstimateInputs(
        contents: Dictionary(contents) { $1 }, meanTokens: nil, folders: folders, threads: threads)
      let estimate = estimate(item.instance, inputs)
      estimates.append(estimate)
      let models = contents.map(\.1.model) + estimate.outputs.values.map(\.model)
      guard item.state == .toRun, let model = models.compactMap(\.self).first else { return nil }
      let weights = MemoryUse(model, threads: threads).weights
      let count = weights / 4
      return MemoryNeed(
        instance: item.name,
        memory: estimate.memory ?? EstimatedMemory(least: weights, most: weights),
        disk: estimate.outputs.values.contains { $0.model != nil }
          ? item.instance.stage.map { EstimatedDisk($0, count: count) } ?? .nothing : .nothing,
        maxTokens: item.instance.stage?.sampledTokens, context: model.contextLength,
        purpose: item.instance.stage?.purpose(ofMemoryFor: count) ?? "\(count) weights",
        advice: item.instance.stage?.adviceOnMemory ?? advice)
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
  /// What takes the memory that it needs in any case.
  /// - Parameter count: of the model's parameters.
  fileprivate func purpose(ofMemoryFor count: Int) -> String {
    if trainsAdapters {
      return "\(count) frozen weights, and adapters with their gradients and moments"
    }
    if Self.kept != nil || self is PretrainStage || self is DistillStage || self is RLVRStage {
      return "weights, gradients and moments of \(count) parameters"
    }
    let handsOn = self is PretrainedModelStage || self is KeptModelStage || self is SelectStage
    return handsOn ? "a part of \(count) weights" : "\(count) weights"
  }

  /// What would need less.
  fileprivate var adviceOnMemory: String {
    let mayTrainAdapters = self is DistillStage || self is RLVRStage
    return mayTrainAdapters && !trainsAdapters
      ? "train adapters ('lora'), or \(MemoryNeed.advice)" : MemoryNeed.advice
  }

  var trainsAdapters: Bool {
    ((self as? DistillStage)?.parameters.lora ?? (self as? RLVRStage)?.parameters.lora) != nil
  }
}
