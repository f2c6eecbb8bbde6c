import Base
import Foundation
import Runner
import Stages
import Testing

/// What a run needs, before it begins.
@Suite struct MemoryNeedTests {
  private func check(_ limit: Int, _ params: String = "") throws -> String? {
    let recipe = try Recipe.parse(
      """
      version: 1
      name: x
      stages:
        base: {kind: pretrained_model, params: {source: models/Qwen2.5-3B}}
        puzzles: {kind: knights_and_knaves, params: {people: 3, count: 10}}
        tuned:
          kind: rlvr
          inputs: {model: base, problems: puzzles}
          params: {steps: 1, group: 4, max_tokens: 1000\(params)}
      """, file: URL(filePath: "/nowhere/x.yaml"), registry: .standard)
    let nowhere = URL(filePath: "/nowhere")
    let folders = DataFolders(searchPaths: [nowhere], downloads: nowhere)
    // What waits for a model that is not here is to run in this plan.
    let items = recipe.instances.map {
      PlannedInstance(instance: $0, state: .toRun, reason: "never run")
    }
    return try MemoryNeed.check(
      Plan(items: items), folders: folders, threads: 2,
      limit: MemoryLimit(name: "the machine", total: limit, free: limit))
  }

  /// Two bytes for a weight of the layers, four for embeddings and for sampling's copy; no copy as a
  /// reference.
  @Test func adaptersNeedLess() throws {
    let lora = ", lora: {rank: 16, base: bfloat16}"
    let error = #expect(throws: MemoryNeedError.self) { try check(18_000_000_000, lora) }
    #expect(error?.description.contains("frozen weights, and adapters") == true, "\(error as Any)")
    #expect(try check(22_000_000_000, lora) != nil)
    #expect(try check(22_000_000_000, lora + ", loss: {kl: 0.1}") != nil)
    #expect(try check(60_000_000_000, lora) == nil)
  }

  /// 3.09e9 weights: four numbers of four bytes each, and a copy for sampling. Below that nothing
  /// begins; above it, a warning says what completions may come to.
  @Test func whatIsCertainIsRefusedAndWhatMayBeIsSaid() throws {
    let error = #expect(throws: MemoryNeedError.self) { try check(60_000_000_000) }
    #expect(error?.description.hasPrefix("'tuned' needs 6") == true, "\(error as Any)")
    #expect(error?.description.contains("train adapters ('lora')") == true, "\(error as Any)")
    let words = try #require(try check(64_000_000_000))
    #expect(words.hasPrefix("'tuned' takes up to "), "\(words)")
    #expect(words.contains("of what the machine allows 64.0 GB are free"))
    #expect(try check(120_000_000_000) == nil)
    // Fewer numbers for each of the copies, no reference.
    #expect(try check(60_000_000_000, ", sampling_precision: bfloat16") != nil)
    #expect(throws: MemoryNeedError.self) {
      try check(64_000_000_000, ", loss: {normaliser: batch_tokens, kl: 0.1}")
    }
  }

  /// A model that is brought in and exported is nowhere in memory as a whole; one that lies in a single
  /// HDF5 file is written a tensor at a time.
  @Test func handingAModelOnNeedsNoModel() throws {
    func check(_ model: String, _ limit: Int) throws -> String? {
      let recipe = try Recipe.parse(
        """
        version: 1
        name: x
        stages:
          base: {kind: pretrained_model, params: {source: models/\(model), precision: "${p}"}}
        axes: {p: [float32, bfloat16]}
        """, file: URL(filePath: "/nowhere/x.yaml"), registry: .standard)
      let nowhere = URL(filePath: "/nowhere")
      return try MemoryNeed.check(
        Plan(
          items: recipe.instances.map {
            PlannedInstance(instance: $0, state: .toRun, reason: "never run")
          }),
        folders: DataFolders(searchPaths: [nowhere], downloads: nowhere), threads: 2,
        limit: MemoryLimit(name: "the machine", total: limit, free: limit))
    }
    // 16 MiB, whatever the model.
    #expect(try check("Qwen2.5-14B", 20_000_000) == nil)
    #expect(throws: MemoryNeedError.self) { try check("Qwen2.5-14B", 16_000_000) }
    // 49,152 rows of 576 numbers.
    let error = #expect(throws: MemoryNeedError.self) {
      try check("SmolLM2-135M-Instruct.Q4_1.gguf", 113_000_000)
    }
    #expect(
      error?.description.hasPrefix(
        "'base[p=float32]' needs 113 MB of memory (a part of 134515008 w")
        == true, "\(error as Any)")
    #expect(try check("SmolLM2-135M-Instruct.Q4_1.gguf", 114_000_000) == nil)
  }
}
