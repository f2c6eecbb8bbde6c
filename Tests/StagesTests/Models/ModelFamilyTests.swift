import Base
import Foundation
import Model
import Runner
import Stages
import TestSupport
import Testing

/// What stages do with a model of each family: look into it, pass it on.
@Suite struct ModelFamilyTests {
  /// A small model with everything that its family may say of itself.
  private func model(
    _ architecture: ModelConfiguration.Architecture, contextLength: Int = 128
  ) throws -> ModelArtifact {
    let tokenizer = try TrainingFixtures.tokenizer()
    var configuration = TrainingFixtures.configuration(vocabulary: tokenizer.vocabularySize)
    configuration.architecture = architecture
    configuration.contextLength = contextLength
    configuration.attentionBias = architecture.family.hasBias
    switch architecture.family.layers {
    case .uniform:
      configuration.rotaryScaling = .llama3(factor: 8, low: 1, high: 4, original: 64)
    case .someUnrotated: configuration.layerAttention = [.full, .unrotated]
    case .someSliding:
      configuration.layerAttention = [.sliding, .full]
      (configuration.slidingWindow, configuration.localRopeTheta) = (9, 500)
      (configuration.queryScale, configuration.rotaryScaling) = (20, .linear(factor: 8))
    }
    return try ModelArtifact(weights: .random(configuration, seed: 1), tokenizer: tokenizer)
  }

  @Test(arguments: ModelConfiguration.Architecture.allCases)
  func artifactsKeepEverything(_ architecture: ModelConfiguration.Architecture) throws {
    let folder = try ScratchFolder()
    let file = folder.url.appending(path: "model.h5")
    let model = try model(architecture)
    try model.write(to: file)
    let read = try ModelArtifact(contentsOf: file)
    #expect(read.weights.configuration == model.weights.configuration)
    let all = 0..<model.weights.buffer.count
    #expect(read.weights.buffer[all] == model.weights.buffer[all])
  }

  @Test(arguments: ModelConfiguration.Architecture.allCases)
  func aLookTellsWhatAModelIs(_ architecture: ModelConfiguration.Architecture) throws {
    let folder = try ScratchFolder()
    let model = try model(architecture)
    try HuggingFaceExport.write(model.weights, tokenizer: model.tokenizer, to: folder.url)
    let overview = try ModelOverview(contentsOf: folder.url)
    #expect(overview.configuration == model.weights.configuration)
    #expect(overview.parameterCount == model.weights.buffer.count)
    #expect(overview.tokens == model.tokenizer.vocabularySize)
    #expect(ModelOverview.refusal(of: folder.url) == nil)
  }

  /// From a folder through both kinds of training to scores. The first step of a training has the rate 0.
  @Test func everyFamilyGoesThroughAllStages() throws {
    let models = try ScratchFolder()
    let families = ModelConfiguration.Architecture.allCases
    for family in families {
      let model = try model(family, contextLength: 2048)
      try HuggingFaceExport.write(
        model.weights, tokenizer: model.tokenizer,
        to: models.url.appending(path: family.rawValue))
    }
    let recipe = """
      version: 1
      name: test
      axes: {m: [\(families.map(\.rawValue).joined(separator: ", "))]}
      stages:
        puzzles: {kind: knights_and_knaves, params: {people: 2, count: 4, seed: 1}}
        traces: {kind: write_traces, inputs: {problems: puzzles}, params: {style: short}}
        base: {kind: pretrained_model, params: {source: "\(models.url.path)/${m}"}}
        warmed:
          kind: distill
          inputs: {model: base, traces: traces}
          params: {epochs: 3, batch_size: 4, learning_rate: 1e-2}
        tuned:
          kind: rlvr
          inputs: {model: warmed, problems: puzzles}
          params: {steps: 2, group: 2, problems_per_step: 2, max_tokens: 4, reward: random, learning_rate: 1e-2, template: knights_and_knaves_short}
        scores:
          kind: evaluate
          inputs: {model: tuned, problems: puzzles}
          params: {samples: 1, max_tokens: 4, template: knights_and_knaves_short, overlap: report}
      """
    let run = try RecipeRun(recipe)
    #expect(run.summary.exitCode == 0, "\(run.summary.outcomes)")
    for family in families {
      func weights(_ stage: String) throws -> Weights {
        let name = "\(stage)[m=\(family.rawValue)]"
        let item = try #require(run.summary.plan.results.first { $0.name == name })
        return try ModelArtifact(contentsOf: item.folder.appending(path: "model.h5")).weights
      }
      let (base, tuned) = (try weights("base"), try weights("tuned"))
      let all = 0..<base.buffer.count
      #expect(tuned.configuration == base.configuration)
      let isTrained = tuned.buffer[all] != base.buffer[all]
      #expect(isTrained, "\(family)")
    }
  }

  /// What is missing may come; what is of another kind never will.
  @Test(arguments: [
    (#"{"model_type": "mamba"}"#, "family 'mamba'" as String?),
    (#"{"model_type": "qwen3", "quantization_config": {}}"#, "quantization_config"),
    (#"{"model_type": "qwen3"}"#, nil), ("{", nil), ("", nil),
  ])
  func onlyKindsAreRefused(_ json: String, _ words: String?) throws {
    let folder = try ScratchFolder()
    try Data(json.utf8).write(to: folder.url.appending(path: "config.json"))
    let refusal = ModelOverview.refusal(of: folder.url)
    #expect((refusal == nil) == (words == nil))
    if let words { #expect(refusal?.contains(words) == true) }
  }

  /// A window bounds how many keys a token sees, and so the work of long texts.
  @Test func windowsLimitTheWork() throws {
    let configuration = try model(.gemma3).weights.configuration
    #expect(configuration.visibleKeys(4) == 8 && configuration.visibleKeys(100) == 109)
  }

  /// The published numbers of parameters.
  @Test(arguments: [
    ("Qwen3-0.6B-Base", 596_049_920), ("Qwen3-1.7B-Base", 1_720_574_976),
    ("gemma-3-270m", 268_098_176), ("OLMo-2-0425-1B", 1_484_916_736),
    ("OLMo-2-1124-7B", 7_298_617_344), ("Llama-3.2-3B", 3_212_749_824),
    ("Llama-3.1-8B", 8_030_261_248), ("Qwen2.5-3B", 3_085_938_688),
  ])
  func publishedSizes(_ name: String, _ count: Int) throws {
    let model = try #require(PublishedModel.at("models/" + name))
    #expect(ParameterLayout(model.configuration).count == count)
  }
}
