import Base
import Runner

/// Who samples the completions of a reinforcement learning by TRL.
package enum TRLSampler: String, ParameterChoice {
  /// The model that is trained, in TRL's processes.
  case transformers
  /// vLLM, which is given the weights before each step.
  case vllm
}

/// What a loss does about completions whose log p were another to the sampler than to the model that is
/// trained: with w = exp(log p of the model - log p of the sampler), of a token or of all of a completion's.
package enum SamplerCorrection: String, ParameterChoice {
  case none
  /// Tokens weigh w, at most `correction_max`.
  case tokenTruncate = "token_truncate"
  /// Tokens weigh w, or nothing where that is out of bounds.
  case tokenMask = "token_mask"
  /// Completions weigh w, at most `correction_max`.
  case sequenceTruncate = "sequence_truncate"
  /// Completions weigh w, or nothing where that is out of bounds.
  case sequenceMask = "sequence_mask"
}

/// Where vLLM runs. None of it changes what is sampled, but for rounding.
package struct VLLMParameters: ParameterSet {
  /// The address of a server that is running; where it is empty, vLLM shares the GPUs of TRL's processes.
  package var url = ""
  /// The share of a GPU's memory that is vLLM's.
  package var memory = 0.3
  package var tensorParallel = 1
  /// Whether vLLM gives its memory back while weights are updated.
  package var sleep = false

  package init() {}

  package static var fields: [Field<VLLMParameters>] {
    [
      Field(
        "url", \.url, identity: false,
        "a running server, such as http://localhost:8000; else vLLM runs in TRL's processes"),
      Field(
        "memory", \.memory, range: 0.01...1, identity: false,
        "share of a GPU's memory, in TRL's processes"),
      Field(
        "tensor_parallel", \.tensorParallel, range: 1...64, identity: false,
        "processes that share a copy of the model, in TRL's processes"),
      Field(
        "sleep", \.sleep, identity: false,
        "give the memory back while weights are updated, in TRL's processes"),
    ]
  }

  package func check(
    positions: [String: SourcePosition], at position: SourcePosition,
    into sink: inout DiagnosticSink
  ) {
    guard !url.isEmpty else { return }
    for name in changed where name != "url" {
      sink.report(
        positions[name] ?? position,
        "'\(name)' is for vLLM in TRL's processes; the server at '\(url)' has its own")
    }
  }
}

/// How TRL samples, and divides its work, in reinforcement learning.
package struct TRLReinforcementParameters: ParameterSet {
  package var division = TRLParameters()
  package var sampler = TRLSampler.transformers
  package var correction = SamplerCorrection.none
  /// The largest w.
  package var correctionMax: Double?
  /// The smallest w; nil for none.
  package var correctionMin: Double?
  package var vllm = VLLMParameters()

  package init() {}

  package static var fields: [Field<Self>] {
    TRLParameters.fields.map { $0.lifted(through: \.division) } + [
      Field("sampler", \.sampler, later: true, "who samples: transformers, or vLLM"),
      Field(
        "correction", \.correction, later: true,
        "how the loss weighs what was likelier or less likely to vLLM than to the model"),
      Field(
        "correction_max", \.correctionMax, range: 1...1e6, later: true, "the largest such weight"),
      Field(
        "correction_min", \.correctionMin, range: 0...1, later: true, "the smallest such weight"),
      Field("vllm", \.vllm, later: true, "where vLLM runs"),
    ]
  }

  package func check(
    positions: [String: SourcePosition], at position: SourcePosition,
    into sink: inout DiagnosticSink
  ) {
    func refuse(_ name: String, _ sentence: String) {
      sink.report(positions[name] ?? position, sentence)
    }
    let set = changed
    if sampler == .transformers {
      for name in ["correction", "correction_max", "correction_min", "vllm"]
      where set.contains(name) {
        refuse(name, "'\(name)' is for 'sampler: vllm'; say so, or leave it out")
      }
    }
    division.check(positions: positions, at: position, into: &sink)
    if correction == .none {
      for name in ["correction_max", "correction_min"] where set.contains(name) {
        refuse(name, "'\(name)' bounds a correction; name one, such as token_truncate")
      }
    } else if correctionMax == nil {
      refuse(
        "correction",
        "a correction needs its bound, 'correction_max'; TRL would take 3 for it, without a word")
    }
    if !division.processes.isMultiple(of: vllm.tensorParallel) {
      refuse(
        "vllm",
        "tensor_parallel (\(vllm.tensorParallel)) must divide trl's processes (\(division.processes))"
      )
    }
  }

  /// What of it can change a completion or the loss; nil where transformers samples.
  var identity: JSONValue? {
    guard sampler == .vllm else { return nil }
    var fields: [String: JSONValue] = [
      "sampler": sampler.json, "correction": correction.json,
    ]
    fields["correction_max"] = correctionMax.map { .number($0) }
    fields["correction_min"] = correctionMin.map { .number($0) }
    return .object(fields)
  }

  /// The arguments of `GRPOConfig` that say who samples.
  /// - Parameter tokens: of the longest prompt and its completion.
  func trlArguments(tokens: Int) -> [String: JSONValue] {
    let corrects = correction != .none
    return [
      "use_vllm": .boolean(sampler == .vllm),
      "vllm_mode": .string(vllm.url.isEmpty ? "colocate" : "server"),
      "vllm_server_base_url": vllm.url.isEmpty ? .null : .string(vllm.url),
      "vllm_enable_sleep_mode": .boolean(vllm.sleep),
      "vllm_gpu_memory_utilization": .number(vllm.memory),
      "vllm_max_model_length": sampler == .vllm ? .integer(tokens) : .null,
      "vllm_tensor_parallel_size": .integer(vllm.tensorParallel),
      "vllm_importance_sampling_correction": .boolean(corrects),
      // TRL reads these where it corrects.
      "vllm_importance_sampling_mode": corrects
        ? correction.json : SamplerCorrection.tokenTruncate.json,
      "vllm_importance_sampling_clip_max": correctionMax.map { .number($0) } ?? .null,
      "vllm_importance_sampling_clip_min": correctionMin.map { .number($0) } ?? .null,
    ]
  }
}

extension ParameterSet {
  /// The fields that are not at their defaults; whether a recipe sets a default says nothing.
  fileprivate var changed: [String] {
    let (set, defaults) = (json.object ?? [:], Self().json)
    return set.keys.filter { set[$0] != defaults[$0] }.sorted()
  }
}
