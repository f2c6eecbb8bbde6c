import Base
import Foundation
import Model
import Runner

/// What TRL is told of a reinforcement learning, whoever samples and rewards.
struct TRLReinforcementSettings: Sendable {
  let parameters: RLVRParameters
  /// The tokens of each row's prompt.
  let prompts: [[Int32]]
  /// The tokens that end a completion.
  let ends: [Int32]
  /// The rows of all steps.
  let order: [Int]

  init(_ parameters: RLVRParameters, prompts: [[Int32]], ends: [Int32], order: [Int]) {
    self.parameters = parameters
    self.prompts = prompts
    self.ends = ends
    self.order = order
  }

  /// Completions of a step.
  private var batchSize: Int { parameters.problemsPerStep * parameters.group }

  /// Writes `rows.jsonl`.
  func writeRows(to folder: URL) throws {
    let rows = prompts.enumerated().map { number, tokens -> String in
      let row: JSONValue = [
        "row": .integer(number), "prompt_ids": .array(tokens.map { .integer(Int($0)) }),
      ]
      return row.text + "\n"
    }
    try AtomicFile.write(rows.joined(), to: folder.appending(path: "rows.jsonl"))
  }

  /// - Parameter more: who rewards.
  func request(_ more: [String: JSONValue]) -> TRLRequestFile {
    TRLRequestFile(
      kind: RLVRStage.kind, configuration: "GRPOConfig", trl: parameters.trl.division,
      checkpointSeconds: parameters.checkpointSeconds, order: order,
      arguments: arguments, readBack: Self.readBack,
      more: [
        "sampler": parameters.trl.sampler.json,
        "sampling_precision": parameters.sampling.precision.json,
        "loss_prompt_tokens": parameters.lossPromptTokens.map { .integer($0) } ?? .null,
        "eos_token_ids": .array(ends.map { .integer(Int($0)) }),
      ].merging(more) { $1 })
  }

  private static let readBack = [
    "per_device_train_batch_size", "max_steps", "learning_rate", "warmup_steps", "weight_decay",
    "adam_beta1", "adam_beta2", "adam_epsilon", "max_grad_norm", "gradient_accumulation_steps",
    "bf16", "seed", "data_seed", "save_steps", "gradient_checkpointing", "num_generations",
    "generation_batch_size", "max_completion_length", "temperature", "top_p", "top_k", "min_p",
    "repetition_penalty", "beta", "num_iterations", "epsilon", "epsilon_high", "delta",
    "scale_rewards", "loss_type", "mask_truncated_completions", "use_bias_correction_kl",
    "shuffle_dataset", "logging_nan_inf_filter", "disable_dropout", "tf32", "fp16", "use_vllm",
    "vllm_mode", "vllm_max_model_length", "vllm_importance_sampling_correction",
    "vllm_importance_sampling_mode", "vllm_importance_sampling_clip_max",
    "vllm_importance_sampling_clip_min",
  ]

  /// Every argument of `GRPOConfig` that a recipe decides, by name (`docs/engines.md`).
  private var arguments: [String: JSONValue] {
    let (loss, sampling) = (parameters.loss, parameters.sampling)
    let group = Double(parameters.group)
    let updates = parameters.updatesPerBatch
    let general = parameters.optimiser.trlArguments(
      parameters.trl.division, perDevice: parameters.perDevice, batchSize: batchSize,
      updates: parameters.steps * updates, seed: parameters.seed)
    let longest = (prompts.map(\.count).max() ?? 0) + sampling.maxTokens
    return general.merging(parameters.trl.trlArguments(tokens: longest)) { $1 }.merging([
      "num_generations": .integer(parameters.group),
      "generation_batch_size": .integer(batchSize),
      "max_completion_length": .integer(sampling.maxTokens),
      "temperature": .number(sampling.temperature), "top_p": .number(sampling.topP),
      "top_k": .integer(sampling.topK),
      "beta": .number(loss.kl), "num_iterations": .integer(updates),
      "epsilon": .number(loss.clipLow), "epsilon_high": .number(loss.clipHigh),
      "scale_rewards": .string(loss.advantage.trlScale),
      // What is left of the mean when a completion is not part of it itself.
      "reward_weights": [.number(loss.advantage == .leaveOneOut ? group / (group - 1) : 1)],
      "loss_type": .string(loss.normaliser.trlLoss),
      "mask_truncated_completions": .boolean(parameters.maskTruncated),
    ]) { $1 }
  }
}

extension Advantage {
  var trlScale: String {
    switch self {
    case .centred, .leaveOneOut: "none"
    case .scaled: "group"
    case .batchScaled: "batch"
    }
  }
}

extension PolicyLoss.Normaliser {
  var trlLoss: String {
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
    trl.division.perDevice ?? (loss.normaliser == .microbatchTokens ? microbatch : 1)
  }

  /// Reports what TRL cannot do as it is meant, and what is not for it.
  func checkBackend(
    positions: [String: SourcePosition], at position: SourcePosition,
    into sink: inout DiagnosticSink
  ) {
    engine.checkSettings(positions: positions, into: &sink)
    guard engine == .trl else { return }
    if sampling.precision != .float32, trl.sampler == .transformers {
      sink.report(
        positions["sampling_precision"] ?? position,
        "transformers samples from the weights that are trained, in float32; vLLM ('trl: {sampler: vllm}') "
          + "has a precision of its own")
    }
    for (name, sentence) in trlRefusals { sink.report(positions[name] ?? position, sentence) }
  }

  /// What of the updates TRL cannot do as it is meant, by the parameter that asks for it.
  var trlRefusals: [(name: String, sentence: String)] {
    var refusals: [(String, String)] = []
    func refuse(_ name: String, _ sentence: String) { refusals.append((name, sentence)) }
    if lora != nil {
      refuse("lora", TrainingBackend.loraRefusal)
    }
    if leaveOut != 0 {
      refuse(
        "leave_out", "'engine: trl' has batches of one size; leave nothing out, or train natively")
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
    if trl.division.accumulation(of: completions, perDevice: perDevice) == nil {
      let legal = (1...completions).filter { completions.isMultiple(of: $0 * perDevice) }
      refuse(
        "trl",
        "\(completions) completions a step cannot be divided among \(trl.division.processes) processes that compute "
          + "\(perDevice) at a time; \(legal.map(String.init).joined(separator: ", ")) processes can"
      )
    }
    return refusals
  }
}
