import Base
import Runner
import TestSupport
import Testing

/// `--only`: a part of a recipe's points.
@Suite struct PlanPartTests {
  private let recipe: Recipe
  private let project: FakeProject

  /// Two trainings for each of three seeds, and a choice among the seeds.
  init() throws {
    project = try FakeProject()
    recipe = try Recipe.parse(
      """
      version: 1
      name: parts
      axes: {seed: [1, 2, 3], rate: [0.5, 1e-3]}
      stages:
        numbers: {kind: fake_source}
        other: {kind: fake_source, params: {value: 2}}
        trained: {kind: pack_model, inputs: {numbers: numbers}, params: {seed: "${seed}"}}
        scores:
          kind: pack_scores
          inputs: {model: trained}
          params: {template: "at ${rate}"}
      """, file: project.folder.file("parts.yaml"), registry: PackFixture.registry)
  }

  private func part(_ texts: String...) throws(PlanPartError) -> PlanPart {
    try PlanPart(texts, of: recipe.axes)
  }

  private func asked(_ texts: String...) throws -> [String] {
    try project.plan(recipe.instances).only(PlanPart(texts, of: recipe.axes)).asked.map(\.name)
  }

  @Test func whatLiesAtTheValuesIsAskedForWithWhatItNeeds() throws {
    #expect(
      try asked("seed=2", "rate=0.001") == [
        "numbers", "other", "trained[seed=2]", "scores[seed=2,rate=0.001]",
      ])
    #expect(try asked("seed=1, 3").filter { $0.hasPrefix("trained") }.count == 2)
    #expect(try asked("seed=1", "seed=3") == asked("seed=1,3"))
    #expect(try asked("seed=1,2,3") == recipe.instances.map(\.name))
  }

  /// Values may hold what stands between values; blanks inside of them count.
  @Test func valuesAreComparedExactly() throws {
    let recipe = try parse(
      """
      version: 1
      name: parts
      axes: {a: ["x y", "xy", "1,2", "1", " z"], rate: [1e-06, 2]}
      stages: {m: {kind: base, params: {source: "${a} ${rate}"}}}
      """)
    func asked(_ texts: String...) throws -> [String] {
      let plan = Plan(
        items: recipe.instances.map { PlannedInstance(instance: $0, state: .toRun, reason: "") })
      return try plan.only(PlanPart(texts, of: recipe.axes)).asked.map(\.name)
    }
    #expect(try asked("a=xy", "rate=2.0") == ["m[a=xy,rate=2]"])
    #expect(try asked("a=x y", "rate=1e-6") == ["m[a=x y,rate=1e-06]"])
    #expect(try asked("a=1,2", "rate=2") == ["m[a=1,2,rate=2]"])
    #expect(try asked("a=1, xy", "rate=2") == ["m[a=xy,rate=2]", "m[a=1,rate=2]"])
    #expect(try asked("a=1,2, 1,xy", "rate=2").count == 3)
    #expect(try asked("a= z", "rate=2") == ["m[a= z,rate=2]"])
    for text in ["a=z", "a=x  y", "a=2", "rate=0.000002", "a=1.0"] {
      #expect(throws: PlanPartError.self, "\(text)") { try asked(text) }
    }
  }

  @Test func whatARecipeDoesNotHaveIsSaid() throws {
    func sentence(_ text: String) throws -> String {
      try #require(#expect(throws: PlanPartError.self) { _ = try part(text) }).description
    }
    #expect(try sentence("sed=1").contains("no axis 'sed'; did you mean 'seed'?"))
    #expect(try sentence("seed=4").contains("the axis 'seed' has no value '4'; it has 1, 2, 3"))
    #expect(try sentence("seed=").contains("has no value ''"))
    for text in ["seed", "=1"] {
      #expect(try sentence(text).contains("expected an axis with values, such as seed=1,2"))
    }
  }

  @Test func aRunLeavesTheRestAsItIs() throws {
    let whole = try project.plan(recipe.instances)
    let first = try project.executor().run(whole.only(part("seed=1")))
    #expect(first.ran == 5 && first.notAsked == 6 && first.exitCode == 0)
    #expect(first.plan.results.count == 5)
    let second = try project.executor().run(
      try project.plan(recipe.instances).only(part("seed=3")))
    #expect(second.ran == 3 && second.cached == 2 && second.notAsked == 6)
    #expect(second.plan.results.count == 8, "what is there of the rest is shown")
    let lock = try RecipeLock(recipeFolder: project.recipeFolder)
    #expect(lock.keys.count == 8)
    let plan = try project.plan(recipe.instances)
    #expect(plan.count(.toRun) == 3)
    #expect(plan.only(try part("seed=1")).withoutOthers.results.count == 5)
  }

  @Test func aLockOfMoreAllowsItsParts() throws {
    let lock = RecipeLock(try project.plan(recipe.instances))
    let part = try project.plan(recipe.instances).only(part("seed=2"))
    try lock.check(part, path: "")
    let partLock = RecipeLock(Plan(items: part.asked))
    try partLock.check(part, path: "")
    #expect(throws: LockMismatchError.self) {
      try partLock.check(project.plan(recipe.instances), path: "")
    }
  }
}
