import Base
import Model
import Runner
import Tasks

/// Something from outside that a plan needs and that is not on this machine.
package struct PlanNeed: Hashable {
  /// A file, folder or server, as the recipe names it.
  package let name: String
  /// What it is for, or how to get it.
  package let advice: String

  /// What some instances need, each thing once, in their order.
  static func all(
    of instances: [Instance], _ folders: DataFolders, _ keys: ServerKeys, _ site: Site
  ) -> [PlanNeed] {
    var seen: Set<PlanNeed> = []
    let trl = TRLPresence.problem(site, for: instances).map {
      PlanNeed(name: "TRL", advice: "A run would refuse: \($0).")
    }
    let needs =
      instances.compactMap { need(of: $0, folders, keys, site) } + (trl.map { [$0] } ?? [])
    return needs.filter { seen.insert($0).inserted }
  }

  private static func need(
    of instance: Instance, _ folders: DataFolders, _ keys: ServerKeys, _ site: Site
  ) -> PlanNeed? {
    if let use = ServerUse(instance) {
      let isRunning = use.isStarted && use.problem(keys, site) == nil
      return isRunning ? nil : PlanNeed(use, keys, site)
    }
    let named = instance.parameters["source"]
    let names = named?.array?.compactMap(\.string) ?? named?.string.map { [$0] } ?? []
    return names.lazy.compactMap { missing($0, folders) }.first
  }

  /// What is missing of one source.
  private static func missing(_ name: String, _ folders: DataFolders) -> PlanNeed? {
    guard let source = try? DataSource(parsing: name) else { return nil }
    if source.needsDigest {
      let isThere = source.fileAtHand(in: folders) != nil
      return isThere ? nil : PlanNeed(name: name, advice: "A run fetches it.")
    }
    do {
      try RegularFile.check(DataSource.locate(name, in: folders))
      return nil
    } catch let error as SpecialFileError {
      return PlanNeed(name: name, advice: "It is \(error.sort); name a regular file.")
    } catch {
      return PlanNeed(name: name, advice: advice(name))
    }
  }

  private static func advice(_ name: String) -> String {
    PublishedModel.at(name)?.advice(path: name) ?? BenchmarkFile.at(name)?.advice
      ?? "Put it into the folder that WARMUP_DATA names."
  }

  private init(_ use: ServerUse, _ keys: ServerKeys, _ site: Site) {
    let key = use.variable.map { " It is sent the key in \($0)." } ?? ""
    let problem = use.problem(keys, site).map { " A run would refuse: \($0)." } ?? ""
    self.init(name: use.name, advice: "\(use.advice)\(key)\(problem)")
  }

  private init(name: String, advice: String) {
    self.name = name
    self.advice = advice
  }
}

/// A model that recipes name: where people get it, and how large it is. The weights themselves are
/// not part of this project.
package struct PublishedModel: Sendable {
  package let name: String
  /// Where its makers give it out.
  package let origin: String
  package let licence: String
  /// The sizes of its published config.json, as far as work depends on them.
  package let configuration: ModelConfiguration

  private init(
    _ name: String, _ origin: String, _ licence: String, hidden: Int, intermediate: Int,
    layers: Int, heads: Int, keyValueHeads: Int, vocabulary: Int, context: Int, tied: Bool = false,
    _ architecture: ModelConfiguration.Architecture = .llama, headSize: Int? = nil,
    window: (tokens: Int, every: Int)? = nil
  ) {
    self.name = name
    self.origin = origin
    self.licence = licence
    var configuration = ModelConfiguration(
      architecture: architecture, vocabularySize: vocabulary, hiddenSize: hidden,
      intermediateSize: intermediate, layerCount: layers, headCount: heads,
      keyValueHeadCount: keyValueHeads, headSize: headSize ?? hidden / heads,
      contextLength: context, ropeTheta: 10_000, normEpsilon: 1e-6, tiedEmbeddings: tied,
      attentionBias: architecture.family.hasBias)
    if let window {
      configuration.slidingWindow = window.tokens
      configuration.layerAttention = (1...layers).map {
        $0.isMultiple(of: window.every) ? .full : .sliding
      }
    }
    self.configuration = configuration
  }

  /// The models of the paper and of its rivals, the one that the examples use, and small bases that
  /// are often asked for.
  package static let known: [PublishedModel] = [
    PublishedModel(
      "Qwen2.5-3B", "Qwen/Qwen2.5-3B", "Qwen Research License", hidden: 2048, intermediate: 11_008,
      layers: 36, heads: 16, keyValueHeads: 2, vocabulary: 151_936, context: 32_768, tied: true,
      .qwen2),
    PublishedModel(
      "Qwen2.5-14B", "Qwen/Qwen2.5-14B", "Apache-2.0", hidden: 5120, intermediate: 13_824,
      layers: 48, heads: 40, keyValueHeads: 8, vocabulary: 152_064, context: 131_072, .qwen2),
    PublishedModel(
      "Qwen2.5-Math-1.5B", "Qwen/Qwen2.5-Math-1.5B", "Apache-2.0", hidden: 1536,
      intermediate: 8960, layers: 28, heads: 12, keyValueHeads: 2, vocabulary: 151_936,
      context: 4096, tied: true, .qwen2),
    PublishedModel(
      "Qwen2.5-Math-7B", "Qwen/Qwen2.5-Math-7B", "Apache-2.0", hidden: 3584,
      intermediate: 18_944, layers: 28, heads: 28, keyValueHeads: 4, vocabulary: 152_064,
      context: 4096, .qwen2),
    PublishedModel(
      "Qwen2.5-7B-Instruct-1M", "Qwen/Qwen2.5-7B-Instruct-1M", "Apache-2.0", hidden: 3584,
      intermediate: 18_944, layers: 28, heads: 28, keyValueHeads: 4, vocabulary: 152_064,
      context: 1_010_000, .qwen2),
    PublishedModel(
      "Qwen2.5-32B-Instruct", "Qwen/Qwen2.5-32B-Instruct", "Apache-2.0", hidden: 5120,
      intermediate: 27_648, layers: 64, heads: 40, keyValueHeads: 8, vocabulary: 152_064,
      context: 32_768, .qwen2),
    PublishedModel(
      "deepseek-math-7b-base", "deepseek-ai/deepseek-math-7b-base", "DeepSeek License Agreement",
      hidden: 4096, intermediate: 11_008, layers: 30, heads: 32, keyValueHeads: 32,
      vocabulary: 102_400, context: 4096),
    PublishedModel(
      "OLMo-2-0425-1B", "allenai/OLMo-2-0425-1B", "Apache-2.0", hidden: 2048, intermediate: 8192,
      layers: 16, heads: 16, keyValueHeads: 16, vocabulary: 100_352, context: 4096, .olmo2),
    PublishedModel(
      "OLMo-2-1124-7B", "allenai/OLMo-2-1124-7B", "Apache-2.0", hidden: 4096,
      intermediate: 11_008, layers: 32, heads: 32, keyValueHeads: 32, vocabulary: 100_352,
      context: 4096, .olmo2),
    PublishedModel(
      "Llama-3.2-3B", "meta-llama/Llama-3.2-3B", "Llama 3.2 Community License", hidden: 3072,
      intermediate: 8192, layers: 28, heads: 24, keyValueHeads: 8, vocabulary: 128_256,
      context: 131_072, tied: true),
    PublishedModel(
      "Llama-3.1-8B", "meta-llama/Llama-3.1-8B", "Llama 3.1 Community License", hidden: 4096,
      intermediate: 14_336, layers: 32, heads: 32, keyValueHeads: 8, vocabulary: 128_256,
      context: 131_072),
    PublishedModel(
      "Qwen3-0.6B-Base", "Qwen/Qwen3-0.6B-Base", "Apache-2.0", hidden: 1024, intermediate: 3072,
      layers: 28, heads: 16, keyValueHeads: 8, vocabulary: 151_936, context: 32_768, tied: true,
      .qwen3, headSize: 128),
    PublishedModel(
      "Qwen3-1.7B-Base", "Qwen/Qwen3-1.7B-Base", "Apache-2.0", hidden: 2048, intermediate: 6144,
      layers: 28, heads: 16, keyValueHeads: 8, vocabulary: 151_936, context: 32_768, tied: true,
      .qwen3, headSize: 128),
    PublishedModel(
      "gemma-3-270m", "google/gemma-3-270m", "Gemma Terms of Use", hidden: 640,
      intermediate: 2048, layers: 18, heads: 4, keyValueHeads: 1, vocabulary: 262_144,
      context: 32_768, tied: true, .gemma3, headSize: 256, window: (tokens: 512, every: 6)),
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

/// A published file of problems that experiments name: where people get it, and which bytes are
/// meant. The text itself is not part of this project.
package struct BenchmarkFile: Sendable {
  /// The path below the folder of data.
  package let path: String
  /// SHA-256 of the bytes that the recipes under `experiments/` mean.
  package let sha256: String
  package let origin: String
  package let licence: String
  /// How many problems it holds.
  package let rows: Int

  package static let known: [BenchmarkFile] = [
    BenchmarkFile(
      path: "math/math_lighteval_train.jsonl.gz",
      sha256: "60c114ac1ed34c4e3bb06c20dbfb03449de5becd82f45889f013836f81ba06bd",
      origin: "DigitalLearningGmbH/MATH-lighteval on Hugging Face, train, as JSON Lines",
      licence: "MIT", rows: 7500),
    BenchmarkFile(
      path: "math/math500_test.jsonl",
      sha256: "35dc41080a3680858b27fa7e0533d2d547825316fc5dafe5d316f4ccc5a06132",
      origin: "HuggingFaceH4/MATH-500 on Hugging Face, test", licence: "MIT", rows: 500),
    BenchmarkFile(
      path: "humaneval/HumanEvalPlus-OriginFmt.jsonl.gz",
      sha256: "daa7661c8189924068069b0872a440b491edb60f8bdf431d5957adc88d18bae5",
      origin: "release v0.1.10 of evalplus/humanevalplus_release on GitHub",
      licence: "Apache-2.0", rows: 164),
    BenchmarkFile(
      path: "mmlu_pro/test-00000-of-00001.parquet",
      sha256: "b8c790c6cc613a4b71a413230db54bcf2e2053d876ffc4c4451c94908af9e1f5",
      origin: "TIGER-Lab/MMLU-Pro on Hugging Face, data/test-00000-of-00001.parquet",
      licence: "MIT", rows: 12032),
    BenchmarkFile(
      path: "mmlu_pro/validation-00000-of-00001.parquet",
      sha256: "a6db33e44c7a8d6a0a9665aabe6596a5e7436bebb62412d1219821283835e457",
      origin: "TIGER-Lab/MMLU-Pro on Hugging Face, data/validation-00000-of-00001.parquet",
      licence: "MIT", rows: 70),
  ]

  /// How to get it, as a sentence.
  var advice: String {
    "Get it from \(origin) (\(licence)), and put it into the folder that WARMUP_DATA names, as "
      + "\(path)."
  }

  /// The known file at a recipe's path.
  static func at(_ path: String) -> BenchmarkFile? {
    known.first { path == $0.path || path.hasSuffix("/" + $0.path) }
  }
}
