import Base
import Foundation
import Runner
import Testing

extension EndToEnd {
  /// A model that is kept in bfloat16, from a folder through the cache and a packed file to another
  /// folder. Its shards are what a larger model's are.
  @Suite struct ModelShardsTests {
    /// A recipe beside an exported model that it reads.
    private struct Project {
      let results: ResultsFolder
      let recipe: URL

      init() async throws {
        results = try ResultsFolder("tiny")
        recipe = results.url.appending(path: "shards.yaml")
        let model = results.url.appending(path: "outside")
        let tiny = try await FinishedRun.tiny.value.results
        #expect(try await tiny.run("export", "warmed", model.path).code == 0)
        try Data(
          """
          version: 1
          name: shards
          stages:
            base: {kind: pretrained_model, params: {source: "\(model.path)", precision: bfloat16}}
            puzzles: {kind: knights_and_knaves, params: {people: 2, count: 4, seed: 1}}
            scores:
              kind: evaluate
              inputs: {model: base, problems: puzzles}
              params: {samples: 1, max_tokens: 4, template: knights_and_knaves_short}
            tuned:
              kind: rlvr
              inputs: {model: base, problems: puzzles}
              params: {steps: 1, group: 2, problems_per_step: 1, max_tokens: 4, reward: random, template: knights_and_knaves_short}
          """.utf8
        ).write(to: recipe)
      }

      func run(_ command: String, _ more: String..., at place: String = "own") async throws
        -> Program.Ending
      {
        try await Program.run(
          [command, recipe.path] + more + ["--results", results.url.appending(path: place).path]
        ) { _ in }
      }

      /// The folder of the model's result.
      func base(at place: String = "own") async throws -> URL {
        let plan = try await run("plan", "--json", at: place)
        let rows = try JSONValue(parsing: Data(plan.output.utf8)).array ?? []
        let key = try #require(rows.first { $0["instance"] == "base" }?["key"]?.string)
        return Cache(folder: results.url.appending(path: "\(place)/cache")).artifactFolder(key)
      }
    }

    private static let folder = [
      "config.json", "generation_config.json", "model.safetensors", "tokenizer.json",
      "tokenizer_config.json",
    ]

    @Test func itGoesFromFolderToFolder() async throws {
      let project = try await Project()
      let ran = try await project.run("run")
      #expect(ran.code == 0, "\(ran.messages)")
      let base = try await project.base()
      let files = try FileManager.default.contentsOfDirectory(atPath: base.path)
      #expect(Set(files) == Set(Self.folder + ["model.h5", "record.json"]))
      let own = project.results.url.appending(path: "own")
      let verified = try await Program.run("cache", "verify", "--deep", "--results", own.path)
      #expect(verified.code == 0, "\(verified.output)")
      let exported = project.results.url.appending(path: "exported")
      let ending = try await project.run("export", "base", exported.path)
      #expect(ending.code == 0, "\(ending.messages)")
      for name in Self.folder {
        #expect(
          try Data(contentsOf: exported.appending(path: name))
            == Data(contentsOf: base.appending(path: name)), "\(name)")
      }

      // With and without the models of a packed file, and from somebody's cache.
      for (place, options) in [("whole", ["--models"]), ("less", [])] {
        let packed = project.results.url.appending(path: "\(place).warmup.h5")
        let packing = try await Program.run(
          ["pack", project.recipe.path, "--results", own.path, "-o", packed.path] + options
        ) { _ in }
        #expect(packing.code == 0, "\(packing.messages)")
        let other = project.results.url.appending(path: place)
        let again = try await Program.run(
          "run", packed.path, "--results", other.path)
        #expect(again.code == 0, "\(again.messages)")
        let there = try await project.base(at: place)
        #expect(
          try Data(contentsOf: there.appending(path: "model.safetensors"))
            == Data(contentsOf: base.appending(path: "model.safetensors")))
        #expect(
          FileManager.default.fileExists(atPath: there.appending(path: "origin.json").path)
            == (place == "whole"))
      }
      let borrowed = try await project.run("run", "--cache-also", own.path, at: "borrower")
      #expect(borrowed.code == 0 && borrowed.messages.contains("cached"), "\(borrowed.messages)")
      #expect(try await !FileManager.default.fileExists(atPath: project.base(at: "borrower").path))
    }

    @Test(arguments: ["truncated", "exchanged", "missing"])
    func aShardThatIsNotWhatWasPublishedIsMadeAgain(damage: String) async throws {
      let project = try await Project()
      #expect(try await project.run("run").code == 0)
      let shard = try await project.base().appending(path: "model.safetensors")
      let whole = try Data(contentsOf: shard)
      try FileManager.default.removeItem(at: shard)
      switch damage {
      case "truncated": try whole.dropLast(2).write(to: shard)
      case "exchanged":
        var other = whole
        other[other.count - 1] ^= 1
        try other.write(to: shard)
      default: break
      }
      let exported = project.results.url.appending(path: "exported").path
      let refused = try await project.run("export", "base", exported)
      // What sizes tell is told before anything is read: then there is no result.
      let words = damage == "exchanged" ? "the bytes of model.safetensors" : "'base' has no result"
      #expect(refused.code == 1 && refused.messages.contains(words), "\(refused.messages)")
      #expect(!FileManager.default.fileExists(atPath: exported))
      // Another evaluation reads the model, or what is made in its place.
      let again = try await project.run("run", "--set", "stages.scores.params.max_tokens=5")
      #expect(again.code == 0 && again.messages.contains("damaged"), "\(again.messages)")
      #expect(try Data(contentsOf: shard) == whole)
    }
  }
}
