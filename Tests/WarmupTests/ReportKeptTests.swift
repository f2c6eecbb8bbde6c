import Foundation
import Runner
import TestSupport
import Testing

extension EndToEnd {
  /// A finished report is not replaced by less.
  @Suite struct ReportKeptTests {
    private func shown(in folder: URL) throws -> [String: Data] {
      var found: [String: Data] = [:]
      for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path)
      where ["tables/", "figures/", "report."].contains(where: { path.hasPrefix($0) }) {
        found[path] = try Data(contentsOf: folder.appending(path: path))
      }
      return found
    }

    /// What a fresh clone has of a committed result: the report and the lock, no cache.
    @Test func aCommittedReportIsSafeWithoutACache() async throws {
      let results = try ScratchFolder()
      let committed = ProjectFolder.root
        .appending(path: "results/smollm2-four-arms")
      let folder = results.url.appending(path: "smollm2-four-arms")
      try FileManager.default.copyItem(at: committed, to: folder)
      let before = try shown(in: folder)
      #expect(before.count > 4)
      let recipe = ProjectFolder.experiments.appending(path: "smollm2/four_arms.yaml")
      let ending = try await Program.run(
        "report", recipe.path, "--results", results.url.path)
      #expect(ending.code == 1)
      #expect(ending.messages.contains("results, of which a new report would lack"))
      #expect(ending.messages.contains("--overwrite"))
      #expect(try shown(in: folder) == before)
    }

    @Test func aRunThatFailsLeavesTheReportAndSaysThatItIsOutOfDate() async throws {
      let results = try ResultsFolder(copying: try await FinishedRun.tiny.value.results)
      let folder = results.url.appending(path: "tiny")
      let before = try shown(in: folder)
      let failed = try await results.run("run", "--set", "stages.scratch.params.context=16")
      #expect(failed.code == 1)
      #expect(failed.messages.contains("It says now that it is out of date."))
      let after = try shown(in: folder)
      let changed = before.filter { after[$0.key] != $0.value }.keys.sorted()
      #expect(changed == ["report.html", "report.md"])
      let brief = try String(contentsOf: folder.appending(path: "report.md"), encoding: .utf8)
      #expect(brief.hasPrefix("> **Warning:** This report is out of date: of the 17 results"))

      // The recipe as it was has everything, so that its report takes the place of the marked one.
      let again = try await results.run("run")
      #expect(again.code == 0, "\(again.messages)")
      #expect(try shown(in: folder) == before)
    }

    @Test func lessReplacesMoreWhenItIsAskedTo() async throws {
      let results = try ResultsFolder(copying: try await FinishedRun.tiny.value.results)
      try await results.forget("sum_scores")
      let folder = results.url.appending(path: "tiny")
      let before = try shown(in: folder)
      let kept = try await results.run("report")
      #expect(kept.code == 1)
      #expect(kept.messages.contains("would lack 1 (sum_scores). It was left as it is"))
      #expect(try shown(in: folder) == before)
      let asked = try await results.run("report", "--overwrite")
      #expect(asked.code == 0, "\(asked.messages)")
      let brief = try String(contentsOf: folder.appending(path: "report.md"), encoding: .utf8)
      #expect(brief.contains("16 of 17 instances are done."))
      // One that rests on more takes its place unasked.
      #expect(try await results.run("run").code == 0)
      #expect(try shown(in: folder)["report.md"] == before["report.md"])
    }

    /// Who takes a value out of the recipe's text wants a report without it; who does so on the
    /// command line runs a part.
    @Test func aRecipeThatAsksForLessHasItsReport() async throws {
      let folder = try ScratchFolder()
      let file = folder.url.appending(path: "r.yaml")
      func write(_ seeds: String) throws {
        let text = """
          version: 1
          name: r
          axes: {seed: \(seeds)}
          stages:
            sums: {kind: miniature_problems, params: {count: 9, seed: "${seed}"}}
          tables: {main: {value: sums.problems, rows: seed}}

          """
        try Data(text.utf8).write(to: file)
      }
      func run(_ options: String...) async throws -> Program.Ending {
        try await Program.run(["run", file.path, "--results", folder.url.path] + options) { _ in }
      }
      func brief() throws -> String {
        try String(contentsOf: folder.url.appending(path: "r/report.md"), encoding: .utf8)
      }
      try write("[1, 2]")
      #expect(try await run().code == 0)
      let page = folder.url.appending(path: "r/report.html")
      let whole = try Data(contentsOf: page)
      let part = try await run("--set", "axes.seed=[1]")
      #expect(part.code == 0, "\(part.messages)")
      #expect(
        part.messages.contains(
          "The report covers what other runs of this recipe made, too: seed=2."))
      #expect(try Data(contentsOf: page) == whole)
      #expect(try await run("--set", "axes.seed=[1]", "--locked").code == 0)
      try write("[1]")
      #expect(try await run().code == 0)
      #expect(try brief().contains("1 of 1 instances are done."))

      // One job for each seed, at once: the later report has both.
      try write("[1, 2, 3, 4]")
      async let third = run("--set", "axes.seed=[3]")
      async let fourth = run("--set", "axes.seed=[4]")
      let codes = try await (third.code, fourth.code)
      #expect(codes == (0, 0))
      #expect(try brief().contains("3 of 3 instances are done."))
      let lock = try RecipeLock(recipeFolder: folder.url.appending(path: "r"))
      #expect(lock.keys.count == 3 && lock.axes.isEmpty)
      let asked = try await run("--set", "axes.seed=[4]", "--overwrite")
      #expect(asked.code == 0)
      #expect(try brief().contains("1 of 1 instances are done."))
    }
  }
}
