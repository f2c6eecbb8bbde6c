import Base
import Foundation
import Runner
import Subprocess
import TestSupport
import Testing

extension EndToEnd {
  /// Trainings by an engine that are cut off, with an adapter that plays TRL's part.
  @Suite struct EngineTests {
    private static let recipe = """
      version: 1
      name: test
      stages:
        puzzles: {kind: knights_and_knaves, params: {people: 2, count: 8, seed: 1}}
        texts: {kind: write_texts, inputs: {puzzles: puzzles}, params: {count: 50}}
        random:
          kind: scratch_model
          inputs: {texts: texts}
          params: {vocabulary: 300, hidden: 16, layers: 1, heads: 2, key_value_heads: 1, intermediate: 16, context: 1024}
        traces: {kind: write_traces, inputs: {problems: puzzles}, params: {style: short, prompt: short}}
        warmed:
          kind: distill
          inputs: {model: random, traces: traces}
          params: {engine: trl, epochs: 4, batch_size: 4}
      """

    /// A folder with the recipe, and a site file whose Python takes so long for a step.
    private func folder(_ seconds: Double) throws -> ScratchFolder {
      let folder = try ScratchFolder()
      let fake = ProjectFolder.fixtures.appending(path: "engines/fake-trl").path
      try Self.recipe.write(to: folder.file("test.yaml"), atomically: true, encoding: .utf8)
      try "python: \(fake)\nprefix: [env, FAKE_SECONDS=\(seconds)]\n".write(
        to: folder.file("site.yaml"), atomically: true, encoding: .utf8)
      return folder
    }

    private func run(
      _ folder: ScratchFolder, _ signal: Signal? = nil
    ) async throws -> Program.Ending {
      let arguments = ["run", "test.yaml", "--site", "site.yaml"]
      return try await Program.run(arguments, in: folder.url) { send in
        guard let signal else { return }
        let deadline = ContinuousClock.now + .seconds(60)
        while try steps(in: folder) < 3, ContinuousClock.now < deadline {
          try await Task.sleep(for: .milliseconds(20))
        }
        try send(signal)
      }
    }

    private func files(_ folder: ScratchFolder, named name: String) -> [URL] {
      let all = FileManager.default.enumerator(
        at: folder.file("results"), includingPropertiesForKeys: nil)
      return (all?.compactMap { $0 as? URL } ?? []).filter { $0.lastPathComponent == name }
    }

    private func steps(in folder: ScratchFolder) throws -> Int {
      try files(folder, named: "metrics.jsonl").first.map {
        try String(contentsOf: $0, encoding: .utf8).split(separator: "\n").count
      } ?? 0
    }

    /// The trained model and what was logged.
    private func outcome(_ folder: ScratchFolder) throws -> [Data] {
      try ["model.h5", "metrics.h5"].flatMap { name in
        try files(folder, named: name).map { try Data(contentsOf: $0) }
          .sorted { $0.lexicographicallyPrecedes($1) }
      }
    }

    /// Ctrl-C finishes the step; a kill ends the adapter, too, which goes on from its checkpoint.
    @Test(arguments: [Signal.interrupt, .kill])
    func whatIsCutOffGoesOn(signal: Signal) async throws {
      let whole = try folder(0)
      let undisturbed = try await run(whole)
      #expect(undisturbed.code == 0, "\(undisturbed.messages)")

      let cut = try folder(0.4)
      let ending = try await run(cut, signal)
      #expect(ending.code == (signal == .kill ? nil : 130), "\(ending.messages)")
      #expect(try steps(in: cut) < 8)
      let marker = cut.file("results").path
      let deadline = ContinuousClock.now + .seconds(30)
      var left = ""
      repeat {
        left = try await Program.shell("pgrep -f '[f]ake-trl -I \(marker)' || true").output
      } while !left.isEmpty && ContinuousClock.now < deadline
      #expect(left.isEmpty, "the adapter is still there")

      let again = try await run(cut)
      #expect(again.code == 0, "\(again.messages)")
      #expect(try outcome(cut) == outcome(whole))
    }

    /// A kill once the weights lie there, and one once the adapter has said that it is done.
    @Test(arguments: ["model.safetensors", "done"])
    func aKillWhileWeightsAreHandedOverLosesNothing(moment: String) async throws {
      let whole = try folder(0)
      let undisturbed = try await run(whole)
      #expect(undisturbed.code == 0, "\(undisturbed.messages)")

      let cut = try folder(0.1)
      let ending = try await Program.run(
        ["run", "test.yaml", "--site", "site.yaml"], in: cut.url
      ) { send in
        let deadline = ContinuousClock.now + .seconds(60)
        while !handsOver(cut, moment), ContinuousClock.now < deadline {
          try await Task.sleep(for: .milliseconds(2))
        }
        // It may have ended before.
        try? send(.kill)
      }
      let isPublished = files(cut, named: "model.h5").count == files(whole, named: "model.h5").count
      #expect((ending.code == 0) == isPublished, "\(ending.messages)")
      #expect(moment == "done" || ending.code == nil, "it ended before it was killed")
      let again = try await run(cut)
      #expect(again.code == 0, "\(again.messages)")
      #expect(try outcome(cut) == outcome(whole))
    }

    /// Whether the adapter has trained and left its weights, or has said so.
    private func handsOver(_ folder: ScratchFolder, _ moment: String) -> Bool {
      guard moment == "done" else {
        return files(folder, named: moment).contains { $0.path.contains("/trl/model/") }
      }
      return files(folder, named: "events.jsonl").contains {
        (try? String(contentsOf: $0, encoding: .utf8))?.contains("\"done\"") == true
      }
    }

    @Test func checkSaysWhatIsMissing() async throws {
      let folder = try ScratchFolder()
      try "python: /nowhere/python\n".write(
        to: folder.file("site.yaml"), atomically: true, encoding: .utf8)
      let ending = try await Program.run(
        "engine", "check", "trl", "--site", "site.yaml", in: folder.url)
      #expect(ending.code == 1)
      #expect(ending.messages.contains("there is no program '/nowhere/python' to run TRL with"))
    }

    /// Found before anything ran, whatever the training waits for.
    @Test(arguments: [
      ("/nowhere/python", "there is no program '/nowhere/python' to run TRL with"),
      ("without", "does not have TRL 1.16, which 'engine: trl' needs; 'warmup engine install trl'"),
      ("old", "does not have TRL 1.16, which 'engine: trl' needs, but 1.15.2; 'warmup engine"),
    ])
    func aPythonWithoutTRLIsSeenBeforehand(python: String, sentence: String) async throws {
      let folder = try folder(0)
      let named = python.hasPrefix("/") ? python : folder.file(python).path
      for (name, body) in [("without", "exit 1"), ("old", "echo 1.15.2")] {
        let script = try folder.write("#!/bin/sh\n\(body)\n", name)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script.path)
      }
      _ = try folder.write("python: \(named)\n", "site.yaml")
      let plan = try await Program.run("plan", "test.yaml", "--site", "site.yaml", in: folder.url)
      #expect(plan.code == 0 && plan.output.contains(sentence), "\(plan.output)")
      let run = try await run(folder)
      #expect(run.code == 1, "\(run.messages)")
      #expect(run.messages.contains("nothing was run: ") && run.messages.contains(sentence))
      #expect(!FileManager.default.fileExists(atPath: folder.file("results").path))
    }
  }
}
