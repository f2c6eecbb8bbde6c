import ArgumentParser
import Base
import Foundation
import Reports
import Runner

/// `warmup compare A B`.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compare two runs: parameters, numbers, and the problems whose verdict changed.")

  @Argument(help: "A recipe, a packed file, or a folder of results such as results/quickstart.")
  var first: String

  @Argument(help: "Another recipe, packed file or folder of results.")
  var second: String

  @Option(
    help: "The folder of the cache of runs that are named by a recipe.", completion: .directory)
  var results = "results"

  @Option(help: "How many flips of each direction to show of an evaluation.")
  var flips = 5

  @Flag(help: "Print JSON.")
  var json = false

  @Option(help: "Also write a page with a browser of both runs' completions.")
  var html: String?

  func validate() throws {
    if flips < 0 { throw ValidationError("--flips needs 0 or more") }
  }

  func run() throws {
    let comparison = try RunComparison(run(named: first), run(named: second))
    if let html {
      try AtomicFile.write(ComparisonPage(comparison).html, to: URL(fileURLWithPath: html))
      StandardOutput.writeError("Page: \(html)\n")
    }
    if json { return try StandardOutput.writeJSON(comparison.json.prettyText) }
    try StandardOutput.write(ComparisonText(comparison, flipLimit: flips).text)
  }

  /// A folder is read as it is; whatever else stands in a recipe's place goes the recipe's way.
  private func run(named path: String) throws -> ComparedRun {
    let url = URL(fileURLWithPath: path)
    guard (try? url.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true else {
      let workspace = try Workspace(try RecipeOptions.parse([path, "--results", results]))
      return ComparedRun(name: workspace.recipe.name, plan: try workspace.findings())
    }
    do {
      return try ComparedRun(resultsFolder: url)
    } catch let error as ComparisonError {
      throw ValidationError(error.description)
    }
  }
}
