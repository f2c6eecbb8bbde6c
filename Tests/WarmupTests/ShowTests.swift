import Base
import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// `warmup show`.
  @Suite struct ShowTests {
    @Test func puzzlesHaveThePublishedFields() async throws {
      let results = try await FinishedRun.tiny.value.results
      let ending = try await results.run("show", "puzzles", "--jsonl")
      #expect(ending.code == 0)
      let rows = try ending.output.utf8.split(separator: 0x0A).map {
        try JSONValue(parsing: Data($0))
      }
      let published = [
        "quiz", "names", "knight_knave", "solution", "solution_text", "solution_text_format",
        "cot_head", "cot_repeat_steps", "cot_foot", "statements", "index",
      ]
      for field in published {
        let isThere = rows.allSatisfy { $0[field] != nil }
        #expect(isThere, "\(field)")
      }
      #expect(rows.map { $0["index"]?.integer } == Array(0..<8))
      #expect(rows.first?["names"]?.array?.count == 2)
    }

    @Test func anInstanceMayBeWrittenAnyOrder() async throws {
      let results = try await FinishedRun.tiny.value.results
      let ending = try await results.run("show", "tuned[seed=2, start=warmed]")
      let record = try JSONValue(parsing: Data(ending.output.utf8))
      #expect(record["instance"]?.string == "tuned[start=warmed,seed=2]")
      let rollouts = try await results.run(
        "show", "tuned[start=warmed,seed=2]", "--output", "rollouts", "--jsonl")
      // Steps times problems a step times completions a problem.
      #expect(rollouts.output.utf8.count { $0 == 0x0A } == 3 * 2 * 2)
    }

    @Test func metricsArePrintedAsCSV() async throws {
      let results = try await FinishedRun.tiny.value.results
      let name = "tuned[start=warmed,seed=2]"
      let csv = try await results.run("show", name, "--output", "metrics", "--csv").output
      let lines = csv.split(separator: "\n").map { $0.split(separator: ",").map(String.init) }
      #expect(lines.map(\.[0]) == ["step", "1", "2", "3"])
      let json = try await results.run("show", name, "--output", "metrics", "--jsonl").output
      let rows = try json.split(separator: "\n").map { try JSONValue(parsing: Data($0.utf8)) }
      let place = try #require(lines[0].firstIndex(of: "reward"))
      #expect(lines.dropFirst().map { Double($0[place]) } == rows.map { $0["reward"]?.number })
      let both = try await results.run("show", name, "--jsonl", "--csv")
      #expect(both.code == 64 && both.messages.contains("choose one of --jsonl and --csv"))
    }

    /// What is printed may go through other hands and come back.
    @Test func printedRowsAreReadBack() async throws {
      let results = try await FinishedRun.tiny.value.results
      let folder = try ScratchFolder()
      var printed: [String: String] = [:]
      for name in ["puzzles", "sums", "traces"] {
        printed[name] = try await results.run("show", name, "--jsonl").output
        _ = try folder.write(printed[name] ?? "", "\(name).jsonl")
      }
      let recipe = try folder.write(
        """
        version: 1
        name: again
        stages:
          puzzles: {kind: dataset, params: {task: knights_and_knaves, source: puzzles.jsonl}}
          sums: {kind: dataset, params: {task: math, source: sums.jsonl}}
          traces: {kind: read_traces, params: {source: traces.jsonl}}
        """, "again.yaml")
      let place = ["--results", folder.url.path]
      let run = try await Program.run(["run", recipe.path] + place) { _ in }
      #expect(run.code == 0, "\(run.messages)")
      for (name, rows) in printed {
        let again = try await Program.run(["show", recipe.path, name, "--jsonl"] + place) { _ in }
        #expect(!rows.isEmpty && again.output == rows, "\(name)")
      }
    }

    @Test func whatIsNotThereIsASentence() async throws {
      let results = try ResultsFolder("tiny")
      let unknown = try await results.run("show", "puzzels")
      #expect(unknown.code == 1)
      #expect(unknown.messages.contains("no instance 'puzzels'; did you mean 'puzzles'?"))
      let undone = try await results.run("show", "puzzles")
      #expect(undone.code == 1)
      #expect(undone.messages.contains("'puzzles' has no result yet"))
    }
  }
}
