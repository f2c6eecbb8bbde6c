import Foundation
import Reports
import TestSupport
import Testing

extension EndToEnd {
  /// Names of values are checked before anything runs.
  @Suite struct ValueNamesTests {
    private func ending(
      _ command: String, tables: String = "", figures: String = ""
    ) async throws -> Program.Ending {
      let folder = try ScratchFolder()
      let tiny = try String(contentsOf: Fixture.recipe("tiny"), encoding: .utf8)
      let stages = tiny[..<(try #require(tiny.range(of: "\ntables:")).lowerBound)]
      let text = stages + "\ntables:\n" + tables + "\nfigures:\n" + figures + "\n"
      let recipe = try folder.write(String(text), "recipe.yaml")
      return try await Program.run(command, recipe.path, "--results", folder.url.path)
    }

    @Test(arguments: ["validate", "plan", "run"])
    func aSlipIsRefusedInItsPlace(command: String) async throws {
      let ending = try await ending(
        command, tables: "  a: {value: [scores.acuracy, scores.pass@3], rows: start, over: seed}",
        figures: "  b: {line: tuned.rewrd, series: start, band: seed}")
      #expect(ending.code == 64)
      for text in [
        "publishes no value 'acuracy'; did you mean 'accuracy'?",
        "'pass@3' needs 'samples' of at least 3, and 'scores' (kind evaluate) has 2",
        "logs no metric 'rewrd'; did you mean 'reward'?",
      ] {
        #expect(ending.messages.contains(text), "\(ending.messages)")
      }
    }

    /// What reports derive from results is declared by the kinds that publish these.
    @Test func whatReportsDeriveIsDeclared() async throws {
      let values = (ProblemScores.names + ["pass@2"]).map { "scores.\($0)" }
      let metrics = MetricAlias.names.map { "tuned.\($0)" }
      #expect(values.count > 5 && metrics.count > 3)
      let ending = try await ending(
        "validate",
        tables: "  a: {value: [\(values.joined(separator: ", "))], rows: start, over: seed}",
        figures: "  b: {line: [\(metrics.joined(separator: ", "))], series: start, band: seed}")
      #expect(ending.code == 0, "\(ending.messages)")
    }

    /// Puzzles have no boxes, which their evaluation knows only when it runs.
    @Test func aTableThatCannotBeMadeCostsTheOthersNothing() async throws {
      let results = try ResultsFolder(copying: try await FinishedRun.tiny.value.results)
      let folder = try ScratchFolder()
      let tiny = try String(contentsOf: results.recipe, encoding: .utf8)
      let recipe = try folder.write(
        tiny.replacing(
          "tables:",
          with: "tables:\n  boxes: {value: scores.unboxed, rows: start, over: seed}"), "tiny.yaml")
      for command in ["report", "run"] {
        let ending = try await Program.run(command, recipe.path, "--results", results.url.path)
        #expect(ending.code == 1)
        let reason = "The table 'boxes' cannot be made: scores publishes no value 'unboxed'"
        #expect(ending.messages.contains(reason), "\(ending.messages)")
        #expect(ending.output.contains("warmed"))
        let page = results.url.appending(path: "tiny/report.html")
        #expect(
          try String(contentsOf: page, encoding: .utf8).contains("The table &#39;boxes&#39; cannot")
        )
      }
    }
  }
}
