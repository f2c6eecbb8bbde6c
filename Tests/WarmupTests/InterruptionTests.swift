import Base
import Foundation
import Runner
import Subprocess
import Testing

extension EndToEnd {
  /// Runs that are cut off and go on.
  @Suite struct InterruptionTests {
    /// What a training keeps along the way comes out the same, before and behind the kill.
    @Test(arguments: [("warmed", 5), ("warmed", 40), ("tuned", 5), ("tuned", 65)])
    func aKilledRunGoesOnBitForBit(instance: String, steps: Int) async throws {
      let whole = try await FinishedRun.training.value.results
      let results = try ResultsFolder(copying: whole)
      let kept = [20, 60].map { "\(instance).at[step=\($0)]" }
      try await results.forget(instance, kept[0], kept[1])
      let artifact = try await results.artifact(instance)
      let killed = try await disturbed(
        results, artifact.lastPathComponent, with: .kill, after: steps)
      #expect(killed.code == nil, "it ended before it was killed")
      #expect(!FileManager.default.fileExists(atPath: artifact.path))
      let survivor = try await results.artifact(kept[0])
      #expect(steps <= 20 || FileManager.default.fileExists(atPath: survivor.path))

      try await expectGoesOn(results, instance, whole)
      for name in kept {
        try expectEqualFiles(try await results.artifact(name).lastPathComponent, results, whole)
      }
    }

    @Test func whatIsAskedForLaterIsMadeByRunningAgain() async throws {
      let whole = try await FinishedRun.training.value.results
      let results = try ResultsFolder(copying: whole)
      let kept = "warmed.at[step=20]"
      try await results.forget(kept)
      let plan = try await results.plan()
      #expect(
        plan[kept]?["reason"]?.string?.hasPrefix("warmed is to run again, once for all") == true)
      #expect((plan[kept]?["work"]?["trained_tokens"]?.integer ?? 0) > 0, "it costs a training")
      let ending = try await results.run("run")
      #expect(ending.messages.contains("1 ran, 9 cached"), "\(ending.messages)")
      let key = try await results.artifact(kept).lastPathComponent
      try expectEqualFiles(key, results, whole)
    }

    /// Ctrl-C, and what terminals and batch systems send.
    @Test(
      arguments: [
        .interrupt, .terminate, .terminalClosed, .userDefinedOne, .userDefinedTwo,
      ] as [Signal])
    func aSignalStopsAtACheckpoint(signal: Signal) async throws {
      let whole = try await FinishedRun.training.value.results
      let results = try ResultsFolder(copying: whole)
      try await results.forget("warmed")
      let key = try await results.artifact("warmed").lastPathComponent
      let stopped = try await disturbed(results, key, with: signal)
      #expect(stopped.code == 130, "\(stopped.messages)")
      #expect(stopped.messages.contains("Finishing the step; press Ctrl-C again to leave at once."))
      #expect(stopped.messages.contains("stopped at the last checkpoint; run again to continue"))
      #expect(!results.published.contains(key))
      guard signal == .interrupt else { return }
      try await expectGoesOn(results, "warmed", whole)
    }

    /// Both trainings of the recipe stop, and go on bit for bit.
    @Test func ctrlCStopsAllThatIsAtWork() async throws {
      let whole = try ResultsFolder("killed")
      let slow = ["--set", "stages.tuned.params.steps=400", "--threads", "2", "--jobs", "2"]
      let undisturbed = try await whole.run("run", arguments: slow)
      #expect(undisturbed.code == 0, "\(undisturbed.messages)")
      let results = try ResultsFolder("killed")
      let plan = try await results.plan(Array(slow.prefix(2)))
      let keys = (1...2).compactMap { plan["tuned[seed=\($0)]"]?["key"]?.string }
      let logs = keys.map {
        Cache(folder: results.cache).workFolder($0).url.appending(path: "metrics.jsonl")
      }
      let stopped = try await Program.run(
        ["run", results.recipe.path, "--results", results.url.path] + slow
      ) { send in
        let deadline = ContinuousClock.now + .seconds(120)
        while ContinuousClock.now < deadline,
          !logs.allSatisfy({ (try? Data(contentsOf: $0))?.isEmpty == false })
        {
          try await Task.sleep(for: .milliseconds(2))
        }
        try send(.interrupt)
      }
      #expect(stopped.code == 130, "\(stopped.messages)")
      let ends = stopped.lines.count { $0.contains("stopped at the last checkpoint") }
      #expect(ends == 2, "\(stopped.messages)")
      let resumed = try await results.run("run", arguments: slow)
      #expect(resumed.code == 0, "\(resumed.messages)")
      for key in keys { try expectEqualFiles(key, results, whole) }
    }

    /// `timeout` signals its child, and then the child's group.
    @Test func aSignalThatComesTwiceAtOnceIsOneWish() async throws {
      let results = try ResultsFolder(copying: try await FinishedRun.training.value.results)
      try await results.forget("warmed")
      let work = Cache(folder: results.cache).workFolder(
        try await results.artifact("warmed").lastPathComponent)
      let stopped = try await Program.shell(
        """
        "$W" run "$RECIPE" --results "$RESULTS" & p=$!
        until [ -s "$LOG" ]; do sleep 0.01; done
        kill -TERM $p; kill -CONT $p; kill -TERM $p; wait $p
        """,
        [
          "RECIPE": results.recipe.path, "RESULTS": results.url.path,
          "LOG": work.url.appending(path: "metrics.jsonl").path,
        ])
      #expect(stopped.code == 130)
      #expect(stopped.messages.contains("stopped at the last checkpoint"), "\(stopped.messages)")
    }

    /// A step of this training takes about a minute.
    @Test func aSecondSignalLeavesAtOnce() async throws {
      let results = try ResultsFolder("tiny")
      let changes = [
        "scratch.params.hidden=512", "scratch.params.layers=8", "scratch.params.intermediate=2048",
        "texts.params.count=400", "base.params.batch_size=400",
      ].flatMap { ["--set", "stages.\($0)"] }
      let key = try await results.plan(changes)["base"]?["key"]?.string ?? ""
      let work = Cache(folder: results.cache).workFolder(key).url
      let beginning = ContinuousClock.now
      let ending = try await Program.run(
        ["run", results.recipe.path, "--results", results.url.path] + changes
      ) { send in
        while !FileManager.default.fileExists(atPath: work.path),
          ContinuousClock.now - beginning < .seconds(120)
        {
          try await Task.sleep(for: .milliseconds(5))
        }
        try await Task.sleep(for: .seconds(1))
        try send(.userDefinedOne)
        try await Task.sleep(for: .seconds(2))
        try send(.terminate)
      }
      #expect(ending.code == 130)
      #expect(ending.messages.contains("Finishing the step"), "\(ending.messages)")
      #expect(!ending.messages.contains("stopped at the last checkpoint"), "\(ending.messages)")
    }

    @Test func underNohupARunOutlivesItsTerminal() async throws {
      let results = try ResultsFolder("tiny")
      let ending = try await Program.shell(
        """
        trap '' HUP; "$W" run "$RECIPE" --results "$RESULTS" & p=$!
        while kill -HUP $p 2>/dev/null; do sleep 0.02; done; wait $p
        """,
        ["RECIPE": results.recipe.path, "RESULTS": results.url.path])
      #expect(ending.code == 0)
      #expect((ending.output + ending.messages).contains("17 ran"), "\(ending.messages)")
    }

    /// A run that gets a signal once the instance at work has done a few steps.
    private func disturbed(
      _ results: ResultsFolder, _ key: String, with signal: Signal, after steps: Int = 5
    ) async throws -> Program.Ending {
      let work = Cache(folder: results.cache).workFolder(key).url
      return try await results.run("run") { send in
        let deadline = ContinuousClock.now + .seconds(120)
        while ContinuousClock.now < deadline {
          let log = try? Data(contentsOf: work.appending(path: "metrics.jsonl"))
          if let log, log.count(where: { $0 == 0x0A }) >= steps { break }
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
