import Foundation
import Runner
import Testing

/// Tables and figures ask for what kinds declare to publish and log.
@Suite struct RecipeNamesTests {
  private struct Measure: FakeStage {
    struct Parameters: ParameterSet {
      var samples = 4
      var seed = 0
      static var fields: [Field<Self>] {
        [
          Field("samples", \.samples, range: .atLeast(1), "answers a problem"),
          Field("seed", \.seed, "the seed"),
        ]
      }
    }
    static let kind = "measure"
    static let names = PublishedNames(
      values: ["accuracy", "pass@{samples}"], facts: ["verifier", "verdict"],
      metrics: ["reward", "num_tokens", "tokens"])
    static let metrics = LoggedMetrics(counters: ["num_tokens"])
    static let outputs = [StagePort("scores", RecipeKinds.scores, "verdicts")]
    let parameters: Parameters
  }

  private struct Sum: FakeStage {
    static let kind = "sum"
    static let names = PublishedNames(values: ["sum"])
    static let outputs = [StagePort("sums", RecipeKinds.scores, "sums")]
    let parameters: Measure.Parameters
  }

  private static let registry = KindRegistry([
    Measure.self, Sum.self, RecipeKinds.Puzzles.self,
  ])

  private func mistakes(_ text: String, registry: KindRegistry = registry) -> [Diagnostic] {
    do {
      _ = try Recipe.parse(text, file: URL(filePath: "x.yaml"), registry: registry)
      return []
    } catch {
      return error.diagnostics
    }
  }

  private func expect(
    _ reports: String, _ messages: [String], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let marked = MarkedText(
      """
      version: 1
      name: test
      axes: {n: [1, 2], samples: [2, 8]}
      stages:
        scores: {kind: measure, params: {seed: "${n}"}}
        some: {kind: measure, params: {samples: "${samples}"}}
        puzzles: {kind: puzzles, params: {count: "${n}"}}
        train: {kind: sum, params: {seed: "${n}"}}
      \(reports)
      """)
    let found = mistakes(marked.text)
    #expect(found.map(\.message) == messages, sourceLocation: sourceLocation)
    #expect(found.map(\.position) == marked.places, sourceLocation: sourceLocation)
    #expect(mistakes(marked.text, registry: Self.registry.withoutNameChecks).isEmpty)
  }

  @Test func namesInTables() {
    expect(
      """
      tables:
        fine: {value: [scores.accuracy, scores.pass@1, scores.pass@4], rows: n}
        slip: {value: [scores.accuracy, §scores.acuracy], rows: n}
        metric: {value: §scores.reward, rows: n}
        fact: {value: §scores.verifier, rows: n}
        cost: {value: scores.accuracy, rows: [], along: n, target: 0.5, cost: scores.tokens}
        costs: {value: scores.accuracy, rows: [], along: n, target: 0.5, cost: §scores.tokns}
        unknown_kind: {value: puzzles.whatever, rows: n}
      """,
      [
        "'scores' (kind measure) publishes no value 'acuracy'; did you mean 'accuracy'?",
        "'scores' (kind measure) publishes no value 'reward'; it logs it by step, which a figure "
          + "draws as 'line'",
        "'scores' (kind measure) publishes no value 'verifier'; choose from accuracy",
        "'scores' (kind measure) publishes no value 'tokns'; did you mean 'tokens'?",
      ])
  }

  @Test func numbersInNamesAreBoundByAParameter() {
    expect(
      """
      tables:
        many: {value: §scores.pass@8, rows: n}
        axis: {value: some.pass@8, rows: samples}
        more: {value: §some.pass@9, rows: samples}
        none: {value: [§scores.pass@0, §scores.pass@04, §scores.pass@], rows: n}
      """,
      [
        "'pass@8' needs 'samples' of at least 8, and 'scores' (kind measure) has 4",
        "'pass@9' needs 'samples' of at least 9, and 'some' (kind measure) has 8",
        "'scores' (kind measure) publishes no value 'pass@0'; choose from accuracy",
        "'scores' (kind measure) publishes no value 'pass@04'; choose from accuracy",
        "'scores' (kind measure) publishes no value 'pass@'; choose from accuracy",
      ])
  }

  @Test func namesInFigures() {
    expect(
      """
      figures:
        fine: {line: scores.reward, x: num_tokens, series: n}
        step: {line: scores.reward, series: n}
        slip: {line: §scores.rewrd, series: n}
        along: {line: scores.accuracy, x: n}
        metric: {line: §scores.reward, x: n}
        value: {line: §scores.accuracy, series: n}
        run: {line: scores.reward, x: §epoch, series: n}
        bars: {bars: §scores.acuracy, x: n}
        map: {heat_map: §scores.pass@5, rows: n}
        verdicts: {confusion: scores.verdict, between: {n: [1, 2]}}
        answers: {confusion: §train.verdict, between: {n: [1, 2]}}
        history: {solve_history: §scores, over: n}
      """,
      [
        "'scores' (kind measure) logs no metric 'rewrd'; did you mean 'reward'?",
        "'scores' (kind measure) publishes no value 'reward'; it logs it by step, which a figure "
          + "draws as 'line'",
        "'scores' (kind measure) logs no metric 'accuracy'; it publishes it as a value, for tables "
          + "and 'bars'",
        "unknown axis or metric 'epoch'; choose from num_tokens, reward, step, tokens, n, samples",
        "'scores' (kind measure) publishes no value 'acuracy'; did you mean 'accuracy'?",
        "'pass@5' needs 'samples' of at least 5, and 'scores' (kind measure) has 4",
        "'train' (kind sum) has no 'verdict'",
        "'scores' (kind measure) has no rollouts to draw; name stages of rlvr",
      ])
  }
}
