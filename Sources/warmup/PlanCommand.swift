import ArgumentParser
import Runner
import Stages

/// `warmup plan RECIPE`.
struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Show what a run would do with each instance, and why, without running anything.",
    discussion: """
      Below the instances it says which files and servers are missing, and how much work with \
      language models is left: tokens, floating-point operations (2 a weight and token to read, 4 \
      more to train) and the time that they take at a rate. What is not said in the recipe is \
      bounded: completions count as long as they may be.
      """)

  @OptionGroup var options: RecipeOptions

  @Option(help: "Reckon with completions of so many tokens instead of the most that they may have.")
  var tokens: Int?

  @Option(help: "Operations a second to reckon with; 5e10 a core if not given.")
  var rate: Double?

  @Flag(help: "Print JSON: an object an instance, with the work that is left of it.")
  var json = false

  func validate() throws {
    if let tokens, tokens < 1 { throw ValidationError("--tokens must be at least 1") }
    if let rate, rate <= 0 { throw ValidationError("--rate must be above 0") }
  }

  func run() throws {
    let workspace = try Workspace(options)
    let plan = try workspace.plan()
    let forecast = PlanForecast(plan, environment: workspace.environment, meanTokens: tokens)
    guard !json else { return StandardOutput.write(forecast.json(of: plan).prettyText) }
    let text = PlanForecastText(
      forecast: forecast, meanTokens: tokens, rate: rate ?? PlanForecastText.assumedRate)
    StandardOutput.write(PlanText(plan).text + text.text)
  }
}
