import Base
import Foundation
import Runner
import Stages
import TestSupport
import Testing

/// The kinds `filter` and `concat`.
@Suite(.ownThread) struct FilterTests {
  private static let sources = """
    version: 1
    name: test
    stages:
      sums: {kind: miniature_problems, params: {count: 12, seed: 1}}
      others: {kind: miniature_problems, params: {count: 8, seed: 2}}
      choices: {kind: miniature_problems, params: {domain: choice, count: 5}}
      told: {kind: write_traces, inputs: {problems: sums}, params: {style: short, prompt: short}}
      texts: {kind: write_texts, params: {count: 4, parts: [statements]}}
      scratch:
        kind: scratch_model
        inputs: {texts: texts}
        params: {vocabulary: 260, hidden: 16, layers: 1, heads: 2, key_value_heads: 1, intermediate: 16, context: 1024}
      scores:
        kind: evaluate
        inputs: {model: scratch, problems: sums}
        params: {samples: 1, max_tokens: 4, template: short}
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

  @Test func rowsAreKeptByColumnAndByPassRate() throws {
    let run = try RecipeRun(
      Self.text(
        """
          easy: {kind: filter, inputs: {a: sums}, params: {where: {level: {in: [Level 1, Level 2]}}}}
          hard: {kind: filter, inputs: {a: sums, scores: scores}, params: {pass_rate: {at_most: 0.5}}}
          traces: {kind: filter, inputs: {scores: scores, zz: told}, params: {pass_rate: {at_most: 0}}}
          again: {kind: mix, inputs: {x: traces, y: told}}
        """))
    #expect(run.summary.exitCode == 0, "\(run.summary.outcomes)")
    let all = try run.rows("sums", "problems")
    let easy = try run.rows("easy", "rows")
    #expect(easy == all.filter { ["Level 1", "Level 2"].contains($0["level"]) })
    #expect(!easy.isEmpty && easy.count < all.count)
    // A model that was never trained solves nothing.
    #expect(try run.rows("hard", "rows") == all)
    #expect(try run.rows("traces", "rows") == run.rows("told", "traces"))
    #expect(try run.rows("again", "rows").count == 24)
    let values = try #require(run.summary.plan.results.first { $0.name == "easy" }?.values)
    #expect(values["removed"]?.number == Double(all.count - easy.count))
  }

  @Test func concatKeepsOrderAndIDsApart() throws {
    let run = try RecipeRun(
      Self.text(
        """
          both: {kind: concat, inputs: {b: sums, a: others}}
          turned: {kind: concat, inputs: {b: sums, a: others}, params: {order: [b, a]}}
          twice: {kind: concat, inputs: {a: sums, b: sums}}
          traces: {kind: concat, inputs: {a: told, b: told}}
        """))
    #expect(run.summary.exitCode == 0, "\(run.summary.outcomes)")
    let (sums, others) = (try run.rows("sums", "problems"), try run.rows("others", "problems"))
    let both = try run.rows("both", "rows")
    #expect(both.map { $0["problem"] } == (others + sums).map { $0["problem"] })
    #expect(both.first?["id"]?.string == "a/" + (others.first?["id"]?.string ?? ""))
    #expect(both.map { $0["mixed_from"] } == others.map { _ in "a" } + sums.map { _ in "b" })
    #expect(try run.rows("turned", "rows").first?["problem"] == sums.first?["problem"])
    #expect(Set(try run.rows("twice", "rows").map { $0["id"] }).count == 24)
    let traces = try run.rows("traces", "rows")
    let told = try run.rows("told", "traces")
    #expect(traces.map { $0["problem_id"] } == (told + told).map { $0["problem_id"] })
  }

  @Test(arguments: [
    ("kind: filter, inputs: {a: sums}", "a filter needs 'where' or 'pass_rate'"),
    ("kind: filter, inputs: {a: sums}, params: {where: {level: {}}}", "demands nothing of 'level'"),
    (
      "kind: filter, inputs: {a: sums}, params: {pass_rate: {at_most: 0.5}}",
      "'pass_rate' needs the input 'scores' or 'rollouts'"
    ),
    (
      "kind: filter, inputs: {a: sums, scores: scores}, params: {where: {level: {equals: '1'}}}",
      "'scores' goes with 'pass_rate'"
    ),
    (
      "kind: filter, inputs: {a: sums, b: sums}, params: {where: {level: {equals: '1'}}}",
      "one input of rows, and 'a' is one already"
    ),
    (
      "kind: filter, inputs: {scores: scores}, params: {pass_rate: {at_most: 0.5}}",
      "needs an input of rows beside it"
    ),
    (
      "kind: filter, inputs: {a: sums, scores: scores}, params: {pass_rate: {at_least: 1, at_most: 0}}",
      "'at_least' is greater than 'at_most'"
    ), ("kind: concat, inputs: {a: sums, b: choices}", "problems of the task 'mmlu_pro'"),
    ("kind: concat, inputs: {a: sums, b: told}", "takes Problems, as what is bound before"),
    ("kind: concat, inputs: {a: sums}, params: {order: [a, b]}", "'order' names no input 'b'"),
  ])
  func mistakesAreFoundBeforeAnythingRuns(_ stage: String, _ words: String) {
    let found = Self.mistakes("  m: {\(stage)}")
    #expect(found.contains { $0.contains(words) }, "\(found)")
  }

  /// The sort of the rows, not that of the scores, is what comes out.
  @Test func whatComesOutIsWhatTheRowsAre() {
    let filter = "  f: {kind: filter, inputs: {scores: scores, a: told}, params: {pass_rate: {}}}\n"
    #expect(
      Self.mistakes(
        filter + "  d: {kind: distill, inputs: {model: scratch, traces: f}, params: {epochs: 1}}"
      ).isEmpty)
    let wrong = filter + "  s: {kind: split, inputs: {problems: f}, params: {test: 1}}"
    #expect(Self.mistakes(wrong).contains { $0.contains("is Traces") })
  }
}
