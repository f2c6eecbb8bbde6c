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

      """

    /// Trainings of eight steps: one update each, and two.
    private static let trainings = [
      "distill": """
        warmed:
          kind: distill
          inputs: {model: random, traces: traces}
          params: {engine: trl, epochs: 4, batch_size: 4}
      """,
      "rlvr": """
        tuned:
          kind: rlvr
          inputs: {model: random, problems: puzzles}
          params: {engine: trl, steps: 8, updates_per_batch: 2, group: 4, problems_per_step: 2, max_tokens: 8, reward: random, template: knights_and_knaves_short, loss: {normaliser: constant}}
      """,
    ]

    /// A folder with a recipe, and a site file whose Python takes so long for an update.
    private func folder(
      _ seconds: Double, _ kind: String = "distill", fault: String = ""
    ) throws -> ScratchFolder {
      let folder = try ScratchFolder()
      let fake = ProjectFolder.fixtures.appending(path: "engines/fake-trl").path
      _ = try folder.write(Self.recipe + (Self.trainings[kind] ?? "") + "\n", "test.yaml")
      _ = try folder.write(
        "python: \(fake)\nprefix: [env, FAKE_SECONDS=\(seconds), \"FAKE=\(fault)\"]\n", "site.yaml")
      return folder
    }

    private func run(
      _ folder: ScratchFolder, _ signal: Signal? = nil, after: Int = 3
    ) async throws -> Program.Ending {
      let arguments = ["run", "test.yaml", "--site", "site.yaml"]
      return try await Program.run(arguments, in: folder.url) { send in
        guard let signal else { return }
        let deadline = ContinuousClock.now + .seconds(120)
        while try folder.loggedSteps() < after, ContinuousClock.now < deadline {
          try await Task.sleep(for: .milliseconds(20))
        }
        try send(signal)
      }
    }

    /// The trained model and what was logged.
    private func outcome(_ folder: ScratchFolder) throws -> [Data] {
      try ["model.h5", "metrics.h5", "rollouts.h5"].flatMap { name in
        try folder.results(named: name).map { try Data(contentsOf: $0) }
          .sorted { $0.lexicographicallyPrecedes($1) }
      }
    }

    /// Ctrl-C finishes the step; a kill ends the adapter, too, which goes on from its checkpoint, also where
    /// that is cut off again.
    @Test(arguments: ["distill", "rlvr"], [Signal.interrupt, .kill])
    func whatIsCutOffGoesOn(kind: String, signal: Signal) async throws {
      let whole = try folder(0, kind)
      let undisturbed = try await run(whole)
      #expect(undisturbed.code == 0, "\(undisturbed.messages)")

      let cut = try folder(kind == "rlvr" ? 0.2 : 0.4, kind)
      for step in [2, 4] {
        let ending = try await run(cut, signal, after: step)
        #expect(ending.code == (signal == .kill ? nil : 130), "\(ending.messages)")
        #expect((step..<8).contains(try cut.loggedSteps()))
        let marker = cut.file("results").path
        let deadline = ContinuousClock.now + .seconds(120)
        var left = ""
        repeat {
          left = try await Program.shell("pgrep -f '[f]ake-trl -I \(marker)' || true").output
        } while !left.isEmpty && ContinuousClock.now < deadline
        #expect(left.isEmpty, "the adapter is still there")
      }

      let again = try await run(cut)
      #expect(again.code == 0, "\(again.messages)")
      #expect(try outcome(cut) == outcome(whole))
    }

    /// Whenever it is killed: before TRL starts, in training, while weights are handed over.
    @Test func killsAtRandomMomentsLoseNothing() async throws {
      let whole = try folder(0, "rlvr")
      let undisturbed = try await run(whole)
      #expect(undisturbed.code == 0, "\(undisturbed.messages)")
      let cut = try folder(0.03, "rlvr")
      var kills = 0
      for _ in 1...6 {
        let delay = Duration.milliseconds(Int.random(in: 100...900))
        let ending = try await Program.run(
          ["run", "test.yaml", "--site", "site.yaml"], in: cut.url
        ) { send in
          try await Task.sleep(for: delay)
          try? send(.kill)
        }
        #expect(ending.code == nil || ending.code == 0, "after \(delay): \(ending.messages)")
        kills += ending.code == nil ? 1 : 0
      }
      #expect(kills > 0)
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
        let deadline = ContinuousClock.now + .seconds(120)
        while !handsOver(cut, moment), ContinuousClock.now < deadline {
          try await Task.sleep(for: .milliseconds(2))
        }
        // It may have ended before.
        try? send(.kill)
      }
      let isPublished =
        cut.results(named: "model.h5").count == whole.results(named: "model.h5").count
      #expect((ending.code == 0) == isPublished, "\(ending.messages)")
      #expect(moment == "done" || ending.code == nil, "it ended before it was killed")
      let again = try await run(cut)
      #expect(again.code == 0, "\(again.messages)")
      #expect(try outcome(cut) == outcome(whole))
    }

    /// Whether the adapter has trained and left its weights, or has said so.
    private func handsOver(_ folder: ScratchFolder, _ moment: String) -> Bool {
      guard moment == "done" else {
        return folder.results(named: moment).contains { $0.path.contains("/trl/model/") }
      }
      return folder.results(named: "events.jsonl").contains {
        (try? String(contentsOf: $0, encoding: .utf8))?.contains("\"done\"") == true
      }
    }

    /// `--engine` is short for a change of each training, and knows where there is none.
    @Test func oneOptionNamesTheEngineOfAllTrainings() async throws {
      let folder = try folder(0, "rlvr")
      let plan = try await Program.run(
        "plan", "test.yaml", "--site", "site.yaml", "--json", in: folder.url)
      for engine in ["trl", "native"] {
        let other = try await Program.run(
          "plan", "test.yaml", "--site", "site.yaml", "--json", "--engine", engine, in: folder.url)
        #expect((other.output == plan.output) == (engine == "trl"), "\(other.messages)")
      }
      _ = try folder.write(Self.recipe, "none.yaml")
      let none = try await Program.run("plan", "none.yaml", "--engine", "trl", in: folder.url)
      #expect(none.code == 64 && none.messages.contains("no stage of the kind distill or rlvr"))
    }

    /// By how many processes a step can be shared, and what a GPU holds; hours where a rate is known.
    @Test func thePlanSaysWhatTRLIsTold() async throws {
      let folder = try folder(0, "rlvr")
      func plan(_ words: String...) async throws -> String {
        let arguments = ["plan", "test.yaml", "--site", "site.yaml"] + words
        let ending = try await Program.run(arguments, in: folder.url) { _ in }
        #expect(ending.code == 0, "\(ending.messages)")
        return ending.output
      }
      let text = try await plan()
      for line in [
        "by TRL 1.16:\n  tuned\n    advantage centred is scale_rewards none, ",
        "normaliser constant is loss_type dr_grpo, ",
        "1 process, 1 at a time; a step can be shared by 1, 2, 4 or 8 (trl.processes)",
        // 64 bytes a token, 8 tokens, 8 completions.
        "of weights, gradients and moments, and up to 4 kB more while it samples; activations: not known; ",
        "hours of a GPU: not known (the site",
      ] {
        #expect(text.contains(line), "\(text)")
      }
      _ = try folder.write("python: python3\nflops: 1e9\n", "site.yaml")
      // `--engine` comes before what makes sense only with it.
      _ = try folder.write(
        String(contentsOf: folder.file("test.yaml"), encoding: .utf8).replacing(
          "engine: trl, ", with: ""), "test.yaml")
      let changed = try await plan(
        "--engine", "trl", "--json", "--set", "stages.tuned.params.trl.processes=4", "--set",
        "stages.tuned.params.trl.sharding=fsdp2")
      let entries = try JSONValue(parsing: Data(changed.utf8)).array ?? []
      let trl = try #require(entries.last?["trl"])
      #expect(trl["processes"] == 4 && trl["per_device"] == 1)
      #expect(trl["legal_processes"] == [1, 2, 4, 8])
      #expect((trl["hours_per_gpu"]?.number ?? 0) > 0)
      let (whole, work) = (trl["memory_bytes_per_gpu_at_least"]?.number, entries.last?["work"])
      #expect((whole ?? 0) > 1000 && (whole ?? 0) < 100_000)
      // 64 bytes a token of the model's keys and values, 8 tokens, two of 8 completions.
      #expect(trl["sampling_bytes_per_gpu_at_most"]?.number == 1024.0)
      let hours = (work?["operations"]?.number ?? 0) / 1e9 / 3600 / 4
      #expect(abs((trl["hours_per_gpu"]?.number ?? 0) / hours - 1) < 1e-9)
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

    /// What the adapter says of updates, and what the worker has kept, become one log and one table.
    @Test func rolloutsAreThoseThatWereRewarded() async throws {
      let folder = try folder(0, "rlvr")
      let ending = try await run(folder)
      #expect(ending.code == 0, "\(ending.messages)")
      let rollouts = try await rows("rollouts", folder)
      #expect(rollouts.count == 64)
      // Tokens are decoded here, the one that ends a text is no part of it.
      #expect(rollouts[1]["token_ids"]?.array?.count == 3)
      #expect(rollouts[1]["completion"]?.string?.count == 2)
      #expect(rollouts[1]["truncated"] == false && rollouts[0]["truncated"] == true)
      #expect(Set(rollouts.compactMap { $0["reward"]?.number }).count == 2)
      #expect(rollouts[0]["log_probabilities"] == nil)
      let metrics = try await rows("metrics", folder)
      #expect(metrics.count == 8)
      for (step, row) in metrics.enumerated() {
        let rewards = rollouts[8 * step..<8 * step + 8].compactMap { $0["reward"]?.number }
        #expect(row["reward"]?.number == rewards.reduce(0, +) / 8)
        // Of two updates the last is logged.
        #expect(row["loss"]?.number == 1 / Double(2 * step + 2))
        #expect(row["tokens"]?.number == 20 && row["entropy"]?.number == 1.5)
      }
    }

    /// TRL is told of vLLM, and what vLLM says of its tokens is kept with them.
    @Test func whatVLLMSaysOfItsTokensIsKept() async throws {
      let folder = try folder(0, "rlvr", fault: "killed")
      let recipe =
        Self.recipe
        + (Self.trainings["rlvr"] ?? "").replacing(
          "engine: trl,",
          with: """
            engine: trl, sampling_precision: bfloat16, trl: {sampler: vllm, correction: token_mask,
                    correction_max: 2.5, vllm: {memory: 0.5, sleep: true}},
            """)
      _ = try folder.write(recipe + "\n", "test.yaml")
      #expect(try await run(folder).code == 1)
      let file = try #require(folder.results(named: "request.json").first)
      let request = try JSONValue(parsing: Data(contentsOf: file))
      #expect(request["sampler"] == "vllm" && request["sampling_precision"] == "bfloat16")
      let expected: [String: JSONValue] = [
        "use_vllm": true, "vllm_mode": "colocate", "vllm_server_base_url": .null,
        "vllm_enable_sleep_mode": true, "vllm_gpu_memory_utilization": 0.5,
        "vllm_tensor_parallel_size": 1, "vllm_importance_sampling_correction": true,
        "vllm_importance_sampling_mode": "token_mask", "vllm_importance_sampling_clip_max": 2.5,
        "vllm_importance_sampling_clip_min": .null, "vllm_importance_sampling_cap": .null,
        "vllm_model_impl": "vllm",
      ]
      for (name, value) in expected { #expect(request["arguments"]?[name] == value, "\(name)") }
      // The longest prompt and its completion.
      #expect((request["arguments"]?["vllm_max_model_length"]?.integer ?? 0) > 100)

      let again = try await run(folder)
      #expect(again.code == 0, "\(again.messages)")
      let rollouts = try await rows("rollouts", folder)
      #expect(rollouts[0]["log_probabilities"] == [-0.5, .null])
      #expect(rollouts[1]["log_probabilities"] == [-0.5, -0.5, .null])
      let metrics = try await rows("metrics", folder)
      #expect(metrics.allSatisfy { $0["sampling/logp_difference_mean"] == 0.25 })
      let replay = try await Program.run("replay", "test.yaml", "tuned", in: folder.url)
      #expect(
        replay.code == 1 && replay.messages.contains("trained with trl.correction token_mask"))
    }

    private func rows(_ output: String, _ folder: ScratchFolder) async throws -> [JSONValue] {
      let shown = try await Program.run(
        "show", "test.yaml", "tuned", "--output", output, "--jsonl", in: folder.url)
      return try shown.output.split(separator: "\n").map { try JSONValue(parsing: Data($0.utf8)) }
    }

    @Test(arguments: [
      (
        "a problem that there is not", "TRL got no reward for a completion: the reward worker ended"
      ),
      ("a token that there is not", "TRL got no reward for a completion: the reward worker ended"),
      ("rollouts lost", "7 completions of step 8 were kept, where there are 8"),
    ])
    func withoutARewardNothingIsTrained(fault: String, sentence: String) async throws {
      let folder = try folder(0, "rlvr", fault: fault)
      let ending = try await run(folder)
      #expect(ending.code == 1 && ending.messages.contains(sentence), "\(ending.messages)")
      let log = try folder.results(named: "python.log").first.map {
        try String(contentsOf: $0, encoding: .utf8)
      }
      #expect(
        fault == "rollouts lost" || log?.contains("not a completion of a known problem") == true)
    }

    /// Found before anything ran, whatever the training waits for.
    @Test(arguments: [
      ("/nowhere/python", "there is no program '/nowhere/python' to run TRL with"),
      ("without", "does not have TRL 1.16, which 'engine: trl' needs; 'warmup engine install trl'"),
      ("old", "does not have TRL 1.16, which 'engine: trl' needs, but 1.15.2; 'warmup engine"),
      (
        "whole",
        "does not have DeepSpeed, which 'trl.sharding: zero3' needs; 'pip install deepspeed=="
      ),
    ])
    func aPythonWithoutTRLIsSeenBeforehand(python: String, sentence: String) async throws {
      let folder = try folder(0)
      let named = python.hasPrefix("/") ? python : folder.file(python).path
      let answers = [("without", "exit 1"), ("old", "echo 1.15.2"), ("whole", "echo 1.16.0")]
      for (name, body) in answers {
        let script = try folder.write("#!/bin/sh\n\(body)\n", name)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script.path)
      }
      _ = try folder.write("python: \(named)\n", "site.yaml")
      if python == "whole" {
        let recipe = try String(contentsOf: folder.file("test.yaml"), encoding: .utf8)
        _ = try folder.write(
          recipe.replacing(
            "engine: trl,", with: "engine: trl, trl: {processes: 2, sharding: zero3},"),
          "test.yaml")
      }
      let plan = try await Program.run("plan", "test.yaml", "--site", "site.yaml", in: folder.url)
      #expect(plan.code == 0 && plan.output.contains(sentence), "\(plan.output)")
      let run = try await run(folder)
      #expect(run.code == 1, "\(run.messages)")
      #expect(run.messages.contains("nothing was run: ") && run.messages.contains(sentence))
      #expect(!FileManager.default.fileExists(atPath: folder.file("results").path))
    }
  }
}

extension ScratchFolder {
  /// The files of a name anywhere in the results of a run here.
  func results(named name: String) -> [URL] {
    let all = FileManager.default.enumerator(at: file("results"), includingPropertiesForKeys: nil)
    return (all?.compactMap { $0 as? URL } ?? []).filter { $0.lastPathComponent == name }
  }

  /// How many steps the training at work has logged.
  func loggedSteps() throws -> Int {
    try results(named: "metrics.jsonl").first.map {
      try String(contentsOf: $0, encoding: .utf8).split(separator: "\n").count
    } ?? 0
  }
}
