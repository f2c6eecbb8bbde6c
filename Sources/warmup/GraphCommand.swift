import ArgumentParser
import Reports
import Runner
import Stages

/// `warmup graph RECIPE`.
struct GraphCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "graph",
    abstract: "Show the stages of a recipe and what they read of each other.",
    discussion: "A stage that runs at several points of axes stands there once, with their number.")

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, mermaid, svg
  }

  @OptionGroup var options: RecipeOptions

  @Option(help: "As lines of text, as a Mermaid flowchart, or drawn as SVG.")
  var format: Format = .text

  func run() throws {
    let graph = RecipeGraph(try Workspace(options).recipe)
    switch format {
    case .text: try StandardOutput.write(graph.text)
    case .mermaid: try StandardOutput.write(graph.mermaid)
    case .svg: try StandardOutput.write(graph.svg)
    }
  }
}
