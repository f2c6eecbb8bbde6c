import Base
import Foundation
import Model
import Runner
import Tasks

/// An `rlvr` by TRL: prompts as token ids and their order; its completions come back to be rewarded by
/// ``RewardWorker``, which is also where they are kept.
struct TRLReinforcement: TRLWork {
  let parameters: RLVRParameters
  let order: ProblemOrder
  /// The tokens of each problem's prompt.
  let prompts: [[Int32]]
  let ids: [String]
  /// The tokens that end a completion.
  let ends: [Int32]
  /// The worker's part, which it reads from a file.
  let worker: RewardWorker.Settings
  private var rollouts: RolloutFiles?

  init(
    _ parameters: RLVRParameters, _ order: ProblemOrder, prompts: [[Int32]], ids: [String],
    ends: [Int32], worker: RewardWorker.Settings
  ) {
    self.parameters = parameters
    self.order = order
    self.prompts = prompts
    self.ids = ids
    self.ends = ends
    self.worker = worker
  }

  var trl: TRLParameters { parameters.trl }
  var steps: Int { parameters.steps }
  var updatesPerStep: Int { parameters.updatesPerBatch }
  /// Completions of a step.
  private var batchSize: Int { parameters.problemsPerStep * parameters.group }
  /// How long a worker may take for an answer, in seconds: a program that is graded may take a while.
  private static let patience = 600

  /// Writes `request.json`, `rows.jsonl` and `worker.json`.
  func write(to folder: URL, model: URL, keep: Set<Int>) throws {
    let rows = prompts.enumerated().map { number, tokens -> String in
      let row: JSONValue = [
        "row": .integer(number), "prompt_ids": .array(tokens.map { .integer(Int($0)) }),
      ]
      return row.text + "\n"
    }
    try AtomicFile.write(rows.joined(), to: folder.appending(path: "rows.jsonl"))
    try worker.write(to: folder)
    let program = "/proc/\(ProcessInfo.processInfo.processIdentifier)/exe"
    try TRLRequestFile(
      kind: RLVRStage.kind, configuration: "GRPOConfig", trl: trl,
      checkpointSeconds: parameters.checkpointSeconds,
      order: (1...steps).flatMap { order.places(step: $0).map(\.problem) },
      arguments: arguments, readBack: Self.readBack,
      more: [
        "sampler": "transformers", "worker_patience": .integer(Self.patience),
        "worker": [.string(program), "engine-worker", .string(folder.path)],
        "loss_prompt_tokens": parameters.lossPromptTokens.map { .integer($0) } ?? .null,
        "eos_token_ids": .array(ends.map { .integer(Int($0)) }),
      ]
    ).write(to: folder, model: model, keep: keep)
  }

  private static let readBack = [
    "per_device_train_batch_size", "max_steps", "learning_rate", "warmup_steps", "weight_decay",
    "adam_beta1", "adam_beta2", "adam_epsilon", "max_grad_norm", "gradient_accumulation_steps",
    "bf16", "seed", "data_seed", "save_steps", "gradient_checkpointing", "num_generations",
    "generation_batch_size", "max_completion_length", "temperature", "top_p", "top_k", "min_p",
    "repetition_penalty", "beta", "num_iterations", "epsilon", "epsilon_high", "delta",
    "scale_rewards", "loss_type", "mask_truncated_completions", "use_bias_correction_kl",
    "shuffle_dataset", "logging_nan_inf_filter", "disable_dropout", "tf32", "fp16", "use_vllm",
  ]

  /// Every argument of `GRPOConfig` that a recipe decides, by name (`docs/engines.md`).
  private var arguments: [String: JSONValue] {
    let (loss, sampling) = (parameters.loss, parameters.sampling)
    let group = Double(parameters.group)
    let general = parameters.optimiser.trlArguments(
      trl, perDevice: parameters.perDevice, batchSize: batchSize, updates: steps * updatesPerStep,
      seed: parameters.seed)
    return general.merging([
      "num_generations": .integer(parameters.group),
      "generation_batch_size": .integer(batchSize),
      "max_completion_length": .integer(sampling.maxTokens),
      "temperature": .number(sampling.temperature), "top_p": .number(sampling.topP),
      "top_k": .integer(sampling.topK),
      "beta": .number(loss.kl), "num_iterations": .integer(updatesPerStep),
      "epsilon": .number(loss.clipLow), "epsilon_high": .number(loss.clipHigh),
      "scale_rewards": .string(loss.advantage.trlScale),
      // What is left of the mean when a completion is not part of it itself.
      "reward_weights": [.number(loss.advantage == .leaveOneOut ? group / (group - 1) : 1)],
      "loss_type": .string(loss.normaliser.trlLoss),
      "mask_truncated_completions": .boolean(parameters.maskTruncated),
    ]) { $1 }
  }

  /// Metrics of rollouts are worked out from what the worker kept, those of updates are TRL's.
  mutating func metrics(
    step: Int, said: [String: Double], seconds: Double, in folder: URL
  ) throws -> [String: Double] {
    if rollouts == nil { rollouts = RolloutFiles(in: folder, processes: trl.processes) }
    let groups = try rollouts?.groups(step: step, parameters, prompts) ?? []
    var metrics = RolloutMetrics(groups, parameters).values
    for name in PolicyUpdate.Report.names + ["entropy", "grad_norm"] { metrics[name] = said[name] }
    let update = step * updatesPerStep - 1
    let tokens = groups.flatMap(\.completions).reduce(0) { $0 + $1.tokens.count }
    metrics["learning_rate"] = parameters.optimiser.learningRate(
      atUpdate: update, of: steps * updatesPerStep)
    metrics["tokens"] = Double(tokens)
    metrics["step_seconds"] = seconds
    metrics["tokens_per_second"] = Double(tokens) / max(seconds, 1e-9)
    return metrics
  }

  /// A row for each completion of all steps, as `rlvr` publishes them.
  /// - Throws: `TRLError.incomplete` where some are missing.
  func rows(in folder: URL) throws -> [[String: JSONValue]] {
    var files = RolloutFiles(in: folder, processes: trl.processes)
    return try (1...steps).flatMap { step in
      RolloutMetrics(try files.groups(step: step, parameters, prompts), parameters)
        .rows(step: step, ids: ids, withTokens: true)
    }
  }
}

extension Advantage {
  fileprivate var trlScale: String {
    switch self {
    case .centred, .leaveOneOut: "none"
    case .scaled: "group"
    case .batchScaled: "batch"
    }
  }
}

extension PolicyLoss.Normaliser {
  fileprivate var trlLoss: String {
    switch self {
    case .constant: "dr_grpo"
    case .sequence: "grpo"
    case .batchTokens: "dapo"
    case .microbatchTokens: "bnpo"
    }
  }
}

extension RLVRParameters {
  /// Completions that a process of TRL computes at a time.
  var perDevice: Int {
    trl.perDevice ?? (loss.normaliser == .microbatchTokens ? microbatch : 1)
  }

  /// What TRL cannot do as it is meant, and what is not for it.
  func checkBackend(
    positions: [String: SourcePosition], at position: SourcePosition,
    into sink: inout DiagnosticSink
  ) {
    func refuse(_ name: String, _ sentence: String) {
      sink.report(positions[name] ?? position, sentence)
    }
    guard engine == .trl else {
      if positions["trl"] != nil, positions["engine"] == nil {
        refuse("trl", "'trl' is for 'engine: trl'; say so, or leave it out")
      }
      return
    }
    if lora != nil {
      refuse("lora", "'engine: trl' trains all weights so far; leave 'lora' out, or train natively")
    }
    if leaveOut != 0 {
      refuse(
        "leave_out", "'engine: trl' has batches of one size; leave nothing out, or train natively")
    }
    if sampling.precision != .float32 {
      refuse(
        "sampling_precision", "'engine: trl' samples from the weights that it trains, in float32")
    }
    if loss.normaliser == .microbatchTokens, perDevice != microbatch {
      refuse(
        "microbatch",
        "with the normaliser microbatch_tokens, trl.per_device (\(perDevice)) must be the microbatch "
          + "(\(microbatch))")
    }
    if maskTruncated, loss.kl != 0, [.constant, .sequence].contains(loss.normaliser) {
      refuse(
        "loss",
        "with mask_truncated, TRL divides the divergence by all completions; take kl 0, or the normaliser "
          + "batch_tokens or microbatch_tokens")
    }
    let completions = problemsPerStep * group
    if trl.accumulation(of: completions, perDevice: perDevice) == nil {
      let legal = (1...completions).filter { completions.isMultiple(of: $0 * perDevice) }
      refuse(
        "trl",
        "\(completions) completions a step cannot be divided among \(trl.processes) processes that compute "
          + "\(perDevice) at a time; \(legal.map(String.init).joined(separator: ", ")) processes can"
      )
    }
  }
}
