import Base
import Foundation
import OrderedCollections
import Runner
import TestSupport
import Testing

/// Runs of one recipe that were asked for at different values of axes.
@Suite struct RecipeRunsTests {
  private let project: FakeProject
  private let file: URL

  init() throws {
    project = try FakeProject()
    file = project.folder.file("runs.yaml")
    try write("[1, 2, 3]")
  }

  private func write(_ seeds: String) throws {
    let text = """
      version: 1
      name: runs
      axes: {seed: \(seeds), rate: [0.5]}
      stages:
        numbers: {kind: fake_source}
        trained: {kind: pack_model, inputs: {numbers: numbers}, params: {seed: "${seed}"}}
        scores: {kind: pack_scores, inputs: {model: trained}, params: {template: "at ${rate}"}}

      """
    try Data(text.utf8).write(to: file)
  }

  private func asked(_ overrides: String...) throws -> Recipe {
    try Recipe.load(file, overrides: overrides, registry: PackFixture.registry)
  }

  private var lock: RecipeLock {
    get throws { try RecipeLock(recipeFolder: project.recipeFolder) }
  }

  private func runs(_ recipe: Recipe) throws -> RecipeRuns {
    RecipeRuns(recipe, lock: try lock, registry: PackFixture.registry)
  }

  /// Runs and says what the report is of.
  private func run(_ overrides: String...) throws -> (seeds: [Int?], overrides: [String]) {
    let recipe = try Recipe.load(file, overrides: overrides, registry: PackFixture.registry)
    let runs = try runs(recipe)
    let summary = try project.executor(others: runs.others).run(project.plan(recipe.instances))
    #expect(summary.exitCode == 0)
    let reported = runs.reported(try lock)
    return (reported.axes["seed"]?.map(\.integer) ?? [], reported.overrides)
  }

  private var locked: [Int] {
    get throws {
      try lock.keys.keys.filter { $0.hasPrefix("trained") }
        .compactMap { Int($0.dropFirst(13).dropLast()) }.sorted()
    }
  }

  @Test func aReportCoversWhatOtherRunsMade() throws {
    #expect(try run("axes.seed=[1]").seeds == [1], "nobody made the others")
    let second = try run("axes.seed=[2]", "axes.rate=[0.25]")
    #expect(second.seeds == [1, 2])
    #expect(try locked == [1, 2])
    let third = try run("axes.seed=[3]")
    #expect(third.seeds == [1, 2, 3])
    let words = try runs(asked("axes.seed=[3]")).furtherValues(of: runs(asked()).reported(lock))
    #expect(words.prefix(2) == ["seed=1", "seed=2"])
  }

  /// As if it had been run at once.
  @Test func jobsForAllValuesEndAsOneRun() throws {
    for seed in 1...3 { #expect(try run("axes.seed=[\(seed)]").seeds == Array(1...seed)) }
    let text = try String(
      contentsOf: project.recipeFolder.appending(path: "lock.json"), encoding: .utf8)
    #expect(try run("axes.seed=[2]").overrides == [])
    #expect(try run().seeds == [1, 2, 3])
    #expect(
      try String(contentsOf: project.recipeFolder.appending(path: "lock.json"), encoding: .utf8)
        == text)
  }

  @Test func valuesBeyondTheFileStayAndThoseTakenOutOfItGo() throws {
    #expect(try run().seeds == [1, 2, 3])
    #expect(try run("axes.seed=[7]").seeds == [1, 2, 3, 7])
    #expect(try lock.axes == ["seed": [7]])
    try write("[1, 2]")
    #expect(try run("axes.seed=[1]").seeds == [1, 2, 7])
    #expect(try locked == [1, 2, 3, 7], "a part cannot know what the recipe asks for")
    #expect(try run().seeds == [1, 2, 7])
    #expect(try locked == [1, 2, 7])
    let runs = try runs(asked())
    #expect(runs.whole.axes["seed"] == [1, 2, 7])
  }

  @Test func aRecipeWithoutOtherRunsIsAsItWasAskedFor() throws {
    let recipe = try asked("stages.numbers.params.value=3")
    let reported = try runs(recipe).reported(lock)
    #expect(reported.overrides == recipe.overrides && reported.axes == recipe.axes)
  }
}
