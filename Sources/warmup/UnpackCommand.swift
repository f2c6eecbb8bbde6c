import ArgumentParser
import Foundation
import Runner
import Stages

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
    let plan = experiment.plan(recipe.instances)
    try Workspace.report(of: recipe, plan.results).write(to: folder)
    let missing = plan.count(.toRun)
    let gap = missing == 0 ? "" : ", \(missing) were not done when it was packed"
    StandardOutput.writeError(
      "Unpacked \(plan.count(.cached)) of \(plan.items.count) instances\(gap)\n"
        + "Report: \(folder.appending(path: "report.html").relativePath)\n")
  }

  private var defaultFolder: String {
    let name = URL(fileURLWithPath: file).lastPathComponent
    for ending in [".warmup.h5", ".h5"] where name.hasSuffix(ending) && name != ending {
      return String(name.dropLast(ending.count))
    }
    return name + "-unpacked"
  }
}
