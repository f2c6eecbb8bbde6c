import Base
import OrderedCollections
import Runner
import Testing

/// `keep` in recipes.
@Suite struct KeepTests {
  private func recipe(_ keep: String, axes: String = "seed: [1, 2]", more: String = "") -> String {
    """
    version: 1
    name: test
    axes: {\(axes)}
    stages:
      base: {kind: base, params: {source: a}}
      puzzles: {kind: puzzles}
      tuned:
        kind: train
        inputs: {model: base, problems: puzzles}
        params: {seed: "${seed}", epochs: 200}
        keep: \(keep)
      scores: {kind: judge, inputs: {model: tuned.at, problems: puzzles}}
      last: {kind: judge, inputs: {model: tuned, problems: puzzles}}
    \(more)
    """
  }

  @Test func keptModelsLieAlongAnAxis() throws {
    let recipe = try parse(recipe("[100, 50]"))
    #expect(
      recipe.instances.map(\.name) == [
        "base", "puzzles", "tuned[seed=1]", "tuned[seed=2]", "tuned.at[seed=1,step=50]",
        "tuned.at[seed=1,step=100]", "tuned.at[seed=2,step=50]", "tuned.at[seed=2,step=100]",
        "scores[seed=1,step=50]", "scores[seed=1,step=100]", "scores[seed=2,step=50]",
        "scores[seed=2,step=100]", "last[seed=1]", "last[seed=2]",
      ])
    #expect(recipe.axes["step"] == [50, 100])
    let kept = recipe.instances[5]
    #expect((kept.stageName, kept.keptStep, kept.kind.name) == ("tuned.at", 100, "kept_weights"))
    #expect(kept.inputs == [BoundInput(port: "model", producer: 2, output: "model")])
    #expect(kept.identity == ["step": 100])
    #expect(recipe.instances[8].inputs[0].producer == 4)
  }

  @Test func keepIsNoPartOfTheTraining() throws {
    let kept = try parse(recipe("[100, 50]")).instances[2]
    let plain = try parse(
      recipe("null").replacing("tuned.at", with: "tuned")
    ).instances[2]
    #expect(kept.name == plain.name)
    #expect(kept.identity == plain.identity)
    #expect(kept.parameters == plain.parameters)
  }

  @Test(arguments: [
    ("50", [50]), ("{steps: [7, 3]}", [3, 7]), ("{every: 50}", [50, 100, 150, 200]),
    ("{every: 60, to: 150}", [60, 120]),
  ])
  func waysToSayWhich(keep: String, steps: [Int]) throws {
    #expect(try parse(recipe(keep)).axes["step"] == steps.map { .integer($0) })
  }

  @Test func anAxisOfItsOwn() throws {
    let recipe = try parse(recipe("{every: 100, axis: tuned_step}"))
    #expect(recipe.axes.keys == ["seed", "tuned_step"])
    #expect(recipe.instances.contains { $0.name == "scores[seed=2,tuned_step=200]" })
  }

  @Test func stagesShareAnAxisOfTheSameSteps() throws {
    let other = """
        other: {kind: train, inputs: {model: base, problems: puzzles}, keep: STEPS}
      """
    #expect(
      try parse(recipe("[1, 2]", more: other.replacing("STEPS", with: "[2, 1]"))).axes.count == 2)
    expect(
      recipe("[1, 2]", more: other.replacing("STEPS", with: "§[2, 3]")),
      [
        "another stage keeps other steps along the axis 'step' (1, 2); keep the same ones, or name "
          + "another axis with keep: {steps: …, axis: …}"
      ])
  }

  @Test func pointsCanBeLeftOut() throws {
    let recipe = try parse(recipe("[50, 100]", more: "exclude: {seed: 2, step: 50}"))
    #expect(!recipe.instances.contains { $0.name == "scores[seed=2,step=50]" })
    #expect(recipe.instances.contains { $0.name == "scores[seed=2,step=100]" })
  }

  @Test func tablesAndFiguresNameTheAxis() throws {
    let good = """
      tables: {t: {value: scores.accuracy, rows: step, over: seed}}
      figures:
        curve: {line: scores.accuracy, x: step, band: seed}
        reward: {line: tuned.reward, x: step, band: seed}
      """
    #expect(try parse(recipe("[50, 100]", more: good)).figures.count == 2)
    expect(
      recipe("[50, 100]", more: "tables: {§t: {value: scores.accuracy, rows: seed}}"),
      [
        "'scores' depends on the axis 'step', which the table does not mention; name it in 'rows', "
          + "'columns' or 'over'"
      ])
  }

  @Test func mistakes() {
    expect(recipe("§[]"), ["'keep' names no step"])
    expect(recipe("[50, §50]"), ["'keep' names step 50 twice"])
    expect(recipe("[§0]"), ["steps count from 1, found 0"])
    expect(recipe("[§a]"), ["expected an integer, found 'a'"])
    expect(recipe("§[50, 300]"), ["'tuned' cannot keep step 300: it has 200 steps ('epochs')"])
    expect(recipe("{every: §300}"), ["'every' 300 of 200 steps keeps none"])
    expect(recipe("{every: §0}"), ["'every' must be at least 1, found 0"])
    expect(
      recipe("{every: §1, to: 1000000}"), ["'every' 1 of 1000000 steps keeps more than 10000"])
    expect(
      recipe("§{}"), ["'keep' names steps, as in [50, 100], or says how often: {every: 50}"])
    expect(recipe("{steps: 5, §to: 7}"), ["'to' goes with 'every'"])
    expect(
      recipe("{§evry: 5, every: 100}"),
      ["unknown key 'evry' in 'keep' of 'tuned'; did you mean 'every'?"])
    expect(
      recipe("{every: 100, axis: §Step}"),
      ["the name of an axis is made of lower-case letters, digits, '_' and '-', not 'Step'"])
    expect(
      recipe("§[50]", axes: "seed: [1, 2], step: [300, 400]")
        .replacing("epochs: 200", with: "epochs: \"${step}\""),
      [
        "'keep' makes an axis 'step', which 'axes' has already; name another: "
          + "keep: {steps: [50], axis: …}"
      ])
  }

  @Test func stepsThatNobodyKnowsNeedAnEnd() {
    expect(
      recipe("{every: §50}", axes: "seed: [1, 2], size: [100, 200]")
        .replacing("epochs: 200", with: "epochs: \"${size}\""),
      [
        "how many steps 'tuned' has is not known before it runs; say up to which step, as in "
          + "{every: 50, to: 500}"
      ])
  }

  @Test func onlyTrainingsKeep() {
    expect(
      recipe("[50]").replacing("{kind: puzzles}", with: "{kind: puzzles, §keep: [1]}"),
      ["'keep' is for stages that train; the kind puzzles has no steps to keep"])
    expect(
      recipe("null").replacing("model: tuned.at", with: "model: §tuned.at"),
      [
        "'tuned' (kind train) has no output 'at'; 'keep' says after which steps there is one"
      ])
  }
}
