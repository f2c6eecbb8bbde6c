import ArgumentParser
import Foundation
import Runner
import Stages

/// What every command that reads a recipe takes.
struct RecipeOptions: ParsableArguments {
  @Argument(
    help: "The recipe, a YAML file, or a packed file.",
    completion: .file(extensions: ["yaml", "yml", "h5"]))
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

  /// The packed file, where one stands in the recipe's place.
  func openPack() throws -> OpenedPack? {
    guard PackedFile.isPacked(recipeURL) else { return nil }
    return try PackedFile(checking: recipeURL).opened()
  }

  /// Where the recipe's files are.
  var environment: StageEnvironment { StageEnvironment(recipe: recipeURL, results: resultsURL) }
}
