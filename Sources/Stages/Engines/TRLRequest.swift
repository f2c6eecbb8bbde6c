import Base
import Foundation
import Model
import TRLAdapter

/// What is handed over to the adapter: every argument, token ids, and their order. No default of TRL is
/// relied on.
struct TRLRequest {
  let parameters: DistillParameters
  let examples: [SupervisedExample]
  let plan: EpochPlan
  let steps: Int

  /// The label of a token that is not in the loss.
  private static let ignored = -100

  /// Writes `request.json` and `rows.jsonl`.
  /// - Parameter model: the folder of the model to start from.
  func write(to folder: URL, model: URL) throws {
    try AtomicFile.write(to: folder.appending(path: "rows.jsonl")) { try writeRows(to: $0) }
    let arguments = try arguments()
    let request: JSONValue = [
      "format": .integer(TRLAdapter.format), "adapter": .integer(TRLAdapter.version),
      "trl": .string(TRLAdapter.trl), "kind": "distill",
      "world_size": .integer(parameters.trl.processes), "model": .string(model.path),
      "checkpoint_seconds": .number(parameters.checkpointSeconds),
      "order": .array(order.map(JSONValue.integer)), "arguments": .object(arguments),
      "read_back": .array(Self.readBack.filter { arguments[$0] != nil }.map(JSONValue.string)),
    ]
    try AtomicFile.write(request.text, to: folder.appending(path: "request.json"))
  }

  /// A row for each example, and a last one that is blank, which adds nothing to any loss.
  private func writeRows(to file: URL) throws {
    try Data().write(to: file)
    let handle = try FileHandle(forWritingTo: file)
    for example in examples {
      let labels = zip(example.tokens, example.inLoss).map { $1 ? Int($0) : Self.ignored }
      try handle.write(contentsOf: line(example.tokens.map(Int.init), labels))
    }
    try handle.write(contentsOf: line([Int(examples[0].tokens[0])], [Self.ignored]))
    try handle.close()
  }

  private func line(_ ids: [Int], _ labels: [Int]) -> Data {
    let row: JSONValue = [
      "input_ids": .array(ids.map(JSONValue.integer)),
      "labels": .array(labels.map(JSONValue.integer)),
    ]
    return Data((row.text + "\n").utf8)
  }

  /// The rows of all steps. The last step of an epoch, which may have fewer, is filled with the blank row.
  var order: [Int] {
    (1...max(1, steps)).flatMap { step in
      let indices = Array(plan.indices(step: step))
      return indices + Array(repeating: examples.count, count: parameters.batchSize - indices.count)
    }
  }

  /// Arguments that TRL may not make something else of. It writes the others in another form.
  private static let readBack = [
    "per_device_train_batch_size", "max_steps", "learning_rate", "warmup_steps", "weight_decay",
    "adam_beta1", "adam_beta2", "adam_epsilon", "max_grad_norm", "gradient_accumulation_steps",
    "bf16", "seed", "data_seed", "save_steps", "gradient_checkpointing", "max_length", "packing",
    "padding_free", "optim", "train_sampling_strategy", "shuffle_dataset",
    "average_tokens_across_devices", "logging_nan_inf_filter", "label_smoothing_factor",
    "neftune_noise_alpha", "loss_type", "dataloader_drop_last", "tf32", "fp16",
  ]

  /// Every argument of `SFTConfig` that matters, by name.
  private func arguments() throws -> [String: JSONValue] {
    let fields = try JSONValue(parsing: TRLAdapter.fields)["SFTConfig"]?.object ?? [:]
    let fixed = fields.compactMapValues { $0["is"]?.string == "fixed" ? $0["value"] : nil }
    let optimiser = parameters.optimiser
    return fixed.merging([
      "per_device_train_batch_size": .integer(parameters.trl.perDevice),
      "gradient_accumulation_steps": .integer(
        parameters.trl.accumulation(of: parameters.batchSize) ?? 1),
      "max_steps": .integer(steps),
      "learning_rate": .number(optimiser.learningRate),
      "lr_scheduler_type": .string(optimiser.schedule.transformersName),
      "warmup_steps": .integer(optimiser.warmupSteps),
      "weight_decay": .number(optimiser.weightDecay),
      "adam_beta1": .number(optimiser.beta1), "adam_beta2": .number(optimiser.beta2),
      "adam_epsilon": .number(optimiser.epsilon),
      "max_grad_norm": .number(optimiser.maxGradientNorm),
      "bf16": .boolean(optimiser.precision == .bfloat16),
      "gradient_checkpointing": .boolean(parameters.trl.gradientCheckpointing),
      // The adapter asks for the others as time goes by.
      "save_steps": .integer(steps),
      "seed": .integer(parameters.seed), "data_seed": .integer(parameters.seed),
      // The adapter takes a GPU where there is one.
      "use_cpu": .null, "fsdp": .null, "fsdp_config": .null, "deepspeed": .null,
    ]) { $1 }
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
