import Testing

/// Mistakes in recipes: what is said of them, and where.
@Suite struct RecipeDiagnosticTests {
  /// A recipe without mistakes to which each test adds its own.
  private static func recipe(_ stages: String, axes: String = "", rest: String = "") -> String {
    """
    version: 1
    name: test
    \(axes.isEmpty ? "" : "axes: {\(axes)}")
    stages:
      base: {kind: base, params: {source: a}}
      puzzles: {kind: puzzles}
      split: {kind: split, inputs: {problems: puzzles}}
      \(stages.replacing("\n", with: "\n  "))
    \(rest)
    """
  }

  @Test func aRecipeWithoutMistakes() {
    expect(Self.recipe("tuned: {kind: train, inputs: {model: base, problems: split.test}}"), [])
  }

  @Test func theTopLevel() {
    expect(
      "§§§summary: x\n§stagse: 1",
      [
        "missing key 'version'; begin the recipe with 'version: 1'",
        "missing key 'name': results are kept under it", "missing key 'stages': what to run",
        "unknown key 'stagse'; did you mean 'stages'?",
      ])
    expect(
      "version: §2\nname: §A B\nsummary: §[x]\n§stages:\ntables: §3",
      [
        "this program reads recipes of version 1 only",
        "the name is made of lower-case letters, digits, '_' and '-', not 'A B'",
        "expected a string (put it in quotes), found a list", "there are no stages",
        "expected tables by name, found 3",
      ])
    expect("§[1]", ["expected a recipe, found a list"])
  }

  @Test func stageKeys() {
    expect(
      Self.recipe(
        """
        §one: {params: {}}
        two: {kind: §trian, §inpust: 1}
        three: §7
        §Four: {kind: note}
        """),
      [
        "missing key 'kind' in 'one'", "unknown kind 'trian'; did you mean 'train'?",
        "unknown key 'inpust' in 'two'; did you mean 'inputs'?",
        "expected a mapping, found 7",
        "the name of a stage is made of lower-case letters, digits, '_' and '-', not 'Four'",
      ])
  }

  @Test func parameters() {
    expect(
      Self.recipe(
        """
        §other: {kind: base}
        tuned:
          kind: train
          inputs: {model: base, problems: puzzles}
          params:
            §epoch: 3
            epochs: §0
            learning_rate: §fast
            order: §shufled
            loss: {§clp: 1, clip: §1.5}
            weights: {a: §x, b: 1, c: §y}
            verbose: §yes
            seed: §1.5
            note: §.inf
            threads: §[1]
        puzzles2: {kind: puzzles, params: {people: [3, §9, 4, §1], count: §.nan}}
        """),
      [
        "missing key 'source' in 'other' (kind base): where the weights come from",
        "unknown key 'epoch' in 'tuned' (kind train); did you mean 'epochs'?",
        "'epochs' must be between 1 and 1000, found 0",
        "expected a finite number, found 'fast'",
        "unknown value 'shufled'; did you mean 'shuffled'?",
        "unknown key 'clp'; did you mean 'clip'?", "'clip' must be between 0 and 1, found 1.5",
        "expected a finite number, found 'x'", "expected a finite number, found 'y'",
        "expected true or false, found 'yes'", "expected an integer, found 1.5",
        "expected a string (put it in quotes), found inf",
        "expected an integer, found a list", "'people' must be between 2 and 8, found 9",
        "'people' must be between 2 and 8, found 1", "expected an integer, found nan",
      ])
  }

  @Test func references() {
    expect(
      Self.recipe(
        """
        a: {kind: train, inputs: {model: §bas, problems: §split.tets}}
        b: {kind: train, inputs: {model: §split, problems: §split.proof}}
        §c: {kind: train, inputs: {§modle: base, problems: §a.b.c}}
        d: {kind: train, inputs: {model: §note, problems: §3, §extra: puzzles}}
        e: {kind: §nope, inputs: {x: §bse}}
        f: {kind: train, inputs: {model: e.anything, problems: §.}}
        note: {kind: note}
        """.replacing("{modle", with: "{§modle").replacing("kind: §nope", with: "kind: §nope")),
      [
        "unknown stage 'bas'; did you mean 'base'?",
        "'split' (kind split) has no output 'tets'; did you mean 'test'?",
        "input 'model' of 'b' takes Model, but 'split' is Problems",
        "input 'problems' of 'b' takes Problems, but 'split.proof' is Scores; "
          + "did you mean 'split.train'?",
        "missing input 'model' (Model) in 'c' (kind train): what to train",
        "unknown input 'modle' in 'c' (kind train); did you mean 'model'?",
        "expected a reference, as stage or stage.output, found 'a.b.c'",
        "'note' (kind note) has no outputs",
        "expected a reference, as stage or stage.output, found 3",
        "unknown input 'extra' in 'd' (kind train); choose from model, problems, teacher",
        "unknown kind 'nope'; did you mean 'note'?",
        "unknown stage 'bse'; did you mean 'base'?",
        "expected a reference, as stage or stage.output, found '.'",
      ])
  }

  @Test func cycles() {
    expect(
      Self.recipe(
        """
        a: {kind: train, inputs: {model: §b, problems: puzzles}}
        b: {kind: train, inputs: {model: c.model, problems: puzzles}}
        c: {kind: train, inputs: {problems: puzzles, model: a}}
        alone: {kind: train, inputs: {model: base, teacher: §alone, problems: puzzles}}
        behind: {kind: train, inputs: {model: a, problems: puzzles}}
        """),
      [
        "stages need each other in a cycle: a -> b -> c -> a",
        "stages need each other in a cycle: alone -> alone",
      ])
  }

  @Test func axes() {
    expect(
      Self.recipe(
        """
        n: {kind: note, params: {text: §"${a}${}"}}
        """,
        axes: "a: [1, §[2]], b: §[], c: [1], §D: [x, §x, 1, §1.0, §'1', §.inf], e: §"
      ),
      [
        "expected a string, a finite number or a boolean, found a list",
        "the axis 'b' has no values",
        "the name of an axis is made of lower-case letters, digits, '_' and '-', not 'D'",
        "the axis 'D' has the value x twice", "the axis 'D' has the value 1.0 twice",
        "the axis 'D' has the value 1 twice",
        "expected a string, a finite number or a boolean, found inf",
        "the axis 'e' has no values", "unknown axis ''; choose from a, b, c, D, e",
      ])
  }

  @Test func unusedAxes() {
    expect(
      Self.recipe("n: {kind: note, params: {text: \"${a}\"}}", axes: "a: [x, y], §b: [1]"),
      [
        "nothing uses axis 'b'; write ${b} in a parameter or an input, or remove the axis"
      ])
    expect(
      Self.recipe("n: {kind: note, params: {text: §\"${sed}\"}}", axes: "seed: [1]"),
      ["unknown axis 'sed'; did you mean 'seed'?"])
    expect(
      Self.recipe("n: {kind: note, params: {text: §\"x${seed\"}}", axes: "seed: [1]"),
      ["'${' is not closed by '}'; write '$${' for the characters themselves"])
  }

  @Test func mistakesAtSomePointsOnly() {
    expect(
      Self.recipe(
        """
        t:
          kind: train
          inputs: {model: §§"${start}", problems: puzzles}
          params: {epochs: §"${n}", seed: §"${start}", learning_rate: "${n}"}
        """, axes: "start: [base, bass, split], n: [0, 1, 2]"),
      [
        "unknown stage 'bass' (at start=bass); did you mean 'base'?",
        "input 'model' of 't' takes Model, but 'split' is Problems (at start=split)",
        "'epochs' must be between 1 and 1000, found 0 (at start=base, n=0 and 2 more)",
        "expected an integer, found 'base'",
      ])
  }

  @Test func pointSelectors() {
    expect(
      Self.recipe(
        "n: {kind: note, params: {text: \"${a}${b}\"}}", axes: "a: [x, y], b: [1, 2]",
        rest: """
          exclude: [{a: §z}, {§c: 1}, §3, {b: [2, §7]}]
          include: {a: x}
          """),
      [
        "the axis 'a' has no value 'z'; choose from x, y", "unknown axis 'c'; choose from a, b",
        "expected axis: value, such as {seed: 1}, found 3",
        "the axis 'b' has no value '7'; choose from 1, 2",
      ])
    expect(
      Self.recipe(
        "§n: {kind: note, params: {text: \"${a}\"}}", axes: "a: [x, y]",
        rest: "exclude: [{a: [x, y]}]"),
      ["'include' and 'exclude' leave no point of 'n'"])
  }

  @Test func tooManyPoints() {
    let values = (1...30).map(String.init).joined(separator: ", ")
    let axes = ["a", "b", "c"].map { "\($0): [\(values)]" }.joined(separator: ", ")
    expect(
      Self.recipe("§n: {kind: note, params: {text: \"${a}${b}${c}\"}}", axes: axes),
      [
        "'n' would run more than 10000 times, once for each point of a, b, c; shorten the axes"
      ])
  }
}
