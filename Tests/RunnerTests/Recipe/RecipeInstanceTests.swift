import Base
import Foundation
import OrderedCollections
import Runner
import Testing

/// How axes flow through the graph.
@Suite struct RecipeInstanceTests {
  private static let arms = """
    version: 1
    name: four_arms
    summary: Does warming up help?
    axes:
      start: [base, warmed]
      seed: [1, 2, 3]
    stages:
      scores: {kind: judge, inputs: {model: tuned, problems: split.test}}
      base: {kind: base, params: {source: "a$${b}"}}
      puzzles: {kind: puzzles, params: {count: 900, seed: 1234}}
      split: {kind: split, inputs: {problems: puzzles}}
      warmed: {kind: train, inputs: {problems: split.train, model: base}}
      tuned:
        kind: train
        inputs: {model: "${start}", problems: split.train}
        params: {seed: "${seed}", note: "from ${start}, seed ${seed}"}
    tables:
      main: {value: scores.accuracy, rows: [start, seed], baseline: {start: base, seed: 1.0}}
    figures:
      learning: {line: tuned.reward/mean, series: start, band: seed}
    """

  private struct File: FakeStage {
    static let kind = "file"
    static let isQuick = true
    static let outputs = [StagePort("problems", RecipeKinds.problems, "rows")]
    let parameters: NoParameters
  }

  /// A file that is missing is known before a night of training.
  @Test func quickStagesComeFirst() throws {
    let text = """
      version: 1
      name: quick
      stages:
        base: {kind: base, params: {source: a}}
        rows: {kind: file}
        tuned: {kind: train, inputs: {model: base, problems: rows}}
        split: {kind: split, inputs: {problems: test}}
        test: {kind: file}
        judged: {kind: judge, inputs: {model: tuned, problems: test}}
      """
    let registry = KindRegistry([
      File.self, RecipeKinds.Base.self, RecipeKinds.Train.self, RecipeKinds.Split.self,
      RecipeKinds.Judge.self,
    ])
    let recipe = try Recipe.parse(text, file: URL(filePath: "x.yaml"), registry: registry)
    #expect(
      recipe.instances.map(\.name) == ["rows", "test", "base", "tuned", "split", "judged"])
  }

  @Test func eachStageOnceForEachPointOfItsAxes() throws {
    let recipe = try parse(Self.arms)
    #expect(
      recipe.instances.map(\.name) == [
        "base", "puzzles", "split", "warmed", "tuned[start=base,seed=1]",
        "tuned[start=base,seed=2]", "tuned[start=base,seed=3]", "tuned[start=warmed,seed=1]",
        "tuned[start=warmed,seed=2]", "tuned[start=warmed,seed=3]", "scores[start=base,seed=1]",
        "scores[start=base,seed=2]", "scores[start=base,seed=3]", "scores[start=warmed,seed=1]",
        "scores[start=warmed,seed=2]", "scores[start=warmed,seed=3]",
      ])
    #expect(
      recipe.stageNames == ["scores", "base", "puzzles", "split", "warmed", "tuned"])
    #expect(recipe.tables.map(\.name) == ["main"])
    #expect(recipe.tables[0].specification.baseline == ["start": "base", "seed": "1"])
    #expect(recipe.figures.first?.specification.line == ["tuned.reward/mean"])
    #expect(recipe.name == "four_arms")
    #expect(recipe.summary == "Does warming up help?")
  }

  @Test func interpolatedValuesKeepTheirType() throws {
    let recipe = try parse(Self.arms)
    let tuned = try #require(recipe.instances.first { $0.name == "tuned[start=warmed,seed=2]" })
    #expect(tuned.parameters["seed"] == .integer(2))
    #expect(tuned.parameters["note"] == "from warmed, seed 2")
    #expect(recipe.instances[0].parameters["source"] == "a${b}")
    #expect(tuned.identity["threads"] == nil)
    #expect(tuned.parameters["threads"] == .integer(1))
  }

  @Test func inputsStandInTheKindsOrderAtTheirProducersPoint() throws {
    let recipe = try parse(Self.arms)
    func inputs(_ name: String) throws -> [String] {
      let instance = try #require(recipe.instances.first { $0.name == name })
      return instance.inputs.map { input in
        "\(input.port)=\(recipe.instances[input.producer].name).\(input.output)"
      }
    }
    #expect(try inputs("warmed") == ["model=base.model", "problems=split.train"])
    #expect(
      try inputs("tuned[start=warmed,seed=1]") == ["model=warmed.model", "problems=split.train"])
    #expect(
      try inputs("scores[start=base,seed=3]")
        == ["model=tuned[start=base,seed=3].model", "problems=split.test"])
  }

  /// A reference may be put together from text and axes, and stages share axes through inputs.
  @Test func referencesPutTogether() throws {
    let recipe = try parse(
      """
      version: 1
      name: t
      axes: {arm: [a, b], part: [train, test], lr: [1e-6, 0.5], on: [true, "2"]}
      stages:
        base_a: {kind: base, params: {source: x}}
        base_b: {kind: train, inputs: {model: base_a, problems: p}, params: {learning_rate: "${lr}"}}
        p: {kind: puzzles}
        split: {kind: split, inputs: {problems: p}}
        t: {kind: train, inputs: {model: "base_${arm}.model", problems: "split.${part}"}}
        n: {kind: note, params: {text: "lr ${lr}, ${on}"}}
      """)
    let t = recipe.instances.filter { $0.stageName == "t" }
    // base_b depends on lr, so t does too, even where it refers to base_a.
    #expect(t.count == 8)
    #expect(t[0].name == "t[arm=a,part=train,lr=1e-06]")
    #expect(recipe.instances[t[0].inputs[0].producer].name == "base_a")
    #expect(recipe.instances[t[7].inputs[0].producer].name == "base_b[lr=0.5]")
    #expect(t[7].inputs[1].output == "test")
    let notes = recipe.instances.filter { $0.stageName == "n" }.map { $0.parameters["text"] }
    #expect(notes == ["lr 1e-06, true", "lr 1e-06, 2", "lr 0.5, true", "lr 0.5, 2"])
  }

  @Test func joinsOnSharedAxes() throws {
    let recipe = try parse(
      """
      version: 1
      name: t
      axes: {seed: [1, 2]}
      stages:
        base: {kind: base, params: {source: "x${seed}"}}
        p: {kind: puzzles, params: {seed: "${seed}"}}
        t: {kind: train, inputs: {model: base, problems: p}}
      """)
    let t = recipe.instances.filter { $0.stageName == "t" }
    #expect(t.map(\.name) == ["t[seed=1]", "t[seed=2]"])
    #expect(
      t[1].inputs.map { recipe.instances[$0.producer].name } == ["base[seed=2]", "p[seed=2]"])
  }

  @Test func numbersWithoutAFractionAreIntegersAndDoublesStayDoubles() throws {
    let recipe = try parse(
      """
      version: 1
      name: t
      stages:
        base: {kind: base, params: {source: x}}
        p: {kind: puzzles, params: {count: 1e3}}
        t: {kind: train, inputs: {model: base, problems: p}, params: {learning_rate: 1}}
      """)
    #expect(recipe.instances[1].parameters["count"] == .integer(1000))
    #expect(recipe.instances[2].parameters["learning_rate"] == .number(1))
  }
}
