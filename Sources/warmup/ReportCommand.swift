import ArgumentParser
import Base
import Foundation
import Reports
import Runner
import Stages

/// `warmup report RECIPE`, or `warmup report FILE FILE …`.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Write tables, figures and the report from what is done, without running anything.",
    discussion: """
      Several packed files of one recipe, such as one for each sitting or each of several people, \
      make one report, with its lock; the recipe may be named among them to include what is done \
      of it here. Only the values of axes may differ, and what is in several of them counts once.

      An existing report that covers more finished results than there are now is kept, unless \
      --overwrite is given.
      """)

  @Argument(
    help: "The recipe, a YAML file, or packed files.",
    completion: .file(extensions: ["yaml", "yml", "h5"]))
  var recipe: [String]

  @OptionGroup var place: ResultOptions

  @Option(
    name: .shortAndLong, help: "Where to write. (default: <results>/<name of the recipe>)",
    completion: .directory)
  var output: String?

  @Flag(help: "Replace the report that is there, even if it rests on more.")
  var overwrite = false

  private var outputURL: URL? { output.map { URL(fileURLWithPath: $0) } }

  func run() throws {
    let options = try recipe.map { try place.options(for: $0) }
    let isWhole = options.count == 1 ? try report(options[0]) : try joinedReport(options)
    if !isWhole { throw ExitCode(1) }
  }

  private func report(_ options: RecipeOptions) throws -> Bool {
    let asked = try Workspace(options)
    // What other runs made belongs to it, unless it is asked for as it is or for another place.
    let isShared = !overwrite && output == nil && asked.packed == nil
    let workspace = try isShared ? asked.withOtherRuns(asked.runs()) ?? asked : asked
    let plan = try workspace.findings()
    let folder = outputURL ?? workspace.folder
    if !overwrite, let kept = workspace.keptReport(try ReportBasis(reportIn: folder), against: plan)
    {
      throw kept
    }
    if plan.results.isEmpty {
      StandardOutput.writeError("Nothing is done yet; 'warmup run \(options.recipe)' begins.\n")
    }
    let isWhole = try workspace.writeReport(of: plan, to: folder)
    StandardOutput.writeError(Workspace.foreign(in: plan))
    return isWhole
  }

  private func joinedReport(_ options: [RecipeOptions]) throws -> Bool {
    let workspace = try JoinedWorkspace(options)
    let folder = outputURL ?? workspace.folder
    let plan = workspace.joined.plan
    let isAll = workspace.joined.recipe.overrides.isEmpty && plan.items.allSatisfy(\.isDone)
    if !overwrite, !isAll,
      let kept = ReportKeptError(
        try ReportBasis(reportIn: folder), against: plan, in: folder, recipe: nil)
    {
      throw kept
    }
    return try workspace.writeReport(to: folder)
  }
}

/// `warmup schema`.
struct SchemaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema",
    abstract: "Print the JSON Schema of recipes, for editors and validators.")

  func run() throws {
    try StandardOutput.write(RecipeSchema.json(for: .standard).prettyText)
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
    try StandardOutput.write(
      "\(options.recipe): fine; \(recipe.stageNames.count) stages, "
        + "\(recipe.instances.count) instances\n")
    for use in ServerUse.all(of: recipe.instances) { try StandardOutput.write("  \(use.words)\n") }
  }
}
