import ArgumentParser
import Foundation
import Runner
import Stages

/// What every command that reads a recipe takes.
struct RecipeOptions: ParsableArguments {
  @Argument(help: "The recipe, a YAML file.", completion: .file(extensions: ["yaml", "yml"]))
  var recipe: String

  @Option(help: "The folder of the cache and of what runs write.", completion: .directory)
  var results = "results"

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp(
      "Override a value, such as stages.warmed.params.epochs=2. May be repeated.",
      valueName: "path=value"))
  var overrides: [String] = []

  var recipeURL: URL { URL(fileURLWithPath: recipe) }
  var resultsURL: URL { URL(fileURLWithPath: results) }

  /// Reads and checks the recipe.
  func load() throws -> Recipe {
    try Recipe.load(recipeURL, overrides: overrides, registry: .standard)
  }

  /// Relative paths of a recipe are looked up in WARMUP_DATA, beside the recipe, and here.
  var environment: StageEnvironment {
    var searchPaths: [URL] = []
    if let data = ProcessInfo.processInfo.environment["WARMUP_DATA"], !data.isEmpty {
      searchPaths.append(URL(fileURLWithPath: data))
    }
    searchPaths.append(recipeURL.deletingLastPathComponent())
    let current = URL(fileURLWithPath: FileManager.default.currentDirectoryPath)
    if current.path != searchPaths.last?.path { searchPaths.append(current) }
    return StageEnvironment(
      searchPaths: searchPaths, downloads: resultsURL.appending(path: "cache/downloads"))
  }
}
