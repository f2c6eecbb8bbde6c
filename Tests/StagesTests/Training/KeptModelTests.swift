import Base
import Foundation
import Runner
import Stages
import Testing

/// Models as trainings had them after chosen steps.
@Suite struct KeptModelTests {
  /// A training of each kind; STEPS stands for what is kept.
  private static let recipe = """
    version: 1
    name: test
    stages:
      puzzles: {kind: knights_and_knaves, params: {people: 2, count: 4, seed: 1}}
      traces: {kind: write_traces, inputs: {problems: puzzles}, params: {style: short}}
      texts: {kind: write_texts, params: {count: 4, parts: [statements]}}
      scratch:
        kind: scratch_model
        inputs: {texts: texts}
        params: {vocabulary: 260, hidden: 16, layers: 1, heads: 2, key_value_heads: 1, intermediate: 16, context: 2048}
      read:
        kind: pretrain
        inputs: {model: scratch, texts: texts}
        params: {epochs: EPOCHS, batch_size: 4, learning_rate: 1e-2}
        keep: STEPS
      warmed:
        kind: distill
        inputs: {model: scratch, traces: traces}
        params: {epochs: EPOCHS, batch_size: 4, learning_rate: 1e-2}
        keep: STEPS
      tuned:
        kind: rlvr
        inputs: {model: scratch, problems: puzzles}
        params: {steps: EPOCHS, group: 2, problems_per_step: 2, max_tokens: 4, reward: random, learning_rate: 1e-2, template: knights_and_knaves_short}
        keep: STEPS
      scores:
        kind: evaluate
        inputs: {model: tuned.at, problems: puzzles}
        params: {samples: 1, max_tokens: 4, template: knights_and_knaves_short, overlap: report}
    figures: {curve: {line: scores.bad_format, x: step}}
    """

  /// - Parameter earlier: a run whose results are there already.
  private func run(epochs: Int, keep: String, after earlier: RecipeRun? = nil) throws -> RecipeRun {
    var text = Self.recipe.replacing("EPOCHS", with: "\(epochs)").replacing("STEPS", with: keep)
    if keep == "null" {
      text = text.replacing("tuned.at", with: "tuned").replacing(", x: step", with: "")
        .replacing("figures: {curve: {line: scores.bad_format}}", with: "")
    }
    let run = try RecipeRun(text) { cache in
      guard let earlier else { return }
      try FileManager.default.copyItem(at: earlier.cache.folder, to: cache.folder)
    }
    #expect(run.summary.exitCode == 0, "\(run.summary.outcomes)")
    return run
  }

  private func result(_ name: String, of run: RecipeRun) throws -> PlannedInstance {
    try #require(run.summary.plan.results.first { $0.name == name }, "\(name)")
  }

  private func bytes(_ name: String, of run: RecipeRun) throws -> Data {
    try Data(contentsOf: result(name, of: run).folder.appending(path: "model.h5"))
  }

  @Test func areThoseOfAShorterTraining() throws {
    let kept = try run(epochs: 3, keep: "[2, 3]")
    let short = try run(epochs: 2, keep: "null")
    for stage in ["read", "warmed", "tuned"] {
      #expect(try bytes("\(stage).at[step=2]", of: kept) == bytes(stage, of: short), "\(stage)")
      #expect(try bytes("\(stage).at[step=3]", of: kept) == bytes(stage, of: kept), "\(stage)")
      #expect(
        try bytes("\(stage).at[step=2]", of: kept) != bytes("\(stage).at[step=3]", of: kept))
    }
    let whole = try run(epochs: 3, keep: "null")
    for stage in ["read", "warmed", "tuned"] {
      #expect(try result(stage, of: kept).key == result(stage, of: whole).key)
      #expect(try bytes(stage, of: kept) == bytes(stage, of: whole))
    }
    let later = try run(epochs: 3, keep: "[2, 3]", after: whole)
    #expect(later.summary.ran == 8, "two models of each training, and two evaluations")
    for name in ["read", "warmed", "tuned"].flatMap({ ["\($0).at[step=2]", "\($0).at[step=3]"] }) {
      #expect(try bytes(name, of: later) == bytes(name, of: kept), "\(name)")
    }
  }

  @Test func areMeasuredOneByOne() throws {
    let run = try run(epochs: 3, keep: "{every: 1, to: 3}")
    let names = run.summary.plan.results.filter { $0.stageName == "scores" }.map(\.name)
    #expect(names == ["scores[step=1]", "scores[step=2]", "scores[step=3]"])
  }
}
