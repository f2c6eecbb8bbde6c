import ArgumentParser
import Runner

/// `warmup plan RECIPE`.
struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Show what a run would do with each instance, and why, without running anything.")

  @OptionGroup var options: RecipeOptions

  @Flag(help: "Print JSON: an object an instance.")
  var json = false

  func run() throws {
    let plan = try Workspace(options).plan()
    if json {
      StandardOutput.write(plan.json.prettyText)
    } else {
      StandardOutput.write(PlanText(plan).text)
    }
  }
}
