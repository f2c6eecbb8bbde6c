import Base
import Foundation
import Runner
import Testing

extension EndToEnd {
  /// A disk that fills during a run. `Benchmarks/full-disk/run` fills a real one; here files may only
  /// be so large, which anybody can arrange.
  @Suite struct FullDiskTests {
    @Test(arguments: [4, 24, 48])
    func aRunLosesNothingAndGoesOnWithEqualBytes(kilobytes: Int) async throws {
      let whole = try await FinishedRun.tiny.value.results
      let results = try ResultsFolder("tiny")
      let full = try await Program.shell(
        #"ulimit -f \#(kilobytes); exec "$W" run "$RECIPE" --results "$RESULTS""#,
        ["RECIPE": results.recipe.path, "RESULTS": results.url.path])
      #expect(full.code == 1)
      #expect(
        full.messages.contains("File too large; raise the limit on the size of files"),
        "\(full.messages)")
      let finished = results.published
      for key in finished { #expect(try Cache(folder: results.cache).isWhole(key)) }

      let again = try await results.run("run")
      #expect(again.code == 0, "\(again.messages)")
      #expect(again.messages.contains("\(17 - again.ran) cached"), "\(again.messages)")
      #expect(results.published == whole.published)
      for key in whole.published { try expectEqualFiles(key, results, whole) }
      let verified = try await Program.run(
        ["cache", "verify", "--deep", "--results", results.url.path]
      ) { _ in }
      #expect(verified.code == 0, "\(verified.output)\(verified.messages)")
    }
  }
}

extension Program.Ending {
  /// How many instances ran.
  fileprivate var ran: Int {
    messages.firstMatch(of: #/(\d+) ran/#).flatMap { Int($0.output.1) } ?? 0
  }
}
