import Base
import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// `explain`, `cache ls`, `cache gc` and `cache pin`, and how `run` shows what it does, on a recipe
  /// that takes no time.
  @Suite struct RunnerCommandTests {
    private let folder: ScratchFolder
    private let recipe: URL

    init() throws {
      folder = try ScratchFolder()
      recipe = try folder.write(
        """
        version: 1
        name: small
        axes:
          seed: [1, 2, 3]
        stages:
          sums:
            kind: miniature_problems
            params: {count: 20, seed: "${seed}"}
          halves:
            kind: split
            inputs: {problems: sums}
            params: {test: 5}
        """, "small.yaml")
    }

    private func run(_ arguments: String...) async throws -> Program.Ending {
      try await Program.run(
        arguments + ["--results", folder.file("results").path]
      ) { _ in }
    }

    @Test func explainNamesTheParameterBehindTheInput() async throws {
      #expect(try await run("run", recipe.path).code == 0)
      let change = ["--set", "stages.sums.params.count=21"]
      let ending = try await run("explain", recipe.path, "halves[seed=2]", change[0], change[1])
      #expect(ending.code == 0, "\(ending.messages)")
      let lines = ending.output.split(separator: "\n")
      #expect(
        lines[0] == "halves[seed=2] (split): to run, its input 'problems' (sums[seed=2]) is to run")
      #expect(lines[1].hasPrefix("  nearest earlier result: halves[seed=2], "))
      #expect(lines[2] == "    its input 'problems' changed (sums[seed=2])")
      #expect(lines[3] == "      count changed from 20 to 21")
      let json = try await run(
        "explain", recipe.path, "sums[seed=1]", "--json", change[0], change[1])
      let value = try JSONValue(parsing: Data(json.output.utf8))
      #expect(value["changes"]?.array?.first?["change"] == "count changed from 20 to 21")
      #expect(value["downstream"]?.array?.map { $0["instance"] } == ["halves[seed=1]"])
      let unknown = try await run("explain", recipe.path, "halvs[seed=2]")
      #expect(unknown.code == 1 && unknown.messages.contains("did you mean 'halves[seed=2]'?"))
      let stage = try await run("explain", recipe.path, "halves")
      #expect(stage.code == 1)
      #expect(stage.messages.contains("'halves' has 3 instances; name one:\n  'halves[seed=1]'"))
    }

    @Test func aDryRunIsAPlan() async throws {
      let dry = try await run("run", recipe.path, "--dry-run")
      let plan = try await run("plan", recipe.path)
      #expect(dry.code == 0 && dry.output == plan.output && !dry.output.isEmpty)
      #expect(!FileManager.default.fileExists(atPath: folder.file("results").path))
    }

    @Test func cachedInstancesShareALineAndQuietRunsSayWhatCameOut() async throws {
      let first = try await run("run", recipe.path, "--quiet")
      #expect(first.code == 0 && !first.messages.contains("begins"), "\(first.messages)")
      #expect(first.messages.contains("6 ran, 0 cached"))
      let second = try await run("run", recipe.path)
      #expect(second.messages.contains("[1–6/6] 6 instances: cached\n"), "\(second.messages)")
      let other = try await run(
        "run", recipe.path, "--progress", "json", "--set", "stages.halves.params.test=6")
      let events = other.lines.filter { $0.hasPrefix("{") }
        .compactMap { try? JSONValue(parsing: Data($0.utf8)) }
      #expect(events.count { $0["event"] == "end" && $0["outcome"] == "cached" } == 3)
      #expect(events.count { $0["event"] == "end" && $0["outcome"] == "ran" } == 3)
    }

    @Test func whatFailedIsSaidOnceMoreAtTheEnd() async throws {
      let ending = try await run(
        "run", recipe.path, "--set", "stages.halves.params.test=20", "--keep-going")
      #expect(ending.code == 1)
      let last = ending.lines.suffix(3)
      #expect(
        last.allSatisfy { $0.hasPrefix("halves[seed=") && $0.contains("] failed: ") }, "\(last)")
    }

    @Test func removesWhatNothingRefersToAndSaysSo() async throws {
      #expect(try await run("run", recipe.path).code == 0)
      let pin = try await run("cache", "pin", recipe.path, "halves[seed=3]")
      #expect(pin.code == 0 && pin.messages == "1 pin set\n", "\(pin.messages)")
      // The recipe as it is written forgets two seeds; one of them is pinned.
      let text = try String(contentsOf: recipe, encoding: .utf8)
      try Data(text.replacing("[1, 2, 3]", with: "[1]").utf8).write(to: recipe)
      #expect(try await run("run", recipe.path).code == 0)
      let list = try await run("cache", "ls", "--days", "0")
      #expect(list.output.contains("lock of small         2 results"), "\(list.output)")
      #expect(list.output.contains("pinned                2 results"))
      let dry = try await run("cache", "gc", "--days", "0", "--dry-run")
      let removed = try await run("cache", "gc", "--days", "0")
      #expect(dry.output.contains("halves[seed=2] (split)\n"), "\(dry.output)")
      #expect(dry.output.replacing("would be removed", with: "removed") == removed.output)
      #expect(removed.output.contains("\n2 folders, "))
      #expect(try await run("cache", "ls", "--days", "0").output.hasSuffix("\n") == true)
      let again = try await run("cache", "gc", "--days", "0")
      #expect(again.output == "There is nothing to remove\n")
      #expect(try await run("cache", "verify", "--deep").code == 0)
    }
  }
}
