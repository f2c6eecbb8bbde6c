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
}
