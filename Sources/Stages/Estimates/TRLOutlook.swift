import Base
import Model
import Runner
import TRLAdapter

/// What a training by TRL will be told, how it can be divided and what it takes, before anything runs.
/// What is not known is nil.
package struct TRLOutlook {
  /// A parameter, and what TRL makes of it.
  package struct Setting {
    package let ours: String
    package let trl: String
  }

  package let instance: String
  /// The settings that TRL calls otherwise; the others have the same names.
  package let settings: [Setting]
  package let processes: Int
  /// What a process computes at a time: traces, or completions.
  package let perDevice: Int
  /// How many processes can share a step of so many traces or completions.
  package let legalProcesses: [Int]
  /// What a GPU holds at least, in bytes: weights, gradients, moments and a reference model; without
  /// activations and what sampling holds.
  package let bytes: Double?
  /// Keys and values of the completions that transformers samples side by side, in bytes, if one of them is
  /// as long as it may be; without those of prompts. Nil where it samples none.
  package let samplingBytes: Double?
  /// The share of a GPU's memory that vLLM takes besides; nil where it takes none.
  package let samplerShare: Double?
  /// Hours of each GPU at the site's rate, with every completion as long as it may be.
  package let hours: Double?

  /// Those that are yet to run.
  static func all(
    of items: [PlanEstimate.Item], models: [String: ModelConfiguration], _ site: Site
  ) -> [TRLOutlook] {
    items.compactMap { item in
      let name = item.instance.name
      let rate = site.flops.map { rate in
        item.work.map { $0.operations / rate / 3600 }
      }
      switch item.instance.stage {
      case let stage as DistillStage where stage.parameters.engine == .trl:
        return TRLOutlook(name, stage.parameters, models[name], hours: rate ?? nil)
      case let stage as RLVRStage where stage.parameters.engine == .trl:
        return TRLOutlook(name, stage.parameters, models[name], hours: rate ?? nil)
      default: return nil
      }
    }
  }

  private init(
    _ instance: String, _ parameters: DistillParameters, _ model: ModelConfiguration?,
    hours: Double?
  ) {
    let batch = parameters.batchSize
    let isOwn = parameters.normaliser == .batchTokens
    self.init(
      instance,
      [
        Setting("normaliser", parameters.normaliser, isOwn ? "TRL's own" : "a divisor per trace"),
        Setting("batch_size", batch, "gradient_accumulation_steps"),
      ] + Self.settings(of: parameters.optimiser),
      parameters.trl, perDevice: parameters.perDevice, ofAll: batch, copies: 0, model, hours)
  }

  private init(
    _ instance: String, _ parameters: RLVRParameters, _ model: ModelConfiguration?, hours: Double?
  ) {
    let loss = parameters.loss
    let sampler = parameters.trl.sampler
    var settings = [
      Setting("advantage", loss.advantage, "scale_rewards \(loss.advantage.trlScale)"),
      Setting("normaliser", loss.normaliser, "loss_type \(loss.normaliser.trlLoss)"),
      Setting("kl", loss.kl, "beta"), Setting("clip_low", loss.clipLow, "epsilon"),
      Setting("clip_high", loss.clipHigh, "epsilon_high"),
      Setting("group", parameters.group, "num_generations"),
      Setting("updates_per_batch", parameters.updatesPerBatch, "num_iterations"),
      Setting("max_tokens", parameters.sampling.maxTokens, "max_completion_length"),
      Setting("sampler", sampler, "use_vllm \(sampler == .vllm)"),
    ]
    if sampler == .vllm {
      let mode = parameters.trl.vllm.url.isEmpty ? "colocate" : "server"
      let correction = parameters.trl.correction
      settings += [
        Setting("vllm", mode, "vllm_mode"),
        Setting(
          "correction", correction,
          "vllm_importance_sampling_correction \(correction != SamplerCorrection.none)"),
      ]
    }
    self.init(
      instance, settings + Self.settings(of: parameters.optimiser), parameters.trl.division,
      perDevice: parameters.perDevice, ofAll: parameters.problemsPerStep * parameters.group,
      copies: loss.kl == 0 ? 0 : 1, model, hours,
      multipleOf: parameters.trl.vllm.tensorParallel,
      samplesWhole: parameters.trl.division.sharding == .zero3 && sampler == .transformers,
      sampledTokens: sampler == .transformers ? parameters.sampling.maxTokens : 0,
      samplerShare: sampler == .vllm && parameters.trl.vllm.url.isEmpty
        ? parameters.trl.vllm.memory : nil)
  }

  /// - Parameters:
  ///   - all: traces or completions of a step.
  ///   - copies: of the weights, which are not trained.
  ///   - group: processes that belong together.
  ///   - samplesWhole: whether each process has all weights while it samples.
  ///   - sampledTokens: of the longest completion that transformers may sample.
  ///   - samplerShare: what vLLM has of a GPU's memory.
  private init(
    _ instance: String, _ settings: [Setting], _ trl: TRLParameters, perDevice: Int, ofAll all: Int,
    copies: Int, _ model: ModelConfiguration?, _ hours: Double?, multipleOf group: Int = 1,
    samplesWhole: Bool = false, sampledTokens: Int = 0, samplerShare: Double? = nil
  ) {
    self.samplerShare = samplerShare
    self.instance = instance
    self.settings = settings
    processes = trl.processes
    self.perDevice = perDevice
    legalProcesses = (1...all).filter {
      all.isMultiple(of: $0 * perDevice) && $0.isMultiple(of: group)
    }
    let shards = trl.sharding == .none ? 1 : Double(trl.processes)
    // Weights, gradients and two moments in float32.
    bytes = model.map {
      let weights = ParameterLayout($0).entries.reduce(0) { $0 + $1.count }
      return Double(weights) * (Double(16 + 4 * copies) / shards + (samplesWhole ? 4 : 0))
    }
    samplingBytes =
      sampledTokens == 0
      ? nil
      : model.map { model in
        let perToken = 2 * 4 * model.layerCount * model.keyValueHeadCount * model.headSize
        return Double(perToken) * Double(sampledTokens) * Double(all) / Double(trl.processes)
      }
    self.hours = hours.map { $0 / Double(trl.processes) }
  }

  private static func settings(of optimiser: OptimiserParameters) -> [Setting] {
    [
      Setting("schedule", optimiser.schedule, "lr_scheduler_type"),
      Setting("max_gradient_norm", optimiser.maxGradientNorm, "max_grad_norm"),
      Setting("precision", optimiser.precision, "bf16 \(optimiser.precision == .bfloat16)"),
    ]
  }

  package var json: JSONValue {
    [
      "settings": .array(settings.map { ["ours": .string($0.ours), "trl": .string($0.trl)] }),
      "processes": .integer(processes), "per_device": .integer(perDevice),
      "legal_processes": .array(legalProcesses.map(JSONValue.integer)),
      "memory_bytes_per_gpu_at_least": bytes.map { .number($0) } ?? .null,
      "sampling_bytes_per_gpu_at_most": samplingBytes.map { .number($0) } ?? .null,
      "vllm_share_of_gpu": samplerShare.map { .number($0) } ?? .null,
      "hours_per_gpu": hours.map { .number($0) } ?? .null,
    ]
  }
}

extension TRLOutlook.Setting {
  fileprivate init(_ name: String, _ value: some ParameterValue, _ trl: String) {
    ours = "\(name) \(value.json.string ?? value.json.text)"
    self.trl = trl
  }
}
