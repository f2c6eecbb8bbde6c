import Base
import Foundation
import Runner
import Subprocess
import TestSupport
import Testing

extension EndToEnd {
  /// Gates in a real run: small models over seeds, of which some are more at a loss than others.
  @Suite struct GateTests {
    private static let recipe = """
      version: 1
      name: gated
      summary: Do gates stop what they guard?
      axes: {seed: [1, 2, 3], arm: [base, longer]}
      stages:
        texts: {kind: write_texts, params: {count: 4, parts: [statements]}}
        puzzles: {kind: knights_and_knaves, params: {people: 2, count: 2, seed: 1}}
        base:
          kind: scratch_model
          inputs: {texts: texts}
          params: {vocabulary: 260, hidden: 16, layers: 1, heads: 2, key_value_heads: 1, intermediate: 16, context: 1024, seed: "${seed}"}
        fluency:
          kind: perplexity
          inputs: {model: base}
          params: {texts: [Ann is a knight.]}
          require: {perplexity: {at_most: 261.5}}
        solved:
          kind: evaluate
          inputs: {model: base, problems: puzzles}
          params: {samples: 2, max_tokens: 2, template: knights_and_knaves_short}
          require: {pass@2: {at_least: 0.5}, correct: {at_most: 1}, otherwise: mark}
        longer: {kind: pretrain, inputs: {model: base, texts: texts}}
        scores: {kind: perplexity, inputs: {model: "${arm}"}, params: {texts: [Bob is a knave.]}}
      tables: {main: {value: scores.perplexity, rows: arm, over: seed}}
      claims:
        i: {says: it helps, value: scores.perplexity, over: seed, less: [{arm: longer}, {arm: base}]}
      """

    private struct Gated {
      let folder: ScratchFolder
      let recipe: URL

      init() throws {
        folder = try ScratchFolder()
        recipe = try folder.write(GateTests.recipe, "gated.yaml")
      }

      func run(_ command: String, _ more: String..., results: String = "results") async throws
        -> Program.Ending
      {
        try await Program.run(
          [command, recipe.path, "--results", folder.file(results).path] + more
        ) { _ in }
      }

      func text(_ path: String) throws -> String {
        try String(contentsOf: folder.file(path), encoding: .utf8)
      }
    }

    private static let failure =
      "gate fluency failed at seed=1: perplexity 261.7 is above 261.5; 4 instances of seed=1 are not run"

    @Test func aFailedGateIsNoError() async throws {
      let gated = try Gated()
      let first = try await gated.run("run")
      #expect(first.code == 0, "\(first.messages)")
      #expect(first.lines.filter { $0 == Self.failure }.count == 2, "at once and at the end")
      #expect(first.messages.contains("\n16 ran, 0 cached, 4 stopped by gates ("))
      #expect(first.output.contains("Without seed=1, stopped by the gate fluency."))
      #expect(
        first.output.contains("over all points but 2 stopped runs, of which nothing is known"))
      let again = try await gated.run("run", "--locked")
      #expect(again.code == 0)
      #expect(again.messages.contains("16 instances, nothing to run; 4 stopped by gates."))
      let plan = try await gated.run("plan")
      #expect(plan.output.contains("0 to run, 16 cached, 0 blocked, 4 stopped by gates\n"))
      #expect(plan.output.contains(Self.failure) && !plan.output.contains("operations"))
      let show = try await gated.run("show", "longer[seed=1]")
      #expect(show.code == 1)
      #expect(show.messages.contains("is not run: stopped by the gate fluency at seed=1"))

      let status = try await gated.run("status", "--json")
      let json = try JSONValue(parsing: Data(status.output.utf8))
      let states = json["instances"]?.array?.compactMap { $0["state"]?.string } ?? []
      #expect(states.count { $0 == "stopped" } == 4 && states.count { $0 == "cached" } == 16)
      let gates = json["gates"]?.array ?? []
      #expect(gates.map { $0["passes"] } == [false, true, true, .null, false, false])
      // What follows from verdicts is read, though the stage does not publish it.
      #expect(gates[4]["values"]?.array?.map { $0["value"]?.number } == [0, 0])
      #expect(json["claims"]?.array?.first?["gated"]?["unknown"] == 2)
    }

    /// What is stopped takes no report's place, and none is kept for it.
    @Test func anotherBoundJudgesAnew() async throws {
      let gated = try Gated()
      _ = try await gated.run("run")
      let loose = ["--set", "stages.fluency.require.perplexity.at_most=262"]
      let work = try await gated.run("plan", loose[0], loose[1])
      #expect(work.output.contains("4 to run, 16 cached"))
      #expect(work.output.contains("operations"))
      let whole = try await gated.run("run", loose[0], loose[1])
      #expect(whole.code == 0 && whole.messages.contains("\n4 ran, 16 cached ("))
      #expect(try gated.text("results/gated/report.md").contains("20 of 20 instances are done."))
      let tight = try await gated.run("run")
      #expect(tight.code == 0, "\(tight.messages)")
      #expect(
        try gated.text("results/gated/report.md").contains(
          "16 of 20 instances are done, 4 are stopped by gates."))
    }

    @Test func aPackedFileHoldsWhatGatesSay() async throws {
      let gated = try Gated()
      _ = try await gated.run("run")
      let file = gated.folder.file("gated.warmup.h5").path
      let packed = try await gated.run("pack", "--models", "-o", file)
      #expect(packed.code == 0)
      #expect(
        packed.messages.contains("Packed 16 of 20") && packed.messages.contains("4 instances"))
      let elsewhere = gated.folder.file("elsewhere").path
      let report = try await Program.run("report", file, "--results", elsewhere)
      #expect(report.code == 0, "\(report.messages)")
      #expect(
        try gated.text("elsewhere/gated/report.html") == gated.text("results/gated/report.html"))
      let run = try await Program.run("run", file, "--locked", "--results", elsewhere)
      #expect(run.code == 0, "\(run.messages)")
      #expect(run.messages.contains("16 instances, nothing to run; 4 stopped by gates."))
      #expect(try gated.text("elsewhere/gated/lock.json") == gated.text("results/gated/lock.json"))
      let unpacked = try await Program.run("unpack", file, "-o", gated.folder.file("out").path)
      #expect(unpacked.code == 0)
      #expect(unpacked.messages.contains("Unpacked 16 of 20 instances, 4 stopped by gates\n"))
    }

    @Test func aKilledRunEndsAlike() async throws {
      let gated = try Gated()
      _ = try await gated.run("run")
      let cache = Cache(folder: gated.folder.file("other/cache"))
      for count in [3, 7, 10] {
        _ = try await Program.run(
          ["run", gated.recipe.path, "--results", gated.folder.file("other").path]
        ) { send in
          let deadline = ContinuousClock.now + .seconds(120)
          while cache.keys().count < count, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(1))
          }
          try send(.kill)
        }
      }
      #expect(cache.keys().count < 15, "no run was killed before its end")
      let ended = try await gated.run("run", results: "other")
      #expect(ended.code == 0 && ended.lines.contains { $0 == Self.failure })
      for file in ["lock.json", "tables/main.csv"] {
        #expect(try gated.text("other/gated/\(file)") == gated.text("results/gated/\(file)"))
      }
    }

    @Test func gatesAreRegistered() async throws {
      let gated = try Gated()
      #expect(try await gated.run("register").code == 0)
      let text = try gated.text("gated.registered.json")
      #expect(text.contains("\"at_most\": 261.5") && text.contains("\"otherwise\": \"mark\""))
      #expect(try await gated.run("register").output.contains("registered already"))
      let change = "stages.fluency.require.perplexity.at_most=255"
      let other = try await gated.run("register", "--set", change)
      #expect(other.code == 1)
      #expect(other.messages.contains("\n  the gate fluency was perplexity at most 261.5\n"))
      let status = try await gated.run("status", "--set", change)
      #expect(status.output.contains("registered: changed since"))
    }

    @Test func whatNobodyPublishesIsRefused() async throws {
      let gated = try Gated()
      let text = Self.recipe.replacing("pass@2", with: "pass@3")
        .replacing("{perplexity:", with: "{perplexty:")
      try Data(text.utf8).write(to: gated.recipe)
      let ending = try await gated.run("validate")
      #expect(ending.code == 64)
      #expect(
        ending.messages.contains(
          "gated.yaml:16:15: 'fluency' (kind perplexity) publishes no value 'perplexty'; did you"))
      #expect(ending.messages.contains("'pass@3' needs 'samples' of at least 3, and 'solved'"))
    }
  }
}
