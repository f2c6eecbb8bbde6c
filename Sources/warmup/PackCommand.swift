import ArgumentParser
import Foundation
import Runner
import Stages

/// `warmup pack RECIPE`.
struct PackCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pack",
    abstract: "Write a recipe with its results into one file, for others to report and rerun.",
    discussion: """
      The file is HDF5. It holds the recipe with the files that it names, the lock, every result \
      with its record, and the tables. Models are left out unless they are asked for.
      """)

  @OptionGroup var options: RecipeOptions

  @Option(
    name: .shortAndLong, help: "The file to write. (default: <name of the recipe>.warmup.h5)",
    completion: .file(extensions: ["h5"]))
  var output: String?

  @Flag(help: "Take the models along.")
  var models = false

  @Flag(help: "Leave out the texts of problems, prompts and answers; their SHA-256 stay.")
  var withoutTexts = false

  func run() throws {
    let workspace = try Workspace(options)
    if let packed = workspace.packed {
      throw ValidationError("\(packed.file.relativePath) is packed already; name a recipe")
    }
    let destination = URL(fileURLWithPath: output ?? "\(workspace.recipe.name).warmup.h5")
    guard !["yaml", "yml"].contains(destination.pathExtension) else {
      throw ValidationError("-o names a recipe, which packing must not overwrite; end it in .h5")
    }
    let plan = try workspace.plan()
    let contents = PackContents(
      recipe: workspace.recipe, plan: plan, report: workspace.report(plan.results),
      cache: workspace.cache,
      options: .init(
        leftOutTypes: models ? [] : [.model], texts: withoutTexts ? .standard : nil,
        tablelessTypes: [.model]))
    try contents.write(to: destination, programVersion: Warmup.configuration.version)
    StandardOutput.writeError(try summary(contents, plan, destination))
  }

  private func summary(
    _ contents: PackContents, _ plan: Plan, _ destination: URL
  ) throws -> String {
    let bytes = try destination.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
    let missing = contents.missing
    let total = plan.items.count
    var text = "Packed \(total - missing.count) of \(total) instances into "
    text += "\(destination.relativePath): \(bytes.formatted(.byteCount(style: .file)))\n"
    if contents.leftOutCount > 0 {
      let models = contents.leftOutCount == 1 ? "1 model" : "\(contents.leftOutCount) models"
      text += "Left out: \(models); --models takes them along\n"
    }
    if !missing.isEmpty { text += "Not done yet: \(missing.joined(separator: ", "))\n" }
    return text
  }
}
