import Base
import Foundation
import Model
import Runner

/// A `distill` by TRL: token ids, which of them are in the loss, and their order.
struct TRLDistill: TRLWork {
  let parameters: DistillParameters
  let examples: [SupervisedExample]
  let plan: EpochPlan
  let steps: Int

  var trl: TRLParameters { parameters.trl }
  var updatesPerStep: Int { 1 }

  /// The label of a token that is not in the loss.
  private static let ignored = -100

  /// Writes `request.json` and `rows.jsonl`.
  func write(to folder: URL, model: URL, keep: Set<Int>) throws {
    try AtomicFile.write(to: folder.appending(path: "rows.jsonl")) { try writeRows(to: $0) }
    try TRLRequestFile(
      kind: DistillStage.kind, configuration: "SFTConfig", trl: trl,
      checkpointSeconds: parameters.checkpointSeconds, order: order,
      arguments: parameters.optimiser.trlArguments(
        trl, perDevice: parameters.perDevice, batchSize: parameters.batchSize, updates: steps,
        seed: parameters.seed),
      readBack: Self.readBack,
      more: ["divisors": divisors.map { .array($0.map(JSONValue.integer)) } ?? .null]
    ).write(to: folder, model: model, keep: keep)
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

  /// What the part of each row of `order` in the loss is divided by; nil for the tokens of its step,
  /// which is TRL's own loss. A blank row has no part.
  var divisors: [Int]? {
    guard parameters.normaliser != .batchTokens else { return nil }
    return (1...max(1, steps)).flatMap { step in
      let batch = plan.indices(step: step).map { examples[$0] }
      let blanks = parameters.batchSize - batch.count
      return parameters.loss.divisors(of: batch) + Array(repeating: 1, count: blanks)
    }
  }

  private static let readBack = [
    "per_device_train_batch_size", "max_steps", "learning_rate", "warmup_steps", "weight_decay",
    "adam_beta1", "adam_beta2", "adam_epsilon", "max_grad_norm", "gradient_accumulation_steps",
    "bf16", "seed", "data_seed", "save_steps", "gradient_checkpointing", "max_length", "packing",
    "padding_free", "optim", "train_sampling_strategy", "shuffle_dataset",
    "average_tokens_across_devices", "logging_nan_inf_filter", "label_smoothing_factor",
    "neftune_noise_alpha", "loss_type", "dataloader_drop_last", "tf32", "fp16",
  ]

  /// A step's learning rate and tokens follow from the request.
  func metrics(
    step: Int, said: [String: Double], seconds: Double, in folder: URL
  ) -> [String: Double] {
    let batch = plan.indices(step: step).map { examples[$0] }
    let tokens = Double(batch.reduce(0) { $0 + $1.tokens.count })
    return [
      "loss": said["loss"] ?? .nan, "grad_norm": said["grad_norm"] ?? .nan,
      "learning_rate": parameters.optimiser.learningRate(atUpdate: step - 1, of: steps),
      "tokens": tokens, "epoch": Double(step) / Double(plan.stepsPerEpoch),
      MetricsLog.stepSeconds: seconds, "tokens_per_second": tokens / max(seconds, 1e-9),
    ]
  }
}
