import Model

/// A model that recipes name: where people get it, and how large it is. The weights themselves are
/// not part of this project.
package struct PublishedModel: Sendable {
  /// The folder or file by which recipes name it.
  package let name: String
  /// Where its makers give it out.
  package let origin: String
  /// What its makers allow.
  package let licence: String
  /// The sizes of its published config.json, as far as work depends on them.
  package let configuration: ModelConfiguration

  private init(
    _ name: String, _ origin: String, _ licence: String, hidden: Int, intermediate: Int,
    layers: Int, heads: Int, keyValueHeads: Int, vocabulary: Int, context: Int, tied: Bool = false
  ) {
    self.name = name
    self.origin = origin
    self.licence = licence
    configuration = ModelConfiguration(
      architecture: .llama, vocabularySize: vocabulary, hiddenSize: hidden,
      intermediateSize: intermediate, layerCount: layers, headCount: heads,
      keyValueHeadCount: keyValueHeads, headSize: hidden / heads, contextLength: context,
      ropeTheta: 10_000, normEpsilon: 1e-6, tiedEmbeddings: tied, attentionBias: false)
  }

  /// The models of the paper, and the one that the examples use.
  package static let known: [PublishedModel] = [
    PublishedModel(
      "Qwen2.5-3B", "Qwen/Qwen2.5-3B", "Qwen Research License", hidden: 2048, intermediate: 11_008,
      layers: 36, heads: 16, keyValueHeads: 2, vocabulary: 151_936, context: 32_768, tied: true),
    PublishedModel(
      "Qwen2.5-14B", "Qwen/Qwen2.5-14B", "Apache-2.0", hidden: 5120, intermediate: 13_824,
      layers: 48, heads: 40, keyValueHeads: 8, vocabulary: 152_064, context: 131_072),
    PublishedModel(
      "Qwen2.5-Math-1.5B", "Qwen/Qwen2.5-Math-1.5B", "Apache-2.0", hidden: 1536,
      intermediate: 8960, layers: 28, heads: 12, keyValueHeads: 2, vocabulary: 151_936,
      context: 4096, tied: true),
    PublishedModel(
      "deepseek-math-7b-base", "deepseek-ai/deepseek-math-7b-base", "DeepSeek License Agreement",
      hidden: 4096, intermediate: 11_008, layers: 30, heads: 32, keyValueHeads: 32,
      vocabulary: 102_400, context: 4096),
    PublishedModel(
      "OLMo-2-0425-1B", "allenai/OLMo-2-0425-1B", "Apache-2.0", hidden: 2048, intermediate: 8192,
      layers: 16, heads: 16, keyValueHeads: 16, vocabulary: 100_352, context: 4096),
    PublishedModel(
      "OLMo-2-1124-7B", "allenai/OLMo-2-1124-7B", "Apache-2.0", hidden: 4096,
      intermediate: 11_008, layers: 32, heads: 32, keyValueHeads: 32, vocabulary: 100_352,
      context: 4096),
    PublishedModel(
      "Llama-3.2-3B", "meta-llama/Llama-3.2-3B", "Llama 3.2 Community License", hidden: 3072,
      intermediate: 8192, layers: 28, heads: 24, keyValueHeads: 8, vocabulary: 128_256,
      context: 131_072, tied: true),
    PublishedModel(
      "Llama-3.1-8B", "meta-llama/Llama-3.1-8B", "Llama 3.1 Community License", hidden: 4096,
      intermediate: 14_336, layers: 32, heads: 32, keyValueHeads: 8, vocabulary: 128_256,
      context: 131_072),
    PublishedModel(
      "SmolLM2-135M-Instruct.Q4_1.gguf", "HuggingFaceTB/SmolLM2-135M-Instruct", "Apache-2.0",
      hidden: 576, intermediate: 1536, layers: 30, heads: 9, keyValueHeads: 3, vocabulary: 49_152,
      context: 8192, tied: true),
  ]

  /// The known model that a recipe's `source` names.
  package static func at(_ source: String) -> PublishedModel? {
    known.first { source == $0.name || source.hasSuffix("/" + $0.name) }
  }

  /// How to get it, as a sentence.
  func advice(path: String) -> String {
    "Get config.json, tokenizer.json and the *.safetensors of \(origin) on Hugging Face "
      + "(\(licence)), and put nothing else into the folder \(path) below the one that WARMUP_DATA "
      + "names."
  }
}
