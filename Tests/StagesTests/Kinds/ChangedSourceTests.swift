import Base
import Foundation
import Runner
import Stages
import TestSupport
import Testing

/// Files of this machine that change between the plan and the stage, or while it reads them.
@Suite(.ownThread) struct ChangedSourceTests {
  private let folder: ScratchFolder
  private let cache: Cache

  init() throws {
    folder = try ScratchFolder()
    cache = Cache(folder: folder.file("cache"))
  }

  private static let row = #"{"problem": "3+4?", "solution": "\\boxed{7}"}"#
  private static let other = #"{"problem": "7+7?", "solution": "\\boxed{14}"}"#
  private static let trace = #"{"prompt": "What?", "completion": "4"}"#

  private func outcome(
    of stage: String, changing name: String, to text: String
  ) throws -> InstanceOutcome {
    let recipe = try Recipe.parse(
      "version: 1\nname: test\nstages: {data: {\(stage)}}", file: folder.file("test.yaml"),
      registry: .standard)
    let folders = DataFolders(searchPaths: [folder.url], downloads: folder.file("downloads"))
    let plan = Planner(cache: cache, folders: folders).plan(recipe.instances)
    let fresh = try folder.write(text, "fresh")
    try FileManager.default.removeItem(at: folder.file(name))
    try FileManager.default.moveItem(at: fresh, to: folder.file(name))
    return try Executor(
      cache: cache, recipeFolder: folder.file("test"), folders: folders,
      budget: RunBudget(threads: 1)
    ).run(plan).outcomes[0]
  }

  @Test(arguments: [
    ("kind: dataset, params: {task: math, source: x.jsonl}", row, other),
    ("kind: read_traces, params: {source: x.jsonl}", trace, trace + "\n" + trace),
    ("kind: pretrained_model, params: {source: x.jsonl}", "GGUF", "FUGG"),
  ])
  func nothingIsMadeFromWhatWasNotPlanned(stage: String, before: String, after: String) throws {
    _ = try folder.write(before, "x.jsonl")
    guard case .failed(let sentence) = try outcome(of: stage, changing: "x.jsonl", to: after) else {
      Issue.record("it was used")
      return
    }
    #expect(sentence.contains("x.jsonl has changed since the run was planned"))
    #expect(cache.keys().isEmpty)
  }

  @Test func theSameBytesInAnotherFileAreTheSame() throws {
    _ = try folder.write(Self.row, "x.jsonl")
    let stage = "kind: dataset, params: {task: math, source: x.jsonl}"
    guard case .ran = try outcome(of: stage, changing: "x.jsonl", to: Self.row) else {
      Issue.record("it did not run")
      return
    }
  }
}
