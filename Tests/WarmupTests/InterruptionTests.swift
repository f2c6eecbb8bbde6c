import Foundation
import Runner
import Subprocess
import Testing

extension EndToEnd {
  /// Runs that are cut off and go on.
  @Suite struct InterruptionTests {
    @Test(arguments: ["warmed", "tuned"])
    func aKilledRunGoesOnBitForBit(instance: String) async throws {
      let whole = try await FinishedRun.training.value.results
      let results = try ResultsFolder(copying: whole)
      try await results.forget(instance)
      let artifact = try await results.artifact(instance)
      let killed = try await disturbed(results, artifact.lastPathComponent, with: .kill)
      #expect(killed.code == nil, "it ended before it was killed")
      #expect(!FileManager.default.fileExists(atPath: artifact.path))

      try await expectGoesOn(results, instance, whole)
    }

    @Test func ctrlCStopsAtACheckpoint() async throws {
      let whole = try await FinishedRun.training.value.results
      let results = try ResultsFolder(copying: whole)
      try await results.forget("warmed")
      let key = try await results.artifact("warmed").lastPathComponent
      let stopped = try await disturbed(results, key, with: .interrupt)
      #expect(stopped.code == 130, "\(stopped.messages)")
      #expect(stopped.messages.contains("Finishing the step; press Ctrl-C again to leave at once."))
      #expect(stopped.messages.contains("stopped at the last checkpoint; run again to continue"))
      #expect(!results.published.contains(key))
      try await expectGoesOn(results, "warmed", whole)
    }

    /// A run that gets a signal once the instance at work has done a few steps.
    private func disturbed(
      _ results: ResultsFolder, _ key: String, with signal: Signal
    ) async throws -> Program.Ending {
      let work = Cache(folder: results.cache).workFolder(key).url
      return try await results.run("run") { send in
        let deadline = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < deadline {
          let log = try? Data(contentsOf: work.appending(path: "metrics.jsonl"))
          if let log, log.count(where: { $0 == 0x0A }) >= 5 { break }
          try await Task.sleep(for: .milliseconds(2))
        }
        try send(signal)
      }
    }

    private func expectGoesOn(
      _ results: ResultsFolder, _ instance: String, _ whole: ResultsFolder
    ) async throws {
      let resumed = try await results.run("run")
      #expect(resumed.code == 0, "\(resumed.messages)")
      let artifact = try await results.artifact(instance)
      let record = try ArtifactRecord(contentsOf: artifact.appending(path: "record.json"))
      #expect(record.resumedFrom != nil, "it began anew")
      let undisturbed = try await whole.artifact(instance).appending(path: "record.json")
      #expect(record.values == (try ArtifactRecord(contentsOf: undisturbed)).values)
      try expectEqualFiles(artifact.lastPathComponent, results, whole)
    }
  }
}
