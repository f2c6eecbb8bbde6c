import Base
import Foundation
import OrderedCollections
import Runner
import TestSupport
import Testing

/// `require` in recipes.
@Suite struct GateTests {
  private func recipe(_ require: String, more: String = "") -> String {
    """
    version: 1
    name: test
    axes: {seed: [1, 2], arm: [3, 4]}
    stages:
      puzzles: {kind: puzzles}
      base: {kind: base, params: {source: "a${seed}"}}
      tuned: {kind: train, inputs: {model: base, problems: puzzles}, params: {epochs: "${arm}"}}
      skill:
        kind: judge
        inputs: {model: base, problems: puzzles}
        require: \(require)
      scores: {kind: judge, inputs: {model: tuned, problems: puzzles}}
    \(more)
    """
  }

  @Test func boundsAreRead() throws {
    let recipe = try parse(
      recipe("{accuracy: {at_least: 0.5}, worked: {at_least: 0, at_most: 1e-1}}"))
    let gate = try #require(recipe.gates["skill"])
    #expect(gate.otherwise == .stop)
    #expect(gate.bounds["accuracy"] == GateBounds(atLeast: 0.5, atMost: nil))
    #expect(gate.bounds["worked"] == GateBounds(atLeast: 0, atMost: 0.1))
    #expect(gate.words == "accuracy at least 0.5, worked from 0 to 0.1")
    let marked = try parse(self.recipe("{otherwise: mark, a: {at_most: 2}}")).gates["skill"]
    #expect(marked?.words == "a at most 2, otherwise mark")
    #expect(try parse(self.recipe("null")).gates.isEmpty)
  }

  @Test func aGateChangesNoIdentity() throws {
    let (with, without) = (try parse(recipe("{a: {at_least: 1}}")), try parse(recipe("null")))
    func identities(_ recipe: Recipe) -> [String: String] {
      Dictionary(uniqueKeysWithValues: recipe.instances.map { ($0.name, $0.identity.text) })
    }
    #expect(identities(with) == identities(without))
  }

  /// What the gate needs comes first, then the gate, then what waits for it.
  @Test func gatesComeBeforeWhatTheyGuard() throws {
    let recipe = try parse(recipe("{a: {at_least: 1}}"))
    #expect(
      recipe.instances.map(\.name) == [
        "puzzles", "base[seed=1]", "base[seed=2]", "skill[seed=1]", "skill[seed=2]",
        "tuned[seed=1,arm=3]", "tuned[seed=1,arm=4]", "tuned[seed=2,arm=3]", "tuned[seed=2,arm=4]",
        "scores[seed=1,arm=3]", "scores[seed=1,arm=4]", "scores[seed=2,arm=3]",
        "scores[seed=2,arm=4]",
      ])
    let guards = recipe.instances.map { $0.guards.map { recipe.instances[$0].name } }
    #expect(Set(guards[..<5]) == [[]])
    #expect(guards[5] == ["skill[seed=1]"] && guards[12] == ["skill[seed=2]"])
    let scores = recipe.instances[12]
    #expect(
      scores.inputs.map { recipe.instances[$0.producer].name } == [
        "tuned[seed=2,arm=4]", "puzzles",
      ])
  }

  /// Of two gates the later one waits for the earlier, with all that it needs alone.
  @Test func gatesCountInTheOrderOfTheRecipe() throws {
    let text = """
      version: 1
      name: test
      axes: {seed: [1], other: [2]}
      stages:
        puzzles: {kind: puzzles, params: {seed: "${seed}"}}
        first: {kind: puzzles, params: {count: "${seed}"}, require: {a: {at_least: 1}}}
        second:
          kind: judge
          inputs: {model: warmed, problems: puzzles}
          require: {a: {at_least: 1}}
        third: {kind: note, params: {text: "o${other}"}, require: {a: {at_least: 1}}}
        base: {kind: base, params: {source: x}}
        warmed: {kind: train, inputs: {model: base, problems: puzzles}}
        last: {kind: note, inputs: {model: warmed}, params: {text: "o${other}"}}
      """
    let recipe = try parse(text)
    let guards = recipe.instances.map { instance in
      ([instance] + instance.guards.map { recipe.instances[$0] }).map(\.stageName)
    }
    #expect(
      guards == [
        ["first"], ["puzzles", "first"], ["base"], ["warmed", "first"], ["second", "first"],
        ["third"], ["last", "first", "second", "third"],
      ])
  }

  @Test func aGateWithoutAxesGuardsEverythingElse() throws {
    let recipe = try parse(
      """
      version: 1
      name: test
      axes: {seed: [1, 2]}
      stages:
        other: {kind: note}
        tuned: {kind: puzzles, params: {seed: "${seed}"}}
        puzzles: {kind: puzzles}
        gate: {kind: split, inputs: {problems: puzzles}, require: {a: {at_least: 1}}}
      """)
    #expect(
      recipe.instances.map(\.name) == [
        "puzzles", "gate", "other", "tuned[seed=1]", "tuned[seed=2]",
      ]
    )
    #expect(recipe.instances.map(\.guards) == [[], [], [1], [1], [1]])
  }

  /// Whatever the recipe: everything comes after what it is made from and what it waits for, and
  /// waits for just those gates of which the rule says so.
  @Test(arguments: 0..<40)
  func noCircleCanArise(seed: Int) throws {
    var random = RecipeRandom(seed: UInt64(seed))
    let recipe = try parse(Self.random(&random))
    let instances = recipe.instances
    let gates = recipe.gates.keys.elements
    var needs: [Set<Int>] = []
    for (index, instance) in instances.enumerated() {
      #expect(instance.inputs.allSatisfy { $0.producer < index })
      needs.append(instance.inputs.reduce(into: [index]) { $0.formUnion(needs[$1.producer]) })
    }
    for (index, instance) in instances.enumerated() {
      let first = gates.firstIndex { gate in
        instances.indices.contains { instances[$0].stageName == gate && needs[$0].contains(index) }
      }
      let expected = gates[..<(first ?? gates.count)].flatMap { gate in
        instances.indices.filter {
          instances[$0].stageName == gate && instance.point.lies(on: instances[$0].point)
        }
      }
      #expect(instance.guards == expected, "\(instance.name)")
      #expect(expected.allSatisfy { $0 < index })
    }
  }

  /// Models from models over some axes, judged here and there, all in any order.
  private static func random(_ random: inout RecipeRandom) -> String {
    let axes = ["a", "b", "c"]
    var stages = ["p: {kind: puzzles}", "m0: {kind: base, params: {source: x}}"]
    func gate() -> String {
      random.below(3) == 0 ? ", require: {v: {at_least: 1}}" : ""
    }
    for number in 1...7 {
      let axis = random.below(2) == 0 ? "note: \"x${\(axes[random.below(3)])}\"" : ""
      let model = "m\(random.below(number))"
      stages.append(
        "m\(number): {kind: train, inputs: {model: \(model), problems: p}, params: {\(axis)}\(gate())}"
      )
      stages.append(
        "j\(number): {kind: judge, inputs: {model: \(model), problems: p}\(gate())}")
    }
    stages.append("n: {kind: note, params: {text: \"${a} ${b} ${c}\"}\(gate())}")
    for index in stages.indices.reversed() { stages.swapAt(index, random.below(index + 1)) }
    return """
      version: 1
      name: test
      axes: {a: [1, 2], b: [x, y], c: [0.5]}
      exclude: {a: 1, b: y}
      stages:
      \(stages.map { "  " + $0 }.joined(separator: "\n"))
      """
  }

  @Test func mistakes() {
    expect(recipe("§1"), ["expected bounds by value, found 1"])
    expect(
      recipe("{}").replacing("    require:", with: "    §require:"),
      ["'require' names no value, as in {accuracy: {at_least: 0.8}}"])
    expect(
      recipe("{otherwise: mark}").replacing("    require:", with: "    §require:"),
      ["'require' names no value, as in {accuracy: {at_least: 0.8}}"])
    expect(recipe("{§a: {}}"), ["there is no bound: give 'at_least', 'at_most' or both"])
    expect(recipe("{§a: }"), ["there is no bound: give 'at_least', 'at_most' or both"])
    expect(recipe("{a: §0.8}"), ["expected bounds, as in {at_least: 0.8}, found 0.8"])
    expect(
      recipe("{a: {at_least: §0.9, at_most: 0.1}}"),
      ["'at_least' 0.9 lies above 'at_most' 0.1, so that no value passes"])
    expect(
      recipe("{a: {§at_lest: 0.9}}"),
      ["unknown key 'at_lest' of 'a' in 'require' of 'skill'; did you mean 'at_least'?"])
    expect(recipe("{a: {at_least: §x}}"), ["expected a finite number, found 'x'"])
    expect(recipe("{a: {at_least: §.nan}}"), ["expected a finite number, found nan"])
    expect(
      recipe("{a: {at_least: 1}, otherwise: §stopp}"),
      ["unknown value 'stopp'; did you mean 'stop'?"])
  }

  private struct Named: FakeStage {
    static let kind = "named"
    static let names = PublishedNames(values: ["accuracy"])
    let parameters: NoParameters
  }

  @Test func valuesThatNobodyPublishes() throws {
    func parsed(_ registry: KindRegistry) throws(RecipeError) -> Recipe {
      try Recipe.parse(
        """
        version: 1
        name: t
        stages:
          a: {kind: named, require: {accuracy: {at_least: 1}, acuracy: {at_most: 1}}}
        """, file: URL(filePath: "x.yaml"), registry: registry)
    }
    let registry = KindRegistry([Named.self])
    let error = #expect(throws: RecipeError.self) { try parsed(registry) }
    #expect(
      error?.diagnostics.map(\.message)
        == ["'a' (kind named) publishes no value 'acuracy'; did you mean 'accuracy'?"])
    #expect(error?.diagnostics.first?.position == SourcePosition(line: 4, column: 55))
    #expect(try parsed(registry.withoutNameChecks).gates.count == 1)
  }

  @Test func gatesAreMergedAndOverridden() throws {
    let folder = try ScratchFolder()
    _ = try folder.write(
      recipe("{a: {at_least: 0.1, at_most: 0.2}, b: {at_least: 3}}"), "base.yaml")
    let top = "version: 1\nname: top\nextends: base.yaml\nstages: {skill: {require: REQUIRE}}"
    func gate(_ require: String, _ overrides: String...) throws -> String? {
      let file = folder.file("top.yaml")
      try Data(top.replacing("REQUIRE", with: require).utf8).write(to: file)
      return try Recipe.load(file, overrides: overrides, registry: RecipeKinds.registry)
        .gates["skill"]?.words
    }
    #expect(
      try gate("{a: {at_most: 0.5}, otherwise: mark}")
        == "a from 0.1 to 0.5, b at least 3, otherwise mark")
    #expect(try gate("null") == nil)
    #expect(
      try gate("{c: {at_most: 1}}", "stages.skill.require.a.at_least=0.15")
        == "a from 0.15 to 0.2, b at least 3, c at most 1")
    #expect(try gate("{}", "stages.skill.require=") == nil)
  }
}
