import Foundation
import Runner
import Testing

extension EndToEnd {
  /// Output that nobody takes.
  @Suite struct OutputTests {
    /// A run is for its files: it goes on to its report whatever becomes of what it says.
    @Test(arguments: [
      "2>&1 | head -1", "2>&-", "<&- >&- 2>&-", ">/dev/full 2>&1",
    ])
    func aRunEndsWithItsReport(redirection: String) async throws {
      let results = try ResultsFolder("tiny")
      let ending = try await shell(
        #""$W" run "$RECIPE" --results "$RESULTS" \#(redirection)"#, results)
      #expect(ending.code == 0, "\(ending.messages)")
      let report = results.url.appending(path: "tiny/report.html")
      #expect(FileManager.default.fileExists(atPath: report.path))
      #expect(try await results.run("plan").output.contains("0 to run, 17 cached, 0 blocked"))
      // A closed descriptor is given to no file: messages would have landed in it.
      for key in results.published { #expect(try Cache(folder: results.cache).isWhole(key)) }
    }

    @Test(arguments: ["plan", "status", "show"])
    func whatIsForStandardOutputEndsQuietlyWhenNobodyReadsIt(command: String) async throws {
      let finished = try await FinishedRun.tiny.value.results
      let instance = command == "show" ? "tuned[start=base,seed=1] --output metrics --jsonl" : ""
      func run(_ redirection: String) async throws -> Program.Ending {
        try await shell(
          #""$W" \#(command) "$RECIPE" \#(instance) --results "$RESULTS" \#(redirection)"#, finished
        )
      }
      let unread = try await run("| true; exit ${PIPESTATUS[0]}")
      // 141 is death by SIGPIPE, 0 that all of it was in the pipe before it closed.
      #expect([0, 141].contains(unread.code))
      #expect(unread.messages.isEmpty, "\(unread.messages)")
      let full = try await run(">/dev/full")
      #expect(full.code == 1)
      #expect(
        full.messages.hasPrefix(
          "warmup: standard output cannot be written: No space left on device"))
      #expect(try await run(">&-").code == 1)
    }

    private func shell(_ line: String, _ results: ResultsFolder) async throws -> Program.Ending {
      try await Program.shell(
        line, ["RECIPE": results.recipe.path, "RESULTS": results.url.path])
    }
  }
}
