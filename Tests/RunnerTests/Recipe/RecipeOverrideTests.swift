import Base
import OrderedCollections
import Runner
import Testing

@Suite struct RecipeOverrideTests {
  private static let text = """
    version: 1
    name: test
    axes: {seed: [1]}
    stages:
      base: {kind: base, params: {source: a}}
      puzzles: {kind: puzzles}
      harder: {kind: puzzles, params: {count: 5}}
      tuned:
        kind: train
        inputs: {model: base, problems: puzzles}
        params: {seed: "${seed}", loss: {clip: 0.1}}
    """

  @Test func valuesAreTypedAndCheckedLikeAnyOther() throws {
    let recipe = try parse(
      Self.text,
      overrides: [
        "stages.tuned.params.epochs=7", "axes.seed=[4, 5]", "stages.tuned.inputs.problems=harder",
        "stages.tuned.params.loss.clip=0.3", "stages.puzzles.params.people=[4,5]",
        "stages.tuned.params.note=", "stages.tuned.params.epochs=8", "summary=a=b",
        "stages.base.params.source='12'",
      ])
    #expect(recipe.axes["seed"] == [4, 5])
    #expect(recipe.summary == "a=b")
    let tuned = recipe.instances.filter { $0.stageName == "tuned" }
    #expect(tuned.count == 2)
    #expect(tuned[0].parameters["epochs"] == 8)
    #expect(tuned[0].parameters["loss"] == ["clip": 0.3])
    #expect(tuned[0].parameters["note"] == .some(.null))
    #expect(tuned[0].inputs.map { recipe.instances[$0.producer].stageName } == ["base", "harder"])
    let puzzles = try #require(recipe.instances.first { $0.stageName == "puzzles" })
    #expect(puzzles.parameters["people"] == [4, 5])
    #expect(recipe.overrides.count == 9)
    #expect(recipe.sourceText == Self.text)
  }

  @Test func aSingleValueIsAnAxisOfOne() throws {
    #expect(try parse(Self.text, overrides: ["axes.seed=9"]).axes["seed"] == [9])
  }

  @Test(arguments: [
    ("stages.tuend.params.epochs=1", 14, "there is no 'tuend' in 'stages'; did you mean 'tuned'?"),
    ("axes.sed=1", 12, "there is no 'sed' in 'axes'; did you mean 'seed'?"),
    (
      "stages.tuned.params.epoch=1", 27,
      "unknown key 'epoch' in 'tuned' (kind train); did you mean 'epochs'?"
    ),
    ("stages.tuned.params.epochs=0", 34, "'epochs' must be between 1 and 1000, found 0"),
    (
      "stages.tuned.params.epochs=[1", 36,
      "',' or ']' is missing in the […] that begins in line 1"
    ),
    ("stages.tuned.inputs.model=bse", 33, "unknown stage 'bse'; did you mean 'base'?"),
    ("stages.tuned.params.seed.x=1", 32, "'stages.tuned.params.seed' is a string, not a mapping"),
    ("nothing", 7, "expected PATH=VALUE, such as axes.seed=[1, 2]"),
    ("stages..x=1", 7, "expected keys with dots between them, such as axes.seed"),
    ("=1", 7, "expected keys with dots between them, such as axes.seed"),
    ("version=2", 7, "'version' cannot be overridden"),
    ("extends=x.yaml", 7, "'extends' cannot be overridden"),
    ("stags.x=1", 7, "unknown key 'stags'; did you mean 'stages'?"),
    (
      "stages.tuned.params.weights={a: 1, a: 2}", 42,
      "duplicate key 'a'; line 1 has it already"
    ),
  ])
  func mistakesNameTheOverride(override: String, column: Int, message: String) {
    let found = mistakes(Self.text, overrides: [override])
    #expect(found.first?.message == message)
    #expect(
      found.first?.position
        == SourcePosition(line: 1, column: column, file: "--set " + override))
  }

  @Test func mistakesOfTheRecipeComeFirst() {
    let found = mistakes(Self.text + "\nx: 1", overrides: ["y=1"])
    #expect(found.map(\.position.file) == [nil, "--set y=1"])
  }
}
