import Base
import Foundation
import Model
import Runner
import Stages
import Tasks
import Testing

/// The choice of a model by an evaluation.
@Suite struct SelectTests {
  /// Three models along the steps of a training, chosen by the length of what they write, which the
  /// coins of a random reward change.
  private static let recipe = """
    version: 1
    name: test
    axes: {seed: [1, 2]}
    stages:
      puzzles: {kind: knights_and_knaves, params: {people: 2, count: 8, seed: 1}}
      lessons: {kind: knights_and_knaves, params: {people: 2, count: 8, seed: 3}}
      sides: {kind: split, inputs: {problems: puzzles}, params: {test: 4}}
      texts: {kind: write_texts, params: {count: 4, parts: [statements]}}
      scratch:
        kind: scratch_model
        inputs: {texts: texts}
        params: {vocabulary: 260, hidden: 16, layers: 1, heads: 2, key_value_heads: 1, intermediate: 16, context: 2048}
      tuned:
        kind: rlvr
        inputs: {model: scratch, problems: lessons}
        params: {steps: 3, group: 2, problems_per_step: 2, max_tokens: 4, reward: random, learning_rate: 1e-1, template: knights_and_knaves_short, seed: "${seed}"}
        keep: [1, 2, 3]
      validated:
        kind: evaluate
        inputs: {model: tuned.at, problems: sides.train}
        params: {samples: 2, max_tokens: 8, template: knights_and_knaves_short}
      chosen:
        kind: select
        over: step
        inputs: {model: tuned.at, scores: validated, on: sides.train}
        params: {best: mean_tokens}
      scores:
        kind: evaluate
        inputs: {model: chosen, problems: sides.test}
        params: {samples: 1, max_tokens: 4, template: knights_and_knaves_short}
    """

  private func outcome(_ run: RecipeRun, _ instance: String) -> InstanceOutcome? {
    run.summary.plan.items.firstIndex { $0.name == instance }.map { run.summary.outcomes[$0] }
  }

  private func failure(_ run: RecipeRun, _ instance: String) -> String {
    if case .failed(let sentence)? = outcome(run, instance) { return sentence }
    return "\(run.summary.outcomes)"
  }

  /// Computed by another program from the description of keys. They must never change.
  @Test func goldenKeys() throws {
    let recipe = try Recipe.parse(
      Self.recipe, file: URL(filePath: "/nowhere/x.yaml"), registry: .standard)
    func identity(_ name: String) throws -> JSONValue {
      try #require(recipe.instances.first { $0.name == name }).identity
    }
    func input(_ letter: String, _ output: String) -> KeyFields.Input {
      .init(key: String(repeating: letter, count: 64), output: output)
    }
    #expect(try identity("tuned.at[seed=1,step=2]") == ["step": 2])
    let kept = KeyFields(
      kind: KeptModelStage.kind, kindVersion: KeptModelStage.version, identity: ["step": 100],
      inputs: ["model": input("0", "model")])
    #expect(
      try kept.key() == "c870334fd6cc4f9d08aa81e742aa1f1650c207be1bee1b33751c583e528abfd3")
    #expect(try identity("chosen[seed=1]") == ["best": "mean_tokens", "on_test": false])
    let chosen = KeyFields(
      kind: SelectStage.kind, kindVersion: SelectStage.version,
      identity: ["best": "accuracy", "on_test": false],
      inputs: [
        "model[step=50]": input("a", "model"), "model[step=100]": input("b", "model"),
        "scores[step=50]": input("c", "scores"), "scores[step=100]": input("d", "scores"),
        "on": input("e", "problems"),
      ])
    #expect(
      try chosen.key() == "1ae76ca8e56f3fb48eff8de8145ccede8dd1dbf0d0a16034005913c3c477cb61")
  }

  @Test func takesTheBestAndPassesOnWhatChoseIt() throws {
    let run = try RecipeRun(Self.recipe)
    #expect(run.summary.exitCode == 0, "\(run.summary.outcomes)")
    let results = Dictionary(uniqueKeysWithValues: run.summary.plan.results.map { ($0.name, $0) })
    for seed in [1, 2] {
      let chosen = try #require(results["chosen[seed=\(seed)]"])
      let values = try [1, 2, 3].map {
        try #require(results["validated[seed=\(seed),step=\($0)]"]?.values["mean_tokens"]?.number)
      }
      let highest = try #require(values.max())
      let step = try #require(values.firstIndex(of: highest)) + 1
      #expect(chosen.values["step"]?.number == Double(step))
      #expect(chosen.values["mean_tokens"]?.number == values[step - 1])
      #expect(chosen.values["candidates"]?.number == 3)
      #expect(
        chosen.instance.inputs.map(\.port) == [
          "model[step=1]", "model[step=2]", "model[step=3]", "scores[step=1]", "scores[step=2]",
          "scores[step=3]", "on",
        ])
      let kept = try #require(results["tuned.at[seed=\(seed),step=\(step)]"])
      let (one, other) = try (model(chosen), model(kept))
      #expect(one.weights.buffer[0..<100] == other.weights.buffer[0..<100])
      #expect(one.selections.map(\.problems.ids.count) == [4])
      #expect(other.selections.isEmpty)
      #expect(
        results["scores[seed=\(seed)]"]?.values["selection"] == """
          the best of 3 by mean_tokens on 4 problems, none of which is among those measured here
          """)
    }
  }

  private func model(_ result: PlannedInstance) throws -> ModelArtifact {
    try ModelArtifact(contentsOf: result.folder.appending(path: "model.h5"))
  }

  @Test func theProblemsThatChoseAModelDoNotMeasureIt() throws {
    let text = Self.recipe.replacing(
      "{model: chosen, problems: sides.test}", with: "{model: chosen, problems: puzzles}")
    let refused = try RecipeRun(text)
    let sentence = failure(refused, "scores[seed=1]")
    #expect(sentence.hasPrefix("4 of the 8 problems chose the model (kk/"), "\(sentence)")
    #expect(sentence.contains("the best of 3 by mean_tokens on them; measure it on others"))
    let named = try RecipeRun(
      text.replacing("best: mean_tokens", with: "best: mean_tokens, on_test: true"))
    #expect(named.summary.exitCode == 0, "\(named.summary.outcomes)")
    let scores = try #require(named.summary.plan.results.first { $0.name == "scores[seed=1]" })
    #expect(
      scores.values["warning"]
        == "the best of 3 by mean_tokens, chosen on the test set: on 4 of these 8 problems")
  }

  /// Neither another name nor more training makes a model forget what chose it.
  @Test func whatIsTrainedFromAChosenModelHasBeenChosen() throws {
    let text = Self.recipe.replacing("seed: [1, 2]", with: "seed: [1]")
      .replacing(
        "{model: chosen, problems: sides.test}", with: "{model: more, problems: sides.train}")
    let more = """

        more:
          kind: rlvr
          inputs: {model: chosen, problems: sides.test}
          params: {steps: 1, group: 2, problems_per_step: 1, max_tokens: 4, reward: random, template: knights_and_knaves_short}
      """
    let run = try RecipeRun(text + more)
    #expect(
      failure(run, "scores[seed=1]").hasPrefix("4 of the 4 problems chose the model (kk/"),
      "\(run.summary.outcomes)")
  }

  @Test func theScoresMustBeThoseOfTheModelsAndTheProblems() throws {
    let one = Self.recipe.replacing("seed: [1, 2]", with: "seed: [1]")
    let others = try RecipeRun(one.replacing("on: sides.train", with: "on: sides.test"))
    #expect(
      failure(others, "chosen[seed=1]")
        == "'validated[seed=1,step=1]' measured on other problems than 'sides'; bind those to 'on'")
    let last = try RecipeRun(
      one.replacing("{model: tuned.at, scores", with: "{model: tuned, scores"))
    #expect(failure(last, "chosen[seed=1]").contains("the models lie along no axis and the scores"))
    let unknown = try RecipeRun(one.replacing("best: mean_tokens", with: "best: mean_token"))
    #expect(
      failure(unknown, "chosen[seed=1]").contains("has no value 'mean_token'; did you mean"))
  }
}
