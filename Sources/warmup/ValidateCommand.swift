import ArgumentParser
import Runner

/// `warmup validate RECIPE`.
struct ValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Check a recipe and report everything that is wrong with it at once.")

  @OptionGroup var options: RecipeOptions

  func run() throws {
    let recipe = try Workspace(options).recipe
    StandardOutput.write(
      "\(options.recipe): fine; \(recipe.stageNames.count) stages, "
        + "\(recipe.instances.count) instances\n")
  }
}
