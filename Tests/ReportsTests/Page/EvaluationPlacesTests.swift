import Base
import OrderedCollections
import Reports
import Runner
import Testing

extension ReportFixture {
  /// Adds an instance of which nothing is done.
  fileprivate mutating func plan(
    _ stage: String, _ point: AxisPoint = [:], _ kind: String, _ inputs: [(String, String)] = [],
    outputs: [String] = ["model"], parameters: JSONValue = [:]
  ) {
    add(stage, point, nil, kind: kind, inputs: inputs, outputs: outputs, parameters: parameters)
  }
}

@Suite struct EvaluationPlacesTests {
  /// Two arms on two benchmarks with two seeds, and a control arm whose reward is random.
  static var arms: ReportFixture {
    var plan = ReportFixture()
    plan.plan("base", [:], "pretrained_model")
    for domain in ["math", "code"] {
      plan.plan("test_\(domain)", [:], "dataset", outputs: ["problems"])
      for (arm, reward) in [("tuned", "verifier"), ("control", "random")] {
        for seed in [1, 2] {
          plan.plan(
            arm, ["domain": .string(domain), "seed": .integer(seed)], "rlvr",
            [("model", "base"), ("problems", "train_\(domain)/problems")],
            parameters: [
              "loss": ["clip": 0.2], "reward": .string(reward), "seed": .integer(seed),
            ])
        }
      }
    }
    for arm in ["base", "tuned", "control"] {
      for domain in ["math", "code"] {
        for seed in [1, 2] {
          let model = arm == "base" ? "base" : "\(arm)[domain=\(domain),seed=\(seed)]"
          plan.plan(
            "scores", ["arm": .string(arm), "domain": .string(domain), "seed": .integer(seed)],
            "evaluate", [("model", model), ("problems", "test_\(domain)/problems")],
            outputs: ["scores"])
        }
      }
    }
    return plan
  }

  @Test func axesTellArmsBenchmarksAndRunsApart() {
    let places = EvaluationPlaces(Self.arms.data, runAxes: ["seed"])
    #expect(places.arms == ["base", "tuned", "control"])
    #expect(places.benchmarks == ["math", "code"])
    #expect(places.runs == ["seed=1", "seed=2"])
    #expect(places.places.count == 12)
  }

  @Test func withoutAxesStagesGiveTheNames() {
    var plan = ReportFixture()
    for model in ["base", "tuned"] {
      plan.plan(
        "scores_\(model)", [:], "evaluate", [("model", model), ("problems", "math500/problems")],
        outputs: ["scores"])
    }
    let places = EvaluationPlaces(plan.data, runAxes: [])
    #expect(places.arms == ["base", "tuned"])
    #expect(places.benchmarks == ["math500"])
    #expect(places.runs == [""])
  }

  /// Greedy and sampled scores of one arm on the same problems are not one measurement.
  @Test func stagesThatMeasureTheSameAreKeptApart() {
    var plan = ReportFixture()
    for stage in ["greedy", "sampled"] {
      plan.plan(
        stage, [:], "evaluate", [("model", "base"), ("problems", "math500/problems")],
        outputs: ["scores"])
    }
    let places = EvaluationPlaces(plan.data, runAxes: [])
    #expect(places.arms == ["base"])
    #expect(places.benchmarks == ["math500 · greedy", "math500 · sampled"])
  }

  @Test func anArmIsTheStagesThatLeadToItWithWhatDiffers() throws {
    let plan = Self.arms.data
    let lineages = ArmLineage.all(of: EvaluationPlaces(plan, runAxes: ["seed"]), in: plan)
    #expect(lineages.map(\.arm) == ["base", "tuned", "control"])
    #expect(
      lineages.map { $0.steps.map(\.stageName) } == [
        ["base"], ["base", "tuned"], ["base", "control"],
      ])
    let step = try #require(lineages[2].steps.last)
    // Seeds tell runs apart, the clip is the same in all: the reward alone makes the arm.
    #expect(step.differing.map { "\($0.path)=\($0.value)" } == ["reward=random"])
    #expect(step.materials == ["train_math.problems", "train_code.problems"])
    #expect(lineages[2].steps[0].differing.isEmpty)
  }

  /// Of the models that a stage chose from, the lineage leads through the one that it chose.
  @Test func aChosenModelIsTheOneThatWasChosen() throws {
    var plan = ReportFixture()
    for step in [50, 100] {
      plan.add(
        "tuned.at", ["step": .integer(step)], [:], kind: "kept", inputs: [("model", "tuned")],
        outputs: ["model"], parameters: ["step": .integer(step)])
    }
    plan.add(
      "chosen", [:], ["step": .number(100)], kind: "select",
      inputs: [
        ("model[step=50]", "tuned.at[step=50]/model"),
        ("model[step=100]", "tuned.at[step=100]/model"), ("on", "validation/problems"),
      ], outputs: ["model"], parameters: [:])
    plan.add(
      "scores", [:], [:], inputs: [("model", "chosen"), ("problems", "math500/problems")])
    let data = plan.data
    let scores = try #require(data["scores"])
    #expect(data.models(behind: scores).map(\.name) == ["tuned", "tuned.at[step=100]", "chosen"])
    let lineages = ArmLineage.all(of: EvaluationPlaces(data, runAxes: []), in: data)
    #expect(lineages.map { $0.steps.map(\.materials) } == [[[], [], ["validation.problems"]]])
  }

  @Test func armsThatCameAboutAlikeAreNamedTogether() {
    func names(_ arms: String...) -> [String?] {
      let (name, variants) = ArmsSection.names(of: arms)
      return [name, variants]
    }
    #expect(names("base") == ["base", nil])
    #expect(names("base · size=8", "base · size=16") == ["base", "size=8, size=16"])
    #expect(names("base · 8 · long", "base · 16 · long") == ["base · long", "8, 16"])
    #expect(names("first", "second") == ["first, second", nil])
  }
}
