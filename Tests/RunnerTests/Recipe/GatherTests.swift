import Base
import OrderedCollections
import Runner
import Testing

/// Stages that read their inputs at all points of some axes: `over`.
@Suite struct GatherTests {
  private func recipe(_ over: String, inputs: String = "{model: tuned, scores: scores}") -> String {
    """
    version: 1
    name: test
    axes: {seed: [1, 2], size: [10, 2, 30], idle: [a, b]}
    stages:
      base: {kind: base, params: {source: a}}
      puzzles: {kind: puzzles, params: {seed: "${seed}"}}
      tuned:
        kind: train
        inputs: {model: base, problems: puzzles}
        params: {epochs: "${size}"}
      scores: {kind: judge, inputs: {model: tuned, problems: puzzles}}
      other: {kind: note, params: {text: "${idle}"}}
      §best:
        kind: choose
        inputs: \(inputs)
    \(over)
      test: {kind: judge, inputs: {model: best, problems: puzzles}}
    """
  }

  private func whole(_ over: String) -> String {
    recipe("    over: \(over)").replacing("§best", with: "best")
  }

  @Test func inputsAreGatheredOverTheAxes() throws {
    let recipe = try parse(whole("size"))
    let best = recipe.instances.filter { $0.stageName == "best" }
    #expect(best.map(\.name) == ["best[seed=1]", "best[seed=2]"])
    #expect(
      best[1].inputs.map(\.port) == [
        "model[size=10]", "model[size=2]", "model[size=30]", "scores[size=10]", "scores[size=2]",
        "scores[size=30]",
      ])
    #expect(
      best[1].inputs.map { recipe.instances[$0.producer].name } == [
        "tuned[seed=2,size=10]", "tuned[seed=2,size=2]", "tuned[seed=2,size=30]",
        "scores[seed=2,size=10]", "scores[seed=2,size=2]", "scores[seed=2,size=30]",
      ])
    #expect(best[1].inputs[2].over == ["size": 30])
    #expect(
      recipe.instances.filter { $0.stageName == "test" }.map(\.name)
        == ["test[seed=1]", "test[seed=2]"])
  }

  @Test func severalAxesAreGatheredAtOnce() throws {
    let recipe = try parse(whole("[seed, size]"))
    let best = try #require(recipe.instances.first { $0.stageName == "best" })
    #expect(best.name == "best")
    #expect(best.inputs.count == 12)
    #expect(best.inputs[4].port == "model[seed=2,size=2]")
  }

  @Test func pointsThatAreLeftOutAreNotGathered() throws {
    let recipe = try parse(whole("size") + "\nexclude: {seed: 2, size: [2, 30]}")
    let best = recipe.instances.filter { $0.stageName == "best" }
    #expect(best.map(\.inputs.count) == [6, 2])
  }

  @Test func mistakes() {
    expect(
      recipe(""),
      [
        "missing key 'over' in 'best' (kind choose): the axes at all of whose points it reads its "
          + "inputs"
      ])
    expect(whole("§sise"), ["unknown axis 'sise'; did you mean 'size'?"])
    expect(whole("§idle"), ["nothing that 'best' reads depends on the axis 'idle'"])
    expect(whole("§[]"), ["'over' names no axis"])
    expect(
      whole("[§size]").replacing("over:", with: "params: {text: \"is ${size}\"}\n    over:"),
      ["'over' gathers the points of 'size', so no parameter of 'best' can name it"])
    expect(
      whole("size").replacing("{kind: note, params", with: "{kind: note, §over: seed, params"),
      ["'over' is for kinds that choose; the kind note reads one point"])
  }
}
