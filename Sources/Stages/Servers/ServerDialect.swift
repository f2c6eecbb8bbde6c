import Base
import Runner

/// How servers of OpenAI's interface differ in what they are sent and what they send back. Whatever a
/// server has a default for is sent, at its neutral value where the recipe has no word for it: vLLM, for
/// one, takes defaults from a model's generation_config.json.
package enum ServerDialect: String, ParameterChoice {
  /// `warmup serve`.
  case warmup
  /// vLLM's OpenAI server. No top-k is 0; token ids come back since 0.10.2.
  case vllm
  /// llama-server of llama.cpp. Its usual chain applies the temperature last, behind top-p.
  case llamaCpp = "llama.cpp"
  /// SGLang. No top-k is -1.
  case sglang
  /// OpenAI's own fields and no others.
  case openai

  var hasTopK: Bool { self != .openai }

  /// How a model of the recipe is to be sampled, as fields of a request.
  func fields(_ sampling: SamplingParameters, stopStrings: [String]) -> [String: JSONValue] {
    var fields: [String: JSONValue] = [
      "max_tokens": .integer(sampling.maxTokens), "temperature": .number(sampling.temperature),
      "top_p": .number(sampling.topP), "presence_penalty": 0, "frequency_penalty": 0, "n": 1,
      "stream": false,
    ]
    if !stopStrings.isEmpty { fields["stop"] = .array(stopStrings.map { .string($0) }) }
    return fields.merging(ownFields(topK: sampling.topK)) { $1 }
  }

  private func ownFields(topK: Int) -> [String: JSONValue] {
    switch self {
    case .warmup, .vllm:
      [
        "top_k": .integer(topK), "min_p": 0, "repetition_penalty": 1, "return_token_ids": true,
      ]
    case .llamaCpp:
      [
        "top_k": .integer(topK), "min_p": 0, "repeat_penalty": 1, "typical_p": 1,
        "top_n_sigma": -1, "dry_multiplier": 0, "xtc_probability": 0, "mirostat": 0,
        "dynatemp_range": 0, "cache_prompt": false, "samplers": ["temperature", "top_k", "top_p"],
        // The only place where its completions have token ids.
        "logprobs": 1,
      ]
    case .sglang:
      [
        "top_k": .integer(topK == 0 ? -1 : topK), "min_p": 0, "repetition_penalty": 1,
      ]
    case .openai: [:]
    }
  }

  /// Whether a field is among those that are always sent.
  func isSent(_ field: String) -> Bool {
    ["model", "prompt", "seed", "stop", "logprobs"].contains(field)
      || fields(SamplingParameters(), stopStrings: [])[field] != nil
  }
}
