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

  init(_ options: RecipeOptions) throws {
    recipe = try options.load()
    cache = Cache(folder: options.resultsURL.appending(path: "cache"))
    folder = options.resultsURL.appending(path: recipe.name)
    environment = options.environment
  }

  /// What a run would do. The run itself carries out the same value.
  func plan() throws -> Plan {
    let lock = try RecipeLock(recipeFolder: folder)
    return Planner(cache: cache, environment: environment, previous: lock.keys)
      .plan(recipe.instances)
  }

  /// The tables and figures of what is done.
  func report(_ results: [InstanceResult]) -> RecipeReport {
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
    try report.write(to: folder)
    for table in try report.tableReports() {
      StandardOutput.write(table.terminalText + "\n")
    }
    StandardOutput.writeError("Report: \(folder.appending(path: "report.html").relativePath)\n")
  }
}
