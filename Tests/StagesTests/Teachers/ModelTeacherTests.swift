import Base
import Foundation
import Runner
import TestSupport
import Testing

/// `teacher: model`, with a model that has learnt nothing.
@Suite(.ownThread) struct ModelTeacherTests {
  private static func recipe(_ params: String) -> String {
    """
    version: 1
    name: test
    axes: {accept: [format, any]}
    stages:
      puzzles: {kind: knights_and_knaves, params: {people: 2, count: 3, seed: 1}}
      texts: {kind: write_texts, params: {count: 4, parts: [statements]}}
      scratch:
        kind: scratch_model
        inputs: {texts: texts}
        params: {vocabulary: 260, hidden: 16, layers: 1, heads: 2, key_value_heads: 1, intermediate: 16, context: 1024}
      traces:
        kind: write_traces
        inputs: {problems: puzzles, model: scratch}
        params: {prompt: knights_and_knaves_short, accept: "${accept}", \(params)}
    """
  }

  @Test func completionsAreKeptApartFromWhatIsAccepted() throws {
    let run = try RecipeRun(Self.recipe("teacher: model, samples: 2, sampling: {max_tokens: 8}"))
    #expect(run.summary.exitCode == 0, "\(run.summary.outcomes)")
    #expect(run.parts("write_traces/completions").count == 1)
    let rows = try run.rows("traces[accept=format]", "traces")
    #expect(rows.count == 6)
    #expect(Set(rows.compactMap { $0["id"]?.string }).count == 6)
    #expect(rows.allSatisfy { $0["accepted"] == false && $0["reason"] != "" })
    let others = try run.rows("traces[accept=any]", "traces")
    #expect(others.map { $0["completion"] } == rows.map { $0["completion"] })
  }

  @Test func settingsOfAnotherTeacherAreMistakes() {
    for params in ["teacher: model, copies: 2", "samples: 2", "teacher: server"] {
      #expect(throws: RecipeError.self, "\(params)") { try RecipeRun(Self.recipe(params)) }
    }
  }
}
