/// What tells one family of decoder-only transformers from another, as far as it changes what is
/// computed. All have RMSNorm, half-split rotary positions, grouped-query attention and a gated
/// feed-forward layer; a new family is one more description here.
package struct ModelFamily: Sendable, Hashable {
  /// Where the norms of a block stand.
  package enum NormPlacement: Sendable {
    /// In front of attention and the feed-forward layer.
    case before
    /// Behind them, before they are added to the residual stream.
    case after
    case both
  }

  /// Over what queries and keys are normalised before they are turned by their positions.
  package enum QueryKeyNorm: Sendable {
    case none
    /// Each head by itself, all with the same weights.
    case perHead
    /// All heads of a token together.
    case allHeads
  }

  package enum Activation: Sendable {
    /// x / (1 + e^-x).
    case silu
    /// GELU by its tanh approximation.
    case tanhGELU

    /// What `hidden_act` may call it.
    var names: [String] {
      switch self {
      case .silu: ["silu", "swish"]
      case .tanhGELU: ["gelu_pytorch_tanh"]
      }
    }
  }

  /// Which layers turn queries and keys by their positions, and how far they see, where a
  /// config.json may say so for each layer.
  package enum LayerPattern: Sendable {
    case uniform
    /// Some layers do not turn them (`no_rope_layers`).
    case someUnrotated
    /// Some layers see a window only, and have a rotary base of their own (`layer_types`).
    case someSliding
  }

  /// What people call it.
  package let name: String
  /// Its class in transformers.
  package let className: String
  /// Some of its models, by their names on Hugging Face.
  package let examples: [String]
  /// How it differs from Llama, in a few words.
  package let traits: String
  package var norms = NormPlacement.before
  package var queryKeyNorm = QueryKeyNorm.none
  /// Whether q, k and v have biases.
  package var hasBias = false
  package var activation = Activation.silu
  /// Whether a norm multiplies by 1 + w, not by w.
  package var normsAddOne = false
  /// Whether embeddings are multiplied by the root of the hidden size.
  package var scalesEmbedding = false
  package var layers = LayerPattern.uniform
  /// Whether GGUF files of it are read.
  package var isReadFromGGUF = false
  /// What transformers takes where config.json does not say.
  package var defaults = Defaults()

  package struct Defaults: Sendable, Hashable {
    /// Nil for the hidden size over the heads.
    var headSize: Int?
    var ropeTheta = 10_000.0
    var normEpsilon = 1e-6
    var tiedEmbeddings = false
  }
}

extension ModelConfiguration.Architecture {
  /// The description of the family.
  package var family: ModelFamily {
    switch self {
    case .llama: .llama
    case .qwen2: .qwen2
    case .qwen3: .qwen3
    case .olmo2: .olmo2
    case .smollm3: .smollm3
    case .gemma3: .gemma3
    }
  }
}

extension ModelConfiguration.Architecture {
  /// What GGUF files call the family.
  var ggufName: String { self == .gemma3 ? "gemma3" : rawValue }
}

extension ModelFamily {
  /// The families by their `model_type`, in a list.
  static var supported: String {
    let names = ModelConfiguration.Architecture.allCases.map(\.rawValue)
    return names.dropLast().joined(separator: ", ") + " and " + (names.last ?? "")
  }

  /// Why a family is not read, where more can be said than that it is unknown, as the end of a
  /// clause.
  static func reason(against modelType: String) -> String {
    let experts = [
      "mixtral", "deepseek_v2", "deepseek_v3", "gpt_oss", "llama4", "dbrx", "jamba", "qwen3_next",
    ]
    let images = [
      "gemma3n", "qwen2_vl", "qwen2_5_vl", "qwen3_vl", "mllama", "llava", "llava_next", "idefics3",
      "smolvlm", "mistral3", "paligemma", "pixtral", "internvl",
    ]
    switch modelType {
    case "gemma3":
      return ", which wraps a language model for images (gemma-3-270m and 1b are gemma3_text)"
    case "gemma", "gemma2": return ", an older Gemma"
    case _ where experts.contains(modelType) || modelType.contains("moe"):
      return ", a mixture of experts"
    case _ where images.contains(modelType): return ", which wraps a language model for images"
    default: return ""
    }
  }
}

extension ModelFamily {
  static let llama = ModelFamily(
    name: "Llama", className: "LlamaForCausalLM",
    examples: ["Llama-3.2-1B", "Llama-3.1-8B", "SmolLM2-135M"],
    traits: "rope_scaling llama3 or linear", isReadFromGGUF: true)

  static let qwen2 = ModelFamily(
    name: "Qwen2", className: "Qwen2ForCausalLM",
    examples: ["Qwen2.5-0.5B", "Qwen2.5-Math-1.5B"], traits: "biases on q, k and v",
    hasBias: true, isReadFromGGUF: true)

  static let qwen3 = ModelFamily(
    name: "Qwen3", className: "Qwen3ForCausalLM",
    examples: ["Qwen3-0.6B-Base", "Qwen3-1.7B-Base"],
    traits: "RMSNorm of q and k, each head by itself", queryKeyNorm: .perHead,
    defaults: Defaults(headSize: 128))

  static let olmo2 = ModelFamily(
    name: "OLMo 2", className: "Olmo2ForCausalLM",
    examples: ["OLMo-2-0425-1B", "OLMo-2-1124-7B"],
    traits: "norms behind attention and MLP; RMSNorm of q and k over all heads",
    norms: .after, queryKeyNorm: .allHeads, defaults: Defaults(normEpsilon: 1e-5))

  static let smollm3 = ModelFamily(
    name: "SmolLM3", className: "SmolLM3ForCausalLM", examples: ["SmolLM3-3B-Base"],
    traits: "no rotation in every fourth layer", layers: .someUnrotated,
    defaults: Defaults(ropeTheta: 2_000_000, tiedEmbeddings: true))

  static let gemma3 = ModelFamily(
    name: "Gemma 3", className: "Gemma3ForCausalLM", examples: ["gemma-3-270m", "gemma-3-1b-pt"],
    traits: "norms before and behind, with 1 + w; RMSNorm of q and k; tanh-GELU; scaled embedding; "
      + "sliding windows with a rotary base of their own",
    norms: .both, queryKeyNorm: .perHead, activation: .tanhGELU, normsAddOne: true,
    scalesEmbedding: true, layers: .someSliding,
    defaults: Defaults(headSize: 256, ropeTheta: 1_000_000, tiedEmbeddings: true))
}
