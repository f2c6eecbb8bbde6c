import ArgumentParser
import Base
import Runner
import Stages

/// `warmup report RECIPE`.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Write tables, figures and the report from what is done, without running anything.",
    discussion: """
      A report that rests on more finished results than there are now is left as it is, unless \
      --overwrite is given.
      """)

  @OptionGroup var options: RecipeOptions

  @Flag(help: "Replace the report that is there, even if it rests on more.")
  var overwrite = false

  func run() throws {
    let workspace = try Workspace(options)
    let plan = try workspace.findings()
    if !overwrite, let kept = workspace.keptReport(try workspace.reportBasis(), against: plan) {
      throw kept
    }
    if plan.results.isEmpty {
      StandardOutput.writeError("Nothing is done yet; 'warmup run \(options.recipe)' begins.\n")
    }
    if !(try workspace.writeReport(of: plan)) { throw ExitCode(1) }
  }
}

/// `warmup schema`.
struct SchemaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema",
    abstract: "Print the JSON Schema of recipes, for editors and validators.")

  func run() throws {
    StandardOutput.write(RecipeSchema.json(for: .standard).prettyText)
  }
}

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
