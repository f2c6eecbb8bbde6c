import Foundation
import Runner
import Testing

extension EndToEnd {
  /// `pack`, `unpack` and packed files in a recipe's place.
  @Suite struct SharingTests {
    /// The instances of the recipe `tiny` that make a model.
    private static let modelCount = 7

    /// Somebody's results, and a folder of somebody else with the packed file and nothing more.
    private struct Exchange {
      let sender: ResultsFolder
      let receiver: URL
      let file: URL

      init(_ options: String...) async throws {
        sender = try ResultsFolder(copying: try await FinishedRun.tiny.value.results)
        receiver = sender.url.appending(path: "receiver")
        try FileManager.default.createDirectory(at: receiver, withIntermediateDirectories: true)
        file = receiver.appending(path: "tiny.warmup.h5")
        let ending = try await Program.run(
          ["pack", sender.recipe.path, "--results", sender.url.path, "-o", file.path] + options
        ) { _ in }
        #expect(ending.code == 0, "\(ending.messages)")
        #expect(ending.messages.contains("Packed 17 of 17 instances into"))
      }

      func run(_ arguments: String...) async throws -> Program.Ending {
        try await Program.run(arguments, in: receiver) { _ in }
      }

      var results: URL { receiver.appending(path: "results") }
    }

    /// Tables, figures and reports by their paths.
    private func shown(in folder: URL) throws -> [String: Data] {
      var found: [String: Data] = [:]
      for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
        let isShown = ["tables/", "figures/", "report."].contains { path.hasPrefix($0) }
        if isShown { found[path] = try Data(contentsOf: folder.appending(path: path)) }
      }
      return found
    }

    @Test func aPackedFileReportsTheSameBytes() async throws {
      let exchange = try await Exchange()
      let original = try await exchange.sender.run("report")
      let expected = try shown(in: exchange.sender.url.appending(path: "tiny"))
      #expect(expected.keys.contains("report.html") && expected.keys.contains("tables/main.csv"))
      let ending = try await exchange.run("report", "tiny.warmup.h5")
      #expect(ending.code == 0, "\(ending.messages)")
      #expect(ending.output == original.output)
      #expect(try shown(in: exchange.results.appending(path: "tiny")) == expected)
      #expect(
        !FileManager.default.fileExists(atPath: exchange.results.appending(path: "cache").path))

      let unpacked = try await exchange.run("unpack", "tiny.warmup.h5")
      #expect(unpacked.code == 0, "\(unpacked.messages)")
      let folder = exchange.receiver.appending(path: "tiny")
      #expect(try shown(in: folder) == expected)
      let recipe = try Data(contentsOf: folder.appending(path: "recipe/tiny.yaml"))
      #expect(recipe == (try Data(contentsOf: exchange.sender.recipe)))
      let again = try await exchange.run("unpack", "tiny.warmup.h5")
      #expect(again.code == 1)
      #expect(again.messages.contains("exists already; choose another folder with -o"))
    }

    /// The numbers that a table shows beside ours lie in another folder than the recipe.
    @Test func aRecipeOfSeveralFilesReportsTheSameBytes() async throws {
      let sender = try ResultsFolder(copying: try await FinishedRun.tiny.value.results)
      func write(_ text: String, to name: String) throws -> URL {
        let file = sender.url.appending(path: name)
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
        return file
      }
      _ = try write(
        try String(contentsOf: sender.recipe, encoding: .utf8), to: "recipes/base/tiny.yaml")
      _ = try write(
        """
        source: Doe 2024
        values: [{at: {start: warmed}, mean: 24, deviation: 1}]
        """, to: "recipes/published/doe.yaml")
      let recipe = try write(
        """
        version: 1
        name: several
        extends: ../base/tiny.yaml
        tables: {main: {published: ../published/doe.yaml}}
        """, to: "recipes/own/several.yaml"
      ).path
      let there = ["--results", sender.url.path, "--set", "tables.main.margin=5"]
      let packed = sender.url.appending(path: "receiver/several.warmup.h5")
      try FileManager.default.createDirectory(
        at: packed.deletingLastPathComponent(), withIntermediateDirectories: true)
      for command in [["report", recipe] + there, ["pack", recipe, "-o", packed.path] + there] {
        let ending = try await Program.run(command) { _ in }
        #expect(ending.code == 0, "\(ending.messages)")
      }
      let expected = try shown(in: sender.url.appending(path: "several"))
      let table = try #require(expected["tables/main.md"])
      #expect(String(decoding: table, as: UTF8.self).contains("published 24.0 ± 1.0"))
      try FileManager.default.removeItem(at: sender.url.appending(path: "recipes"))
      let report = try await Program.run(
        ["report", packed.path], in: packed.deletingLastPathComponent()
      ) { _ in }
      #expect(report.code == 0, "\(report.messages)")
      let results = packed.deletingLastPathComponent().appending(path: "results/several")
      #expect(try shown(in: results) == expected)
    }

    @Test func aPackedFileShowsWhatItHolds() async throws {
      let exchange = try await Exchange()
      let status = try await exchange.run("status", "tiny.warmup.h5")
      #expect(status.output.hasPrefix("tiny: 17 of 17 done\n"))
      let shown = try await exchange.run(
        "show", "tiny.warmup.h5", "scores[start=warmed,seed=2]", "--jsonl")
      let original = try await exchange.sender.run(
        "show", "scores[start=warmed,seed=2]", "--jsonl")
      #expect(shown.code == 0 && shown.output == original.output && !shown.output.isEmpty)
      let export = try await exchange.run("export", "tiny.warmup.h5", "warmed", "model")
      #expect(export.code == 1)
      #expect(export.messages.contains("the file holds no 'model' of 'warmed': it was packed"))
      let change = try await exchange.run(
        "report", "tiny.warmup.h5", "--set", "stages.warmed.params.epochs=3")
      #expect(change.code == 64)
      #expect(change.messages.contains("--set cannot change what a packed file holds"))
      let packed = try await exchange.run("pack", "tiny.warmup.h5")
      #expect(packed.code == 64 && packed.messages.contains("is packed already"))
    }

    @Test func aPackedFileRunsAndIsTheSameExperiment() async throws {
      let exchange = try await Exchange()
      let ending = try await exchange.run("run", "tiny.warmup.h5", "--locked")
      #expect(ending.code == 0, "\(ending.messages)")
      let whole = 17 - Self.modelCount
      #expect(ending.messages.contains("\(Self.modelCount) ran, \(whole) cached"))
      // A check against the lock says that these are the same instances, not who made them.
      #expect(
        ending.messages.contains(
          "Not made here: \(whole) of 17 results, taken over from tiny.warmup.h5 ("))
      let plan = try await exchange.run("plan", "tiny.warmup.h5")
      #expect(plan.output.matches(of: /from the packed file 'tiny.warmup.h5' \(/).count == whole)
      let report = try String(
        contentsOf: exchange.results.appending(path: "tiny/report.md"), encoding: .utf8)
      #expect(report.contains("\(whole) results were not made here, from the packed file"))
      let sender = exchange.sender
      let cache = Cache(folder: exchange.results.appending(path: "cache"))
      #expect(cache.keys() == sender.published)
      for key in cache.keys() {
        #expect(try cache.isWhole(key))
        let records = try [cache, Cache(folder: sender.cache)].map {
          try ArtifactRecord(contentsOf: $0.artifactFolder(key).appending(path: "record.json"))
        }
        #expect(records[0].files == records[1].files, "\(records[0].instance)")
      }
      let locks = try [exchange.results, sender.url].map {
        try Data(contentsOf: $0.appending(path: "tiny/lock.json"))
      }
      #expect(locks[0] == locks[1])
    }

    @Test func lockedRunsRefuseWhatDiffers() async throws {
      let exchange = try await Exchange()
      let change = ["--set", "stages.warmed.params.epochs=3"]
      let packed = try await exchange.run("run", "tiny.warmup.h5", "--locked", change[0], change[1])
      #expect(packed.code == 64)
      #expect(packed.messages.contains("this is not the experiment that was locked: 5 of 17"))
      #expect(packed.messages.contains("\n  warmed: epochs changed from 2 to 3\n"))
      #expect(!FileManager.default.fileExists(atPath: exchange.results.path), "something ran")
      let recipe = try await exchange.sender.run("run", "--locked", change[0], change[1])
      #expect(recipe.code == 64)
      #expect(recipe.messages.contains("\n  warmed: epochs changed from 2 to 3\n"))
      let same = try await exchange.sender.run("run", "--locked")
      #expect(same.code == 0 && same.messages.contains("Everything is cached: 17 instances"))
      let unlocked = try await ResultsFolder("tiny").run("run", "--locked")
      #expect(unlocked.code == 64 && unlocked.messages.contains("there is no lock at"))
    }

    @Test func modelsGoAlongOnDemand() async throws {
      let exchange = try await Exchange("--models", "--without-texts")
      let data = try Data(contentsOf: exchange.file)
      #expect(data.range(of: Data("A very special island".utf8)) == nil)
      let export = try await exchange.run("export", "tiny.warmup.h5", "warmed", "model")
      #expect(export.code == 0, "\(export.messages)")
      let report = try await exchange.run("report", "tiny.warmup.h5")
      #expect(report.code == 0, "\(report.messages)")
      let tables = try [exchange.results, exchange.sender.url].map {
        try Data(contentsOf: $0.appending(path: "tiny/tables/main.csv"))
      }
      #expect(tables[0] == tables[1])
      let shown = try await exchange.run(
        "show", "tiny.warmup.h5", "scores[start=base,seed=1]", "--jsonl")
      #expect(shown.output.contains(#""prompt":"sha256:"#))
    }

    @Test func whatIsNotDoneIsSaid() async throws {
      let results = try ResultsFolder("tiny")
      let file = results.url.appending(path: "tiny.h5").path
      let nothing = try await results.run("pack", "-o", file)
      #expect(nothing.code == 1 && nothing.messages.contains("nothing of 'tiny' is done in"))
      #expect(!FileManager.default.fileExists(atPath: file))
      #expect(try await results.run("run", "--only", "seed=1").code == 0)
      let ending = try await results.run("pack", "-o", file)
      #expect(ending.code == 0)
      #expect(ending.messages.contains("Packed 13 of 17 instances into"))
      #expect(ending.messages.contains("Not done yet: tuned[start=base,seed=2],"))
      let status = try await Program.run("status", file)
      #expect(status.output.hasPrefix("tiny: 13 of 17 done\n"))
      #expect(status.output.contains("not done when it was packed"))
      let recipe = try await results.run("pack", "-o", results.recipe.path)
      #expect(recipe.code == 64 && recipe.messages.contains("packing must not overwrite"))
    }

    @Test(arguments: ["run", "report", "status", "plan", "validate", "unpack"])
    func damagedFilesAreRefused(command: String) async throws {
      let exchange = try await Exchange()
      let data = try Data(contentsOf: exchange.file)
      try data.dropLast(1000).write(to: exchange.file)
      let ending = try await exchange.run(command, "tiny.warmup.h5")
      #expect(ending.code == 1)
      #expect(ending.messages.hasPrefix("warmup: tiny.warmup.h5 is cut off: it has"))
      let names = try FileManager.default.contentsOfDirectory(atPath: exchange.receiver.path)
      #expect(names == ["tiny.warmup.h5"])
    }
  }
}
