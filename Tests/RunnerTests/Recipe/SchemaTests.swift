import Base
import Runner
import Testing

/// The schema that editors check recipes with.
@Suite struct SchemaTests {
  private static let schema = RecipeSchema.json(for: RecipeKinds.registry)

  private func accepts(_ text: String) throws -> Bool {
    var sink = DiagnosticSink()
    let node = try #require(YAMLLoader.load(text, into: &sink))
    return SchemaValidator(root: Self.schema).accepts(node.asJSON)
  }

  private static func recipe(_ stage: String, rest: String = "") -> String {
    """
    version: 1
    name: test
    axes: {seed: [1, 2], start: base}
    stages:
      base: {kind: base, params: {source: a}}
      it: \(stage)
    \(rest)
    """
  }

  @Test(arguments: [
    "{kind: note}", "{kind: note, params: , inputs: {model: \"${start}\"}, summary: hello}",
    "{kind: train, inputs: {model: base, problems: p}, params: {epochs: 3, learning_rate: 1}}",
    "{kind: train, inputs: {model: base, problems: p}, params: {epochs: \"${seed}\"}}",
    "{kind: train, inputs: {model: base, problems: p}, params: {order: \"${start}\"}}",
    "{kind: train, inputs: {model: base, problems: p}, params: {loss: {clip: \"${seed}\"}}}",
    "{kind: train, inputs: {model: base, problems: p}, params: {note: null, weights: {a: .5}}}",
    "{kind: note, require: {a: {at_least: 1}, b: {at_most: .5}, otherwise: mark}}",
    "{kind: note, resources: {gpus: 1, memory: 2 GB, time: 1 h}}",
    "{kind: note, require: }", "{kind: puzzles, params: {people: 3}}",
    "{kind: puzzles, params: {people: [3, \"${seed}\"]}}",
  ])
  func accepted(stage: String) throws {
    #expect(try accepts(Self.recipe(stage)))
  }

  @Test(arguments: [
    "{}", "{kind: nope}", "{kind: note, parms: {}}", "{kind: note, params: {text: 1}}",
    "{kind: base}", "{kind: base, params: {}}", "{kind: train, inputs: {model: base}}",
    "{kind: train, inputs: {model: base, problems: p, x: y}}",
    "{kind: train, inputs: {model: base, problems: p}, params: {epochs: 0}}",
    "{kind: train, inputs: {model: base, problems: p}, params: {epochs: 1.5}}",
    "{kind: train, inputs: {model: base, problems: p}, params: {epochs: three}}",
    "{kind: train, inputs: {model: base, problems: p}, params: {order: sorted}}",
    "{kind: train, inputs: {model: base, problems: p}, params: {loss: {clip: 2}}}",
    "{kind: train, inputs: {model: base, problems: p}, params: {loss: {clap: 1}}}",
    "{kind: note, resources: {gpus: one}}", "{kind: note, resources: {gpu: 1}}",
    "{kind: note, require: 1}", "{kind: note, require: {a: {}}}",
    "{kind: note, require: {a: {at_lest: 1}}}", "{kind: note, require: {a: 1}}",
    "{kind: note, require: {a: {at_most: 1}, otherwise: go}}",
    "{kind: puzzles, params: {people: [3, 9]}}", "{kind: note, inputs: {model: 1}}", "7",
  ])
  func refused(stage: String) throws {
    #expect(try !accepts(Self.recipe(stage)))
  }

  @Test(arguments: [
    ("tables: {t: {value: a.b, rows: seed, baseline: {seed: 1}, format: percent}}", true),
    ("tables: {t: {value: a.b}}", false), ("tables: {t: {value: a.b, rows: seed, x: 1}}", false),
    ("figures: {f: {line: a.b, smooth: 5}}", true), ("figures: {f: {line: a.b, smooth: 0}}", false),
    ("claims: {c: {says: a, value: a.b, greater: [{seed: 1}, {seed: 2}]}}", true),
    ("claims: {c: {says: a, value: a.b, less: [{seed: 1}, {seed: 2}], within: 1}}", true),
    ("claims: {c: {says: a, value: a.b}}", false),
    ("claims: {c: {says: a, value: a.b, less: [{seed: 1}]}}", false),
    (
      "claims: {c: {says: a, value: a.b, less: [{seed: 1}, {seed: 2}], "
        + "greater: [{seed: 1}, {seed: 2}]}}", false
    ),
    ("figures: {f: {confusion: a.verdict, between: {seed: [1, 2]}}}", true),
    ("figures: {f: {confusion: a.verdict, between: {seed: [1]}}}", false),
    ("figures: {f: {heat_map: [a.b], rows: c, change: relative}}", true),
    ("figures: {f: {smooth: 5}}", false),
    ("include: [{seed: 1}, {start: [a, b]}]", true), ("exclude: {seed: 1}", true),
    ("exclude: [1]", false), ("other: 1", false), ("tables: {T: {value: a.b, rows: c}}", false),
  ])
  func otherParts(rest: String, expected: Bool) throws {
    #expect(try accepts(Self.recipe("{kind: note}", rest: rest)) == expected)
  }

  /// The rest of a stage may stand in the recipe that is extended, but not a wrong key.
  @Test func partsOfStages() throws {
    let start = "version: 1\nname: t\nextends: base.yaml\n"
    #expect(try accepts(start))
    #expect(try accepts(start + "stages: {a: {params: {epochs: 3}}, b: {kind: base}}"))
    #expect(try !accepts(start + "stages: {b: {kind: base, params: {x: 1}}}"))
    #expect(try !accepts("version: 1\nname: t"))
    #expect(try !accepts("version: 2\nname: t\nextends: a"))
  }

  @Test func fieldsAreDescribed() throws {
    let train = Self.schema["$defs"]?["kind_train"]?["properties"]?["params"]?["properties"]
    #expect(train?["epochs"]?["default"] == 3)
    #expect(train?["epochs"]?["description"] == "passes over the problems")
    #expect(
      train?["threads"]?["description"] == "how many threads (does not change the result)")
    let base = Self.schema["$defs"]?["kind_base"]?["properties"]?["params"]?["properties"]
    #expect(base?["source"]?.object?.keys.contains("default") == false)
  }

  /// What the program reads, the schema must not refuse.
  @Test(arguments: 0..<20)
  func randomRecipes(seed: Int) throws {
    var random = RecipeRandom(seed: UInt64(seed))
    let text = RandomRecipe(&random).text
    _ = try parse(text)
    #expect(try accepts(text))
  }
}
