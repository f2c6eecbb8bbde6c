import Base
import Foundation
import Runner
import Stages
import TestSupport
import Testing

/// `trl.sampler` of `rlvr`: what is part of the key, and what is refused.
@Suite struct TRLSamplerTests {
  private static func recipe(_ params: String) -> String {
    """
    version: 1
    name: test
    stages:
      puzzles: {kind: knights_and_knaves, params: {people: 2, count: 8, seed: 1}}
      base: {kind: pretrained_model, params: {source: varied}}
      tuned:
        kind: rlvr
        inputs: {model: base, problems: puzzles}
        params: {engine: trl, steps: 8, group: 4, problems_per_step: 2, max_tokens: 8, loss: {normaliser: constant}\(params)}
    """
  }

  private static func parse(_ params: String, _ folder: ScratchFolder) throws -> Recipe {
    try Recipe.parse(recipe(params), file: folder.file("test.yaml"), registry: .standard)
  }

  /// Who samples, and what the loss makes of it; not where it runs.
  @Test func theKeyHasTheSamplerAndItsCorrection() throws {
    let folder = try ScratchFolder()
    func identity(_ trl: String) throws -> String {
      let recipe = try Self.parse(trl.isEmpty ? "" : ", trl: {\(trl)}", folder)
      return try #require(recipe.instances.last).identity.text
    }
    let plain = try identity("")
    #expect(plain.contains(#""trl":{"adapter":1,"version":"1.16"}"#), "\(plain)")
    #expect(try identity("sampler: transformers") == plain)
    let vllm = try identity("sampler: vllm")
    #expect(vllm != plain)
    for place in [
      "processes: 2, vllm: {tensor_parallel: 2, memory: 0.5, sleep: true}",
      "vllm: {url: 'http://localhost:8000'}",
    ] {
      #expect(try identity("sampler: vllm, \(place)") == vllm)
    }
    let corrected = try identity("sampler: vllm, correction: token_truncate, correction_max: 2")
    #expect(corrected != vllm)
    #expect(
      try identity("sampler: vllm, correction: token_mask, correction_max: 2") != corrected)
    #expect(
      try identity("sampler: vllm, correction: token_truncate, correction_max: 3") != corrected)
  }

  static let mistakes: [(params: String, sentence: String)] = [
    ("correction: token_mask, correction_max: 2", "9:132: 'correction' is for 'sampler: vllm'"),
    ("vllm: {sleep: true}", "'vllm' is for 'sampler: vllm'"),
    ("sampler: vllm, correction: token_mask", "a correction needs its bound, 'correction_max'"),
    ("sampler: vllm, correction_max: 2", "'correction_max' bounds a correction; name one"),
    ("sampler: vllm, vllm: {url: 'http://x', sleep: true}", "the server at 'http://x' has its own"),
    ("sampler: vllm, vllm: {tensor_parallel: 2}", "must divide trl's processes (1)"),
    ("sampler: vlm", "unknown value 'vlm'; did you mean 'vllm'?"),
  ]

  /// What TRL cannot do as it is meant is refused where it stands.
  @Test(arguments: [
    (", lora: {rank: 2}", "9:120: 'engine: trl' trains all weights so far; leave 'lora' out"),
    (", leave_out: 1", "9:125: 'engine: trl' has batches of one size; leave nothing out"),
    (", trl: {processes: 3}", "cannot be divided among 3 processes"),
  ])
  func whatTRLCannotDoIsRefused(params: String, sentence: String) throws {
    let folder = try ScratchFolder()
    let error = #expect(throws: RecipeError.self) { _ = try Self.parse(params, folder) }
    #expect(error?.description.contains(sentence) == true, "\(error?.description ?? "")")
  }

  /// Settings of TRL without TRL are a mistake, but for who says that this program trains.
  @Test(arguments: ["distill", "rlvr"])
  func settingsOfTRLAreForTRL(kind: String) throws {
    let folder = try ScratchFolder()
    func parse(_ params: String) throws {
      let input = kind == "rlvr" ? "problems: puzzles" : "traces: traces"
      let recipe = """
        version: 1
        name: test
        stages:
          puzzles: {kind: knights_and_knaves, params: {people: 2, count: 8, seed: 1}}
          traces: {kind: write_traces, inputs: {problems: puzzles}, params: {style: short, prompt: short}}
          base: {kind: pretrained_model, params: {source: varied}}
          tuned: {kind: \(kind), inputs: {model: base, \(input)}, params: {\(params)}}
        """
      _ = try Recipe.parse(recipe, file: folder.file("test.yaml"), registry: .standard)
    }
    let error = #expect(throws: RecipeError.self) { try parse("trl: {per_device: 1}") }
    #expect(error?.description.contains("'trl' is for 'engine: trl'") == true)
    try parse("engine: native, trl: {per_device: 1}")
  }

  @Test(arguments: mistakes)
  func whatMakesNoSenseIsRefused(params: String, sentence: String) throws {
    let folder = try ScratchFolder()
    let error = #expect(throws: RecipeError.self) {
      _ = try Self.parse(", trl: {\(params)}", folder)
    }
    #expect(error?.description.contains(sentence) == true, "\(error?.description ?? "")")
  }

  /// vLLM has a precision of its own; transformers has that of the weights.
  @Test func onlyVLLMSamplesInAnotherPrecision() throws {
    let folder = try ScratchFolder()
    _ = try Self.parse(", sampling_precision: bfloat16, trl: {sampler: vllm}", folder)
    let error = #expect(throws: RecipeError.self) {
      _ = try Self.parse(", sampling_precision: bfloat16", folder)
    }
    #expect(error?.description.contains("vLLM ('trl: {sampler: vllm}')") == true)
  }
}
