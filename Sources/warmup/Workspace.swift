import ArgumentParser
import Foundation
import Runner
import Stages

/// A recipe with the folder of its results: what every command works on.
struct Workspace {
  let recipe: Recipe
  let cache: Cache
  /// `results/<recipe>`.
  let folder: URL
  let environment: StageEnvironment
  /// What the recipe was packed with, where it comes from a packed file.
  let packed: OpenedPack?
  /// Whether the command line changes a packed recipe.
  private let isChanged: Bool

  init(_ options: RecipeOptions) throws {
    packed = try options.openPack()
    isChanged = !options.overrides.isEmpty
    recipe =
      try packed?.experiment.recipe(overrides: options.overrides, registry: .standard)
      ?? options.load()
    cache = Cache(folder: options.resultsURL.appending(path: "cache"))
    folder = options.resultsURL.appending(path: recipe.name)
    environment = options.environment
  }

  /// What a run would do. The run itself carries out the same value.
  func plan() throws -> Plan {
    let lock = try RecipeLock(recipeFolder: folder)
    return Planner(
      cache: cache, environment: environment, previous: lock.keys, packed: packed?.experiment
    ).plan(recipe.instances)
  }

  /// What is done, to be shown. A packed file shows what it holds, whatever the cache has.
  func findings() throws -> Plan {
    guard let packed else { return try plan() }
    if isChanged {
      let file = packed.file.relativePath
      throw ValidationError(
        "--set cannot change what a packed file holds; 'warmup run \(file) --set …' runs the "
          + "changed recipe")
    }
    return packed.experiment.plan(recipe.instances)
  }

  /// Makes sure that a plan is the experiment of the lock: the packed one, or `lock.json`.
  /// - Throws: `LockError`.
  func checkLock(_ plan: Plan) throws {
    if let packed {
      try packed.experiment.lock.check(plan, path: packed.file.relativePath)
    } else {
      let path = folder.appending(path: "lock.json").relativePath
      try RecipeLock(recipeFolder: folder).check(plan, path: path)
    }
  }

  /// Takes the results of a packed file over into the cache.
  func takePacked(_ interruption: Interruption) throws {
    guard let packed else { return }
    let count = try packed.experiment.seed(cache, interruption: interruption) {
      StandardOutput.writeError("waiting, \($0)\n")
    }
    let results = count == 1 ? "1 result" : "\(count) results"
    StandardOutput.writeError("Took \(results) over from \(packed.file.relativePath)\n")
  }

  /// The tables and figures of what is done.
  func report(_ results: [InstanceResult]) -> RecipeReport { Self.report(of: recipe, results) }

  /// The tables and figures of what is done of a recipe.
  static func report(of recipe: Recipe, _ results: [InstanceResult]) -> RecipeReport {
    RecipeReport(
      recipeName: recipe.name, summary: recipe.summary, sourceText: recipe.sourceText,
      overrides: recipe.overrides, recipeFolder: recipe.file.deletingLastPathComponent(),
      axes: recipe.axes,
      tables: recipe.tables, figures: recipe.figures,
      planned: ExpectedInstance.all(of: recipe.instances), results: results)
  }

  /// Writes the report and prints its tables.
  func writeReport(_ results: [InstanceResult]) throws {
    let report = report(results)
    for table in try report.write(to: folder) {
      StandardOutput.write(table.terminalText + "\n")
    }
    StandardOutput.writeError("Report: \(folder.appending(path: "report.html").relativePath)\n")
  }
}
