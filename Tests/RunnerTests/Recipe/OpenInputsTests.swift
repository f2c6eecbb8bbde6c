import Base
import Foundation
import Runner
import Testing

/// Kinds that take any number of inputs under names of the recipe's choosing.
@Suite struct OpenInputsTests {
  /// Joins scores or problems; what is known of it is how many it joins.
  private struct Join: FakeStage {
    static let kind = "join"
    static let openInputs = [RecipeKinds.problems, RecipeKinds.scores]
    static let outputs = [
      StagePort("joined", .asBound, "all of it"), StagePort("log", RecipeKinds.model, "a model"),
    ]
    struct Parameters: ParameterSet {
      var most = 9
      static var fields: [Field<Self>] { [Field("most", \.most, "how many it takes")] }
    }
    let parameters: Parameters

    func traits(of output: String, inputs: [String: Traits]) -> Traits {
      ["joined": "\(inputs.count)"]
    }

    func mistakes(inputs: [String: Traits]) -> [BindingMistake] {
      let joined = inputs.filter { $0.value["joined"] != nil }.keys.sorted()
      return joined.map { BindingMistake(.input($0), "'\($0)' is joined already") }
        + (inputs.count > parameters.most
          ? [BindingMistake(.parameter("most"), "more than \(parameters.most)")] : [])
    }
  }

  private static let registry = KindRegistry([
    RecipeKinds.Base.self, RecipeKinds.Puzzles.self, RecipeKinds.Split.self,
    RecipeKinds.Train.self, RecipeKinds.Judge.self, Join.self,
  ])

  private static func text(_ stages: String, axes: String = "") -> String {
    """
    version: 1
    name: test
    \(axes)
    stages:
      base: {kind: base, params: {source: a}}
      puzzles: {kind: puzzles}
      split: {kind: split, inputs: {problems: puzzles}}
      judged: {kind: judge, inputs: {model: base, problems: puzzles}}
      \(stages)
    """
  }

  private static func parse(_ text: String) throws(RecipeError) -> Recipe {
    try Recipe.parse(text, file: URL(filePath: "experiments/x.yaml"), registry: registry)
  }

  private static func expect(
    _ stages: String, axes: String = "", _ messages: [String],
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let marked = MarkedText(text(stages, axes: axes))
    do {
      _ = try parse(marked.text)
      #expect(messages.isEmpty, sourceLocation: sourceLocation)
    } catch {
      #expect(error.diagnostics.map(\.message) == messages, sourceLocation: sourceLocation)
      #expect(error.diagnostics.map(\.position) == marked.places, sourceLocation: sourceLocation)
    }
  }

  @Test func namesAreTheRecipesAndTheirOrderIsTheirs() throws {
    let recipe = try Self.parse(
      Self.text("joined: {kind: join, inputs: {zoo: split.train, b-2: split.test, a: puzzles}}"))
    let joined = try #require(recipe.instances.last)
    #expect(joined.inputs.map(\.port) == ["a", "b-2", "zoo"])
    #expect(joined.inputs.map(\.output) == ["problems", "test", "train"])
  }

  @Test func theOutputIsOfTheTypeThatIsBound() throws {
    let problems = "joined: {kind: join, inputs: {a: split.train, b: puzzles}}"
    let scores = "joined: {kind: join, inputs: {a: judged, b: split.proof}}"
    let twice = "\n  again: {kind: join, inputs: {a: joined}, params: {most: 1}}"
    let use = "\n  tuned: {kind: train, inputs: {model: base, problems: §NAME}}"
    func used(_ stages: String, _ name: String) -> String {
      stages + use.replacing("NAME", with: name)
    }
    let plain = used(problems, "joined").replacing("§", with: "")
    _ = try Self.parse(Self.text(plain))
    Self.expect(
      used(scores, "joined"),
      ["input 'problems' of 'tuned' takes Problems, but 'joined' is Scores"])
    Self.expect(
      used(problems, "joined.log"),
      ["input 'problems' of 'tuned' takes Problems, but 'joined.log' is Model"])
    Self.expect(
      used(scores + twice, "again"),
      ["input 'problems' of 'tuned' takes Problems, but 'again' is Scores"])
  }

  @Test func allAreOfOneType() {
    Self.expect(
      "joined: {kind: join, inputs: {a: split.train, b: §judged, c: puzzles}}",
      ["input 'b' of 'joined' takes Problems, as what is bound before, but 'judged' is Scores"])
    Self.expect(
      "joined: {kind: join, inputs: {a: §base}}",
      ["input 'a' of 'joined' takes Problems, Scores, but 'base' is Model"])
    Self.expect(
      "joined: {kind: join, inputs: {a: §\"${what}\"}}", axes: "axes: {what: [puzzles, judged]}",
      [
        "input 'a' of 'joined' takes Problems, as what is bound before, but 'judged' is Scores "
          + "(at what=judged)"
      ])
  }

  @Test func somethingMustBeBoundUnderAName() {
    Self.expect(
      "§joined: {kind: join}",
      [
        "missing 'inputs' in 'joined' (kind join): name what it takes (Problems, Scores), as in "
          + "{a: …, b: …}"
      ])
    Self.expect(
      "joined: {kind: join, inputs: {§A b: puzzles}}",
      ["the name of an input is made of lower-case letters, digits, '_' and '-', not 'A b'"])
    Self.expect(
      "joined: {kind: join, inputs: {a: §puzles}}",
      ["unknown stage 'puzles'; did you mean 'puzzles'?"])
    Self.expect(
      "tuned: {kind: train, inputs: {model: base, problems: puzzles, §extra: base}}",
      ["unknown input 'extra' in 'tuned' (kind train); choose from model, problems, teacher"])
  }

  @Test func aCycleIsACycle() {
    Self.expect(
      "one: {kind: join, inputs: {a: §two}}\n  two: {kind: join, inputs: {a: one}}",
      ["stages need each other in a cycle: one -> two -> one"])
  }

  @Test func whatIsKnownBeforehandIsChecked() throws {
    Self.expect(
      """
      one: {kind: join, inputs: {a: puzzles, b: split.test}, params: {most: §1}}
        two: {kind: join, inputs: {a: puzzles, b: §one}}
      """, ["more than 1", "'b' is joined already"])
    // A mistake at several points is said once.
    Self.expect(
      """
      one: {kind: join, inputs: {a: puzzles}}
        two: {kind: join, inputs: {a: "${what}", b: §one}}
      """, axes: "axes: {what: [puzzles, split.train]}", ["'b' is joined already"])
  }

  @Test func theSchemaTakesAnyName() throws {
    let schema = RecipeSchema.json(for: Self.registry)
    let inputs = schema["$defs"]?["kind_join"]?["properties"]?["inputs"]
    #expect(inputs?["additionalProperties"]?["type"] == "string")
    #expect(
      inputs?["additionalProperties"]?["description"]
        == "any number of one of these: Problems, Scores")
    let other = schema["$defs"]?["kind_train"]?["properties"]?["inputs"]
    #expect(other?["additionalProperties"] == false)
  }
}
