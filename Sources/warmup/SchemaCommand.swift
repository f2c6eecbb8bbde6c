import ArgumentParser
import Runner
import Stages

/// `warmup schema`.
struct SchemaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema",
    abstract: "Print the JSON Schema of recipes, for editors and validators.")

  func run() throws {
    StandardOutput.write(RecipeSchema.json(for: .standard).prettyText)
  }
}
