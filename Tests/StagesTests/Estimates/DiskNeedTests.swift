import Base
import Foundation
import Runner
import Stages
import Testing

/// Room on the disk and in the context, before anything runs.
@Suite struct DiskNeedTests {
  private func needs(_ params: String) throws -> [MemoryNeed] {
    MemoryNeed.all(of: try plan(params), folders: folders, threads: 2)
  }

  private func plan(_ params: String) throws -> Plan {
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
          params: {steps: 1, group: 4\(params)}
      """, file: URL(filePath: "/nowhere/x.yaml"), registry: .standard)
    return Plan(
      items: recipe.instances.map {
        PlannedInstance(instance: $0, state: .toRun, reason: "never run")
      })
  }

  private let nowhere = URL(filePath: "/nowhere")
  private var folders: DataFolders { DataFolders(searchPaths: [nowhere], downloads: nowhere) }

  private func check(_ free: Int, _ params: String = ", max_tokens: 1000") throws -> String? {
    try DiskNeed.check(needs(params), cache: nowhere, free: free)
  }

  /// 3.09e9 weights: two bytes each as a result, twelve in a checkpoint; at most two models of four, and
  /// three checkpoints.
  @Test func whatCannotFitIsRefusedAndWhatMayNotIsSaid() throws {
    let error = #expect(throws: DiskNeed.self) { try check(43_000_000_000) }
    #expect(
      try #require(error).description.hasPrefix(
        "models and checkpoints take at least 43.2 GB, but at /nowhere only 43.0 GB are free"),
      "\(error as Any)")
    let words = try #require(try check(44_000_000_000))
    #expect(words.hasPrefix("models and checkpoints may take 135.8 GB in all"), "\(words)")
    #expect(try check(140_000_000_000) == nil)
  }

  @Test func adaptersLeaveSmallCheckpoints() throws {
    let lora = ", max_tokens: 1000, lora: {rank: 16}"
    #expect(throws: DiskNeed.self) { try check(6_000_000_000, lora) }
    #expect(try check(7_000_000_000, lora) != nil)
    #expect(try check(25_000_000_000, lora) == nil)
  }

  @Test func freeRoomIsAskedOfTheFileSystem() throws {
    let free = try FileManager.default.attributesOfFileSystem(forPath: "/")[.systemFreeSize] as? Int
    let words = Result {
      try DiskNeed.check(needs(", max_tokens: 1000"), cache: nowhere)
    }
    if try #require(free) < 40_000_000_000 {
      #expect(throws: DiskNeed.self) { try words.get() }
    } else if try #require(free) > 200_000_000_000 {
      #expect(try words.get() == nil)
    }
  }

  @Test func aContextWithoutRoomForAPromptIsRefused() throws {
    try ContextNeed.check(needs(", max_tokens: 1000"))
    let error = #expect(throws: ContextNeed.self) {
      try ContextNeed.check(needs(", max_tokens: 100000"))
    }
    #expect(
      try #require(error).description.hasPrefix("'tuned' samples up to 100000 tokens (max_tokens)"))
  }
}
