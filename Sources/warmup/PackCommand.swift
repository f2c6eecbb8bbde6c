import ArgumentParser
import Base
import Foundation
import Reports
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
    let registration = try workspace.lockedRegistration()
    let report = RecipeReport(workspace.recipe, plan, registration: registration)
    let contents = PackContents(
      recipe: workspace.recipe, plan: plan, cache: workspace.cache,
      options: .init(
        leftOutTypes: models ? [] : [.model], texts: withoutTexts ? .standard : nil,
        tablelessTypes: [.model]),
      registration: registration
    ) { report.tableParts().compactMap(\.content).map { ($0.name, $0.csv) } }
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
    let stopped = Set(plan.items.filter { $0.state == .stopped }.map(\.name))
    let open = missing.filter { !stopped.contains($0) }
    if !open.isEmpty { text += "Not done yet: \(open.joined(separator: ", "))\n" }
    if !stopped.isEmpty { text += "Stopped by gates: \(stopped.count) instances\n" }
    if !contents.ambiguous.isEmpty {
      text += "An older version made \(contents.ambiguous.joined(separator: ", ")) and did not "
      text += "note from which completions: all in the cache that may be theirs are packed\n"
    }
    return text
  }
}

/// `warmup unpack FILE`.
struct UnpackCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unpack",
    abstract: "Lay a packed file out in a folder: recipe, lock, results, tables, figures, report.")

  @Argument(help: "The packed file.", completion: .file(extensions: ["h5"]))
  var file: String

  @Option(
    name: .shortAndLong, help: "A new folder. (default: the file's name without .warmup.h5)",
    completion: .directory)
  var output: String?

  func run() throws {
    let packed = try PackedFile(checking: URL(fileURLWithPath: file))
    let folder = URL(fileURLWithPath: output ?? defaultFolder)
    let experiment = try packed.unpack(to: folder)
    let recipe = try experiment.recipe(registry: .standard)
    let plan = experiment.plan(recipe.instances, values: ResultTables().values)
    let report = RecipeReport(recipe, plan, registration: experiment.lock.registration)
    let failures = try report.write(to: folder).failures
    let missing = plan.count(.toRun)
    let stopped = plan.count(.stopped)
    let gap =
      (missing == 0 ? "" : ", \(missing) were not done when it was packed")
      + (stopped == 0 ? "" : ", \(stopped) stopped by gates")
    StandardOutput.writeError(
      "Unpacked \(plan.count(.cached)) of \(plan.items.count) instances\(gap)\n"
        + "Report: \(folder.appending(path: "report.html").relativePath)\n")
    for failure in failures { StandardOutput.writeError("\(failure)\n") }
    if !failures.isEmpty { throw ExitCode(1) }
  }

  private var defaultFolder: String {
    let name = URL(fileURLWithPath: file).lastPathComponent
    for ending in [".warmup.h5", ".h5"] where name.hasSuffix(ending) && name != ending {
      return String(name.dropLast(ending.count))
    }
    return name + "-unpacked"
  }
}
