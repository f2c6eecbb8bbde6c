import Base
import Foundation
import Subprocess
import TestSupport
import Testing

/// A Python with TRL; an empty name is none.
private let python = ProcessInfo.processInfo.environment["WARMUP_TRL_PYTHON"].flatMap {
  $0.isEmpty ? nil : $0
}

/// Whether only a part is run, as in continuous integration, which has minutes.
private let isBrief = ProcessInfo.processInfo.environment["WARMUP_TRL_BRIEFLY"] != nil

extension EndToEnd {
  /// `warmup engine check trl` and `replay` with the real TRL, where WARMUP_TRL_PYTHON names a Python that
  /// has it.
  @Suite(
    .enabled(
      if: python != nil,
      "WARMUP_TRL_PYTHON names no Python with TRL; docs/engines.md says how to make one"),
    .serialized)
  struct EngineCheckTests {
    private func folder() throws -> ScratchFolder {
      let folder = try ScratchFolder()
      _ = try folder.write("python: \(try #require(python))\n", "site.yaml")
      return folder
    }

    /// One process, and two that share each step, with whole weights and with half of them each. ZeRO-3 needs
    /// DeepSpeed, which `engine install` does not bring.
    @Test(
      arguments: [["--processes", "1"]]
        + (isBrief
          ? []
          : [
            ["--processes", "2"], ["--processes", "2", "--sharding", "fsdp2"],
            ["--processes", "2", "--sharding", "zero3"],
          ]))
    func weightsAreThoseOfNativeTraining(processes: [String]) async throws {
      let folder = try folder()
      let ending = try await Program.run(
        ["engine", "check", "trl", "--site", "site.yaml"] + processes, in: folder.url,
        environment: ["XDG_DATA_HOME": folder.url.path]
      ) { _ in }
      if processes.last == "zero3", ending.code == 1 {
        #expect(ending.messages.contains("needs DeepSpeed, which"), "\(ending.messages)")
        return
      }
      #expect(ending.code == 0, "\(ending.messages)")
      #expect(ending.output.contains("trl 1.16."))
      let shares = ending.output.matches(of: /by ([0-9.e-]+) (?:of|from)/)
        .compactMap { Double($0.1) }
      #expect(shares.count == 3, "\(ending.output)")
      #expect(
        shares.allSatisfy { $0 > 0 } && shares[0] < 1e-5 && shares[1] < 1e-5 && shares[2] < 1e-4,
        "\(shares)")
      let kept = try String(
        contentsOf: folder.file("warmup/engine-checks.jsonl"), encoding: .utf8)
      #expect(kept.contains("\"reinforced\":") && kept.hasSuffix("}\n"), "\(kept)")
    }

    /// A run that is killed three times, once its TRL has taken some steps, ends with the same bits.
    @Test(.enabled(if: !isBrief)) func aKilledTrainingGoesOn() async throws {
      var results: [[Data]] = []
      for kills in [0, 3] {
        let folder = try folder()
        _ = try folder.write(
          Self.recipe(
            "{engine: trl, steps: 6, group: 4, problems_per_step: 2, microbatch: 4, max_tokens: 24, reward: random, checkpoint_seconds: 0, temperature: 1.0, template: knights_and_knaves_short, loss: {normaliser: sequence}}"
          ), "test.yaml")
        for kill in 0..<kills {
          let killed = try await Program.run(
            ["run", "test.yaml", "--site", "site.yaml"], in: folder.url
          ) { send in
            let deadline = ContinuousClock.now + .seconds(120)
            while try folder.loggedSteps() < 1 + 2 * kill, ContinuousClock.now < deadline {
              try await Task.sleep(for: .milliseconds(20))
            }
            try? send(.kill)
          }
          #expect(killed.code == nil, "\(killed.messages)")
        }
        let run = try await Program.run("run", "test.yaml", "--site", "site.yaml", in: folder.url)
        #expect(run.code == 0, "\(run.messages)")
        results.append(
          try ["model.h5", "rollouts.h5"].flatMap { name in
            try folder.results(named: name).map { try Data(contentsOf: $0) }
              .sorted { $0.lexicographicallyPrecedes($1) }
          })
      }
      #expect(results[0].count == 3 && results[0] == results[1])
    }

    /// A small model, tuned with some parameters.
    private static func recipe(_ params: String) -> String {
      """
      version: 1
      name: test
      stages:
        puzzles: {kind: knights_and_knaves, params: {people: 2, count: 5, seed: 1}}
        texts: {kind: write_texts, inputs: {puzzles: puzzles}, params: {count: 100}}
        random:
          kind: scratch_model
          inputs: {texts: texts}
          params: {vocabulary: 320, hidden: 32, layers: 2, heads: 2, key_value_heads: 1, intermediate: 64, context: 1024}
        tuned:
          kind: rlvr
          inputs: {model: random, problems: puzzles}
          params: \(params)
      """
    }

    /// Every way to an advantage and a divisor, and what goes with them: by TRL, which is replayed natively,
    /// and natively, which TRL replays.
    @Test(
      .enabled(if: !isBrief),
      arguments: [
        "{advantage: centred, normaliser: microbatch_tokens}",
        "{advantage: leave_one_out, normaliser: batch_tokens}",
        "{advantage: batch_scaled, normaliser: constant}, mask_truncated: true",
        "{advantage: scaled, normaliser: sequence}, loss_prompt_tokens: 8, updates_per_batch: 2",
        "{advantage: scaled, normaliser: batch_tokens, kl: 0.1, clip_low: 0.05, clip_high: 0.08}, updates_per_batch: 3",
      ], ["trl", "native"])
    func aReplayComesToTheSameWeights(loss: String, engine: String) async throws {
      let folder = try folder()
      _ = try folder.write(
        Self.recipe(
          "{engine: \(engine), steps: 3, group: 4, problems_per_step: 2, microbatch: 4, max_tokens: 24, reward: random, learning_rate: 3e-3, warmup_steps: 0, temperature: 1.0, top_p: 1.0, template: knights_and_knaves_short, loss: \(loss)}"
        ), "test.yaml")
      let run = try await Program.run("run", "test.yaml", "--site", "site.yaml", in: folder.url)
      #expect(run.code == 0, "\(run.messages)")
      let replay = try await Program.run(
        "replay", "test.yaml", "tuned", "--steps", "--site", "site.yaml", in: folder.url)
      #expect(replay.code == 0, "\(replay.output) \(replay.messages)")
      #expect(
        replay.output.contains(engine == "trl" ? "from a native replay" : "from a replay by TRL"))
      let share = try #require(
        replay.output.firstMatch(of: /differ by ([0-9.e-]+) of/).flatMap { Double($0.1) })
      #expect(share > 0 && share < 1e-4, "\(replay.output)")
    }
  }
}
