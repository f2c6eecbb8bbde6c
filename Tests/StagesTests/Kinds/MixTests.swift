import Base
import Foundation
import Runner
import Stages
import TestSupport
import Testing

@Suite(.ownThread) struct MixTests {
  private static let sources = """
    version: 1
    name: test
    stages:
      all: {kind: knights_and_knaves, params: {people: 2, count: 12, seed: 1}}
      puzzles: {kind: split, inputs: {problems: all}, params: {test: 4}}
      sums: {kind: miniature_problems, params: {count: 20, seed: 1}}
      choices: {kind: miniature_problems, params: {domain: choice, count: 5}}
      sum_traces: {kind: write_traces, inputs: {problems: sums}, params: {style: short, prompt: short}}
      told: {kind: write_traces, inputs: {problems: puzzles.train}, params: {style: short, prompt: short}}
      texts: {kind: write_texts, params: {count: 4, parts: [statements]}}
    """

  private static func text(_ stages: String) -> String { sources + "\n" + stages }

  private static func mistakes(_ stages: String) -> [String] {
    do {
      _ = try Recipe.parse(
        text(stages), file: URL(filePath: "/nowhere/x.yaml"), registry: .standard)
      return []
    } catch {
      return error.diagnostics.map(\.message)
    }
  }

  @Test func tracesAreMixedByCount() throws {
    let stages = """
        mixed:
          kind: mix
          inputs: {puzzles: told, sums: sum_traces}
          params: {counts: {sums: 15, puzzles: 6}, seed: 1}
        half: {kind: mix, inputs: {a: mixed, b: sum_traces}, params: {weights: {a: 1, b: 1}, count: 10}}
        more: {kind: mix, inputs: {a: texts}, params: {counts: {a: 9}, repeat: true}}
      """
    let run = try RecipeRun(Self.text(stages))
    #expect(run.summary.exitCode == 0, "\(run.summary.outcomes)")
    let rows = try run.rows("mixed", "rows")
    #expect(rows.count { $0["mixed_from"] == "sums" } == 15 && rows.count == 21)
    let known = Set(try run.rows("told", "traces").map { $0["id"] })
    let drawn = rows.filter { $0["mixed_from"] == "puzzles" }.map { $0["id"] }
    #expect(Set(drawn).count == 6 && Set(drawn).isSubset(of: known))
    let values = try #require(run.summary.plan.results.first { $0.name == "mixed" }?.values)
    #expect(values["rows"]?.number == 21 && values["counts"] == ["puzzles": 6, "sums": 15])
    let half = try run.rows("half", "rows").map { $0["mixed_from"]?.string?.first }
    #expect(half.count { $0 == "a" } == 5 && half.count { $0 == "b" } == 5)
    #expect(try run.rows("more", "rows").count == 9)
  }

  /// In another order the same inputs are the same result.
  @Test func theOrderOfNamesIsNothing() throws {
    func key(_ inputs: String) throws -> String? {
      try RecipeRun(Self.text("  mixed: {kind: mix, inputs: {\(inputs)}}"))
        .summary.plan.items.last?.key
    }
    #expect(try key("a: told, b: sum_traces") == key("b: sum_traces, a: told"))
    #expect(try key("a: told, b: sum_traces") != key("a: sum_traces, b: told"))
  }

  @Test(arguments: [
    ("inputs: {a: told, b: sums}", "input 'b' of 'm' takes Traces, as what is bound before"),
    ("inputs: {a: sums, b: choices}", "'b' has problems of the task 'mmlu_pro', but 'a' of 'math'"),
    (
      "inputs: {a: sums}, params: {counts: {a: 21}}", "'a' has 20 rows, and 21 are asked for; ask"
    ),
    (
      "inputs: {a: puzzles.test}, params: {counts: {a: 5}}",
      "'a' has 4 rows, and 5 are asked for; ask"
    ),
    (
      "inputs: {a: sum_traces, b: told}, params: {weights: {a: 3, b: 1}, count: 40}",
      "'a' has 20 rows, and 30 are asked for"
    ),
    ("inputs: {sums: sums}, params: {counts: {sum: 2}}", "'counts' names no input 'sum'; did you"),
    (
      "inputs: {a: told, b: sum_traces}, params: {weights: {a: 1}, count: 2}",
      "'weights' does not name the input 'b'; say 0 for none of it"
    ),
    ("inputs: {a: sums}, params: {count: 3}", "'count' goes with 'weights'"),
    ("inputs: {a: sums}, params: {weights: {a: 3}}", "'weights' divide a number of rows"),
    ("inputs: {a: sums}, params: {counts: {a: 1}, weights: {a: 3}}", "a mix has 'counts' or"),
    ("inputs: {a: sums}, params: {counts: {a: -1}}", "'counts' must be 0 or more"),
    ("inputs: {a: sums}, params: {weights: {a: 0}, count: 1}", "'weights' must be 0 or more"),
    ("inputs: {a: sums}, params: {repeat: true}", "'repeat' means nothing"),
    ("", "missing 'inputs' in 'm' (kind mix)"),
  ])
  func mistakesAreFoundBeforehand(stage: String, message: String) {
    let found = Self.mistakes("  m: {kind: mix\(stage.isEmpty ? "" : ", " + stage)}")
    #expect(found.count { $0.hasPrefix(message) } == 1, "\(found)")
  }

  /// How many rows the other side of a split keeps is known when it is there.
  @Test func tooFewRowsAreFoundWhenTheyAreThere() throws {
    let stage = "  m: {kind: mix, inputs: {kept: puzzles.train}, params: {counts: {kept: 9}}}"
    #expect(Self.mistakes(stage).isEmpty)
    let summary = try RecipeRun(Self.text(stage)).summary
    let place = try #require(summary.plan.items.firstIndex { $0.name == "m" })
    guard case .failed(let sentence) = summary.outcomes[place] else {
      Issue.record("it did not fail: \(summary.outcomes)")
      return
    }
    #expect(sentence.hasPrefix("'kept' has 8 rows, and 9 are asked for"))
  }

  @Test func theTaskIsKnownBeforehand() throws {
    let text = Self.text(
      """
        mixed: {kind: mix, inputs: {a: sums}}
        scratch: {kind: scratch_model, inputs: {texts: texts}}
        scores: {kind: evaluate, inputs: {model: scratch, problems: mixed}}
      """)
    let recipe = try Recipe.parse(
      text, file: URL(filePath: "/nowhere/x.yaml"), registry: .standard)
    let scores = try #require(recipe.instances.first { $0.stageName == "scores" })
    #expect(scores.identity["verifier"] == "math@2")
  }

  /// Traces of the test, and the test itself, are found behind a mix of mixes.
  @Test(arguments: [
    "{kind: distill, inputs: {model: scratch, traces: outer}, params: {epochs: 1}}",
    """
    {kind: rlvr, inputs: {model: scratch, problems: problems}, params: {steps: 1, group: 2, \
    problems_per_step: 1, max_tokens: 4, template: short}}
    """,
  ])
  func testsAreFoundBehindAMix(training: String) throws {
    func text(_ leak: String) -> String {
      Self.text(
        """
          leaked: {kind: write_traces, inputs: {problems: \(leak)}, params: {style: short, prompt: short}}
          inner: {kind: mix, inputs: {a: told, b: leaked}}
          outer: {kind: mix, inputs: {c: inner, d: sum_traces}}
          problems: {kind: mix, inputs: {a: puzzles.train\(leak == "puzzles.test" ? ", b: puzzles.test" : "")}}
          scratch:
            kind: scratch_model
            inputs: {texts: texts}
            params: {vocabulary: 260, hidden: 16, layers: 1, heads: 2, key_value_heads: 1, intermediate: 16, context: 1024}
          tuned: \(training)
          scores:
            kind: evaluate
            inputs: {model: tuned, problems: puzzles.test}
            params: {samples: 1, max_tokens: 4, template: short}
        """)
    }
    guard case .failed(let sentence) = try RecipeRun(text("puzzles.test")).summary.outcomes.last
    else {
      Issue.record("it was measured")
      return
    }
    #expect(sentence.hasPrefix("4 of the 4 problems were trained on"), "\(sentence)")
    let clean = try RecipeRun(text("sums"))
    #expect(clean.summary.exitCode == 0, "\(clean.summary.outcomes)")
  }
}
