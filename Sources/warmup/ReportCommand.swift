import ArgumentParser
import Runner

/// `warmup report RECIPE`.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Write tables, figures and the report from what is done, without running anything.")

  @OptionGroup var options: RecipeOptions

  func run() throws {
    let workspace = try Workspace(options)
    let results = try workspace.findings().results
    if results.isEmpty {
      StandardOutput.writeError("Nothing is done yet; 'warmup run \(options.recipe)' begins.\n")
    }
    try workspace.writeReport(results)
  }
}
