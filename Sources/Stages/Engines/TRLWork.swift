import Base
import Foundation
import Model
import TRLAdapter

/// A training as the adapter is told of it, and what is logged of it.
protocol TRLWork: Sendable {
  var trl: TRLParameters { get }
  /// The steps that are logged.
  var steps: Int { get }
  /// Optimiser updates in a step, which the adapter counts.
  var updatesPerStep: Int { get }

  /// Writes `request.json`, and what it speaks of.
  /// - Parameters:
  ///   - model: the folder of the model to start from.
  ///   - keep: the steps after which the weights are to be kept.
  func write(to folder: URL, model: URL, keep: Set<Int>) throws

  /// What is logged of a step under the names of native training.
  /// - Parameters:
  ///   - said: what TRL says of its last update, under TRL's names.
  ///   - folder: where the training lies.
  /// - Throws: `TRLError` where something is missing.
  mutating func metrics(
    step: Int, said: [String: Double], seconds: Double, in folder: URL
  ) throws -> [String: Double]
}

extension OptimiserParameters {
  /// The arguments of TRL's configurations that say how weights change, by name.
  func trlArguments(
    _ trl: TRLParameters, perDevice: Int, batchSize: Int, updates: Int, seed: Int
  )
    -> [String: JSONValue]
  {
    let accumulation = trl.accumulation(of: batchSize, perDevice: perDevice) ?? 1
    let optimiser: [String: JSONValue] = [
      "per_device_train_batch_size": .integer(perDevice),
      "gradient_accumulation_steps": .integer(accumulation),
      "max_steps": .integer(updates),
      "learning_rate": .number(learningRate),
      "lr_scheduler_type": .string(schedule.transformersName),
      "warmup_steps": .integer(warmupSteps),
      "weight_decay": .number(weightDecay),
      "adam_beta1": .number(beta1), "adam_beta2": .number(beta2),
      "adam_epsilon": .number(epsilon),
      "max_grad_norm": .number(maxGradientNorm),
      "bf16": .boolean(precision == .bfloat16),
      // The adapter asks for the others as time goes by.
      "save_steps": .integer(updates),
      "seed": .integer(seed), "data_seed": .integer(seed),
      // With null the adapter takes a GPU where there is one.
      "use_cpu": trl.device == .any ? .null : .boolean(trl.device == .cpu),
    ]
    let shards = trl.shardingArguments(self, perDevice: perDevice, accumulation: accumulation)
    return optimiser.merging(shards) { $1 }
  }
}

extension Schedule {
  fileprivate var transformersName: String {
    switch self {
    case .constant: "constant_with_warmup"
    case .linear: "linear"
    case .cosine: "cosine"
    }
  }
}

/// `request.json`: what every training is told.
struct TRLRequestFile {
  /// The kind of the stage.
  let kind: String
  /// TRL's class of arguments.
  let configuration: String
  let trl: TRLParameters
  let checkpointSeconds: Double
  /// The rows of all steps, by their numbers.
  let order: [Int]
  /// Every argument that is mapped; those that are fixed come from `fields.json`.
  let arguments: [String: JSONValue]
  /// Arguments that TRL may not make something else of. It writes the others in another form.
  let readBack: [String]
  /// What a kind has beside this.
  var more: [String: JSONValue] = [:]

  func write(to folder: URL, model: URL, keep: Set<Int>) throws {
    let fields = try JSONValue(parsing: TRLAdapter.fields)[configuration]?.object ?? [:]
    let fixed = fields.compactMapValues { $0["is"]?.string == "fixed" ? $0["value"] : nil }
    let all = fixed.merging(arguments) { $1 }
    let request: [String: JSONValue] = [
      "format": .integer(TRLAdapter.format), "adapter": .integer(TRLAdapter.version),
      "trl": .string(TRLAdapter.trl), "kind": .string(kind),
      "world_size": .integer(trl.processes), "model": .string(model.path),
      "checkpoint_seconds": .number(checkpointSeconds),
      "keep": .array(keep.sorted().map(JSONValue.integer)),
      "order": .array(order.map(JSONValue.integer)), "arguments": .object(all),
      "read_back": .array(readBack.filter { all[$0] != nil }.map(JSONValue.string)),
    ]
    try AtomicFile.write(
      JSONValue.object(request.merging(more) { $1 }).text,
      to: folder.appending(path: "request.json"))
  }
}
