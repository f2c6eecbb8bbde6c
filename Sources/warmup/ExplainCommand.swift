import ArgumentParser
import Base
import Runner

/// `warmup explain RECIPE 'stage[axis=value,…]'`.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Show why an instance would run or is cached, and what runs again because of it.",
    discussion: """
      Compares the instance with its last result, or else with the result of the same kind in the \
      cache that differs least: each field of the key from what to what, and for each input what \
      changed in turn in what it is made from. Then it lists what is made from the instance and \
      would run, and how long that took last time. Nothing runs.
      """)

  @OptionGroup var options: RecipeOptions

  @Argument(help: "The instance, such as 'tuned[start=warmed,seed=2]'.")
  var instance: String

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let workspace = try Workspace(options)
    let plan = try workspace.plan()
    let explanation = Explanation(
      try workspace.instance(instance, in: plan), in: plan, cache: workspace.cache,
      previous: try RecipeLock(recipeFolder: workspace.folder).keys)
    if json {
      try StandardOutput.writeJSON(explanation.json.prettyText)
    } else {
      try StandardOutput.write(explanation.text)
    }
  }
}
