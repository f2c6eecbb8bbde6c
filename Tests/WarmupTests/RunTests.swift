import Base
import Foundation
import Runner
import Testing

extension EndToEnd {
  /// What runs leave, and what they leave alone.
  @Suite struct RunTests {
    private static let instances = [
      "puzzles", "split", "traces", "sums", "texts", "scratch", "base", "warmed",
      "tuned[start=base,seed=1]", "tuned[start=base,seed=2]", "tuned[start=warmed,seed=1]",
      "tuned[start=warmed,seed=2]", "scores[start=base,seed=1]", "scores[start=base,seed=2]",
      "scores[start=warmed,seed=1]", "scores[start=warmed,seed=2]", "sum_scores",
    ]
    private static let downstream: Set<String> = [
      "warmed", "tuned[start=warmed,seed=1]", "tuned[start=warmed,seed=2]",
      "scores[start=warmed,seed=1]", "scores[start=warmed,seed=2]",
    ]

    @Test func aRunWritesReportTablesFiguresAndLock() async throws {
      let (results, ending) = try await FinishedRun.tiny.value
      #expect(ending.code == 0, "\(ending.messages)")
      #expect(ending.messages.contains("17 ran, 0 cached"))
      let folder = results.url.appending(path: "tiny")
      func text(_ name: String) throws -> String {
        try String(contentsOf: folder.appending(path: name), encoding: .utf8)
      }
      #expect(try text("tables/main.md").contains("| warmed"))
      #expect(try text("tables/main.csv").contains("warmed"))
      #expect(try text("figures/learning.svg").hasPrefix("<svg"))
      #expect(try text("report.html").contains("Does everything that needs no download"))
      #expect(ending.output.contains("warmed") && !ending.output.contains("begins"))
      let lock = try RecipeLock(recipeFolder: folder)
      #expect(Set(lock.keys.keys) == Set(Self.instances))
      let keys = results.published
      #expect(Set(lock.keys.values).isSubset(of: keys))
      let isWhole = try keys.allSatisfy { try Cache(folder: results.cache).isWhole($0) }
      #expect(isWhole)
    }

    @Test func aSecondRunRunsNothing() async throws {
      let results = try ResultsFolder(copying: try await FinishedRun.tiny.value.results)
      let published = results.published
      let report = results.url.appending(path: "tiny/report.html")
      let before = try Data(contentsOf: report)
      let ending = try await results.run("run")
      #expect(ending.code == 0)
      #expect(ending.messages.contains("Everything is cached: 17 instances, nothing to run."))
      #expect(!ending.messages.contains("begins"))
      #expect(results.published == published)
      #expect(try Data(contentsOf: report) == before)
    }

    /// Where nothing changed, the report is not made again: that it is there as it was is looked at.
    @Test func aReportThatSomebodyTouchedIsWrittenAgain() async throws {
      let results = try ResultsFolder(copying: try await FinishedRun.tiny.value.results)
      let names = ["report.html", "report.md", "tables/main.csv", "figures/learning.svg"]
      let files = names.map { results.url.appending(path: "tiny/\($0)") }
      let before = try files.map { try Data(contentsOf: $0) }
      let first = try await results.run("run")
      let kept = results.cache.appending(path: "reports/tiny")
      let note = try Data(contentsOf: kept)
      for file in files.prefix(2) { try Data("changed".utf8).write(to: file) }
      for file in files.dropFirst(2) { try FileManager.default.removeItem(at: file) }
      let second = try await results.run("run")
      #expect(try files.map { try Data(contentsOf: $0) } == before)
      #expect(try Data(contentsOf: kept) == note)
      // It says the same, whether it is made again or not.
      #expect(first.output == second.output && first.output.contains("warmed"))
      #expect(first.messages == second.messages, "\(first.messages)\n\(second.messages)")
    }

    @Test func aPlanSaysWhatAChangeReaches() async throws {
      let results = try ResultsFolder(copying: try await FinishedRun.tiny.value.results)
      let states = try await results.plan().mapValues { $0["state"]?.string }
      #expect(Set(states.keys) == Set(Self.instances))
      #expect(states.values.allSatisfy { $0 == "cached" })

      let change = ["--set", "stages.warmed.params.epochs=3"]
      let changed = try await results.plan(change[0], change[1])
      let toRun = changed.filter { $0.value["state"]?.string == "to_run" }
      #expect(Set(toRun.keys) == Self.downstream)
      let others = changed.filter { toRun[$0.key] == nil }
      #expect(others.values.allSatisfy { $0["state"]?.string == "cached" })

      let ending = try await results.run("run", change[0], change[1])
      #expect(ending.messages.contains("5 ran, 12 cached"), "\(ending.messages)")
      let page = results.url.appending(path: "tiny/report.html")
      #expect(try String(contentsOf: page, encoding: .utf8).contains(change[1]))
    }

    @Test func twoRunsAtOnceShareTheWork() async throws {
      let results = try ResultsFolder("tiny")
      async let first = results.run("run", "--threads", "1")
      async let second = results.run("run", "--threads", "1")
      let (one, other) = try await (first, second)
      #expect(one.code == 0 && other.code == 0, "\(one.messages)\n\(other.messages)")
      for instance in Self.instances {
        let done = (one.lines + other.lines).filter {
          $0.contains("] \(instance) (") && $0.contains(": done in")
        }
        #expect(done.count == 1, "\(instance) ran \(done.count) times")
      }
      let alone = try await FinishedRun.tiny.value.results
      #expect(results.published == alone.published)
      for key in results.published { try expectEqualFiles(key, results, alone) }
    }

    @Test func theNumberOfThreadsChangesNoBit() async throws {
      let (whole, ending) = try await FinishedRun.training.value
      #expect(ending.code == 0, "\(ending.messages)")
      let results = try ResultsFolder(copying: whole)
      try await results.forget("warmed", "tuned")
      #expect(try await results.run("run", "--threads", "1").messages.contains("2 ran, 8 cached"))
      for instance in ["warmed", "tuned"] {
        let key = try await results.artifact(instance).lastPathComponent
        try expectEqualFiles(key, results, whole)
      }
    }
  }
}

/// Compares the HDF5 files of an artifact in two caches, byte for byte.
func expectEqualFiles(_ key: String, _ one: ResultsFolder, _ other: ResultsFolder) throws {
  let folders = [one, other].map { Cache(folder: $0.cache).artifactFolder(key) }
  let names = try FileManager.default.contentsOfDirectory(atPath: folders[1].path)
    .filter { $0.hasSuffix(".h5") }.sorted()
  #expect(!names.isEmpty)
  for name in names {
    let contents = try folders.map { try Data(contentsOf: $0.appending(path: name)) }
    #expect(contents[0] == contents[1], "\(name) of \(key) differs")
  }
}
