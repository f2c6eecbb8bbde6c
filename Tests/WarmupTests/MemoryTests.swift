import Foundation
import Testing

extension EndToEnd {
  /// Runs that may not have the memory that they ask for.
  @Suite struct MemoryTests {
    /// In kilobytes of address space. OpenBLAS asks for ever for what it is not given, so this is
    /// also about ending at all. Where the limit is lower, the program cannot be loaded.
    @Test(arguments: [
      "-v 170000", "-v 290000", "-v 550000", "-d 60000",
    ])
    func aRunEndsWithASentence(limit: String) async throws {
      let results = try ResultsFolder("tiny")
      let beginning = ContinuousClock.now
      let ending = try await shell("--threads 4", under: limit, results)
      #expect(ContinuousClock.now - beginning < .seconds(20))
      #expect(ending.code == 1, "\(ending.messages)")
      #expect(ending.messages.contains("raise the limit"), "\(ending.messages)")
    }

    @Test func aRunThatHasEnoughIsNotRefused() async throws {
      let ending = try await shell("--threads 1", under: "-v 900000", try ResultsFolder("tiny"))
      #expect(ending.code == 0, "\(ending.messages)")
    }

    /// Whatever the number of cores, of which OpenBLAS would start a thread for each.
    @Test func whatNeedsNoMatricesWorksWithLittle() async throws {
      let ending = try await Program.shell(
        #"ulimit -v 200000; export OPENBLAS_NUM_THREADS=40; timeout 10 "$W" validate "$RECIPE""#,
        ["RECIPE": Fixture.recipe("tiny").path])
      #expect(ending.code == 0, "\(ending.messages)")
    }

    @Test func aModelThatIsTooLargeIsRefusedBeforeAnythingRuns() async throws {
      let results = try ResultsFolder("tiny")
      let ending = try await shell(
        "--set stages.scratch.params.hidden=2048 --set stages.scratch.params.layers=12",
        under: "-v 2000000", results)
      #expect(ending.code == 1)
      let sentence = try Regex(
        #"warmup: 'base' needs 2\.5 GB of memory \(weights, gradients and moments of \d+ "#
          + #"parameters\), but of the 2\.0 GB that 'ulimit -v' allows [\d. GMB]+ are free; raise "#
          + #"that, or take a smaller model"#)
      #expect(ending.messages.contains(sentence), "\(ending.messages)")
      #expect(results.published.isEmpty)
    }

    private func shell(
      _ options: String, under limit: String, _ results: ResultsFolder
    ) async throws -> Program.Ending {
      try await Program.shell(
        #"ulimit \#(limit); timeout -s KILL 25 "$W" run "$RECIPE" --results "$RESULTS" \#(options)"#,
        ["RECIPE": results.recipe.path, "RESULTS": results.url.path])
    }
  }
}
