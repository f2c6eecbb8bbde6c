import Base
import Foundation
import Runner
import Stages
import Subprocess
import TestSupport
import Testing

extension EndToEnd {
  /// `stage-exec`: what a job runs.
  @Suite struct StageExecTests {
    /// Writes the request of an instance of a recipe, as an executor does.
    private func request(_ instance: String, of results: ResultsFolder) throws -> URL {
      let recipe = try Recipe.load(results.recipe, overrides: [], registry: .standard)
      let cache = Cache(folder: results.cache)
      let folders = DataFolders(recipe: results.recipe, results: results.url)
      let plan = Planner(cache: cache, folders: folders).plan(recipe.instances)
      let index = try #require(plan.items.firstIndex { $0.name == instance })
      let request = StageRequest(
        plan, asked: StageRequest.together(with: index, in: plan),
        in: .init(program: "test", cache: cache, folders: folders))
      let file = StageRequest.file(try #require(plan.items[index].key), in: cache)
      try request.write(to: file)
      return file
    }

    @Test func aKilledJobGoesOnBitForBit() async throws {
      let whole = try await FinishedRun.training.value.results
      let results = try ResultsFolder(copying: whole)
      let kept = [20, 60].map { "warmed.at[step=\($0)]" }
      try await results.forget("warmed", kept[0], kept[1])
      let file = try request("warmed", of: results)
      let work = file.deletingLastPathComponent()
      let killed = try await disturbed(file, with: .kill, after: 40)
      #expect(killed.code == nil, "it ended before it was killed")
      #expect(StageExit(in: work)?.status == .began)
      let stopped = try await disturbed(file, with: .userDefinedTwo, after: 45)
      #expect(stopped.code == 75, "\(stopped.messages)")
      let exit = try #require(StageExit(in: work))
      #expect(exit.status == .stopped && (exit.step ?? 0) >= 40)
      let ending = try await Program.run("stage-exec", file.path)
      #expect(ending.code == 0, "\(ending.messages)")
      #expect(!FileManager.default.fileExists(atPath: work.path))
      for name in ["warmed"] + kept {
        let artifact = try await results.artifact(name)
        try expectEqualFiles(artifact.lastPathComponent, results, whole)
      }
      let record = try ArtifactRecord(
        contentsOf: try await results.artifact("warmed").appending(path: "record.json"))
      #expect((record.resumedFrom ?? 0) >= 40)
    }

    @Test func whatDiffersIsRefused() async throws {
      let results = try ResultsFolder(copying: try await FinishedRun.training.value.results)
      try await results.forget("puzzles", "traces")
      let file = try request("traces", of: results)
      let ending = try await Program.run("stage-exec", file.path)
      #expect(ending.code == 1)
      #expect(ending.messages == "warmup: its input 'puzzles' is not in \(results.cache.path)\n")
      let missing = try await Program.run("stage-exec", "/nowhere/request.json")
      #expect(missing.code == 1)
      #expect(
        missing.messages.contains("the request /nowhere/request.json cannot be used: "),
        "\(missing.messages)")
    }

    /// Parameters are read from a request as from the recipe, whatever the kind.
    @Test(arguments: ["tiny", "training", "killed"])
    func everyKindCanBeReadFromARequest(name: String) throws {
      let folder = try ScratchFolder()
      let recipe = try Recipe.load(Fixture.recipe(name), overrides: [], registry: .standard)
      let cache = Cache(folder: folder.file("cache"))
      let folders = DataFolders(recipe: Fixture.recipe(name), results: folder.url)
      let plan = Planner(cache: cache, folders: folders).plan(recipe.instances)
      let request = StageRequest(
        plan, asked: Array(plan.items.indices),
        in: .init(program: "test", cache: cache, folders: folders))
      let file = folder.file("request.json")
      try request.write(to: file)
      let again = try RequestedPlan.plan(
        StageRequest(contentsOf: file), registry: .standard, cache: cache, folders: folders)
      #expect(again.items.map(\.name) == plan.items.map(\.name))
      #expect(again.items.map(\.key) == plan.items.map(\.key))
      #expect(again.items.map(\.parameters) == plan.items.map(\.parameters))
    }

    /// A job that gets a signal once it has done some steps.
    private func disturbed(
      _ file: URL, with signal: Signal, after steps: Int
    ) async throws -> Program.Ending {
      let log = file.deletingLastPathComponent().appending(path: "metrics.jsonl")
      return try await Program.run(["stage-exec", file.path]) { send in
        let deadline = ContinuousClock.now + .seconds(120)
        while ContinuousClock.now < deadline {
          let lines = try? Data(contentsOf: log)
          if let lines, lines.count(where: { $0 == 0x0A }) >= steps { break }
          try await Task.sleep(for: .milliseconds(2))
        }
        try send(signal)
      }
    }
  }
}
