import ArgumentParser
import Base
import Foundation
import Runner
import Stages

/// `warmup doctor [RECIPE…]`.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Check that this machine can run experiments, and suggest fixes.",
    discussion: """
      Looks at the machine, the libraries, Python, the protections for model-written programs and \
      the files that recipes name. Changes nothing, but with --executor slurm submits two tiny jobs, which find \
      out whether nodes see the results folder and each other's locks. Exits with 1 where something is there and \
      wrong, such as a benchmark file with another content than a recipe pins.
      """)

  @Argument(
    help: "Recipes whose files to look for; all below ./experiments if none is named.",
    completion: .file(extensions: ["yaml", "yml"]))
  var recipes: [String] = []

  @Option(help: "The folder of the cache and of what runs write.", completion: .directory)
  var results = "results"

  @Option(
    help: ArgumentHelp(
      "Where instances are to run: in a process, or in jobs of Slurm.", valueName: "executor"))
  var executor = ExecutorChoice.process

  @OptionGroup var site: SiteOptions

  @Flag(help: "Print JSON: the findings of each section.")
  var json = false

  func run() throws {
    let named = recipes.map { URL(fileURLWithPath: $0) }
    let report = DoctorReport(
      DoctorSurroundings(
        recipes: named.isEmpty ? Self.experiments : named,
        results: URL(fileURLWithPath: results), slurm: try slurm))
    if json {
      try StandardOutput.writeJSON(report.json.prettyText)
    } else {
      try StandardOutput.write(report.text)
    }
    if report.somethingIsWrong { throw ExitCode(1) }
  }

  private var slurm: SlurmTrial? {
    get throws {
      guard executor == .slurm else { return nil }
      return SlurmTrial(
        settings: try site.site.slurm, program: try Warmup.ownFile(),
        cache: URL(fileURLWithPath: results).appending(path: "cache"))
    }
  }

  /// Every recipe below `experiments` in the current folder, in the order of their paths.
  private static var experiments: [URL] {
    RecipeFolder.below(URL(fileURLWithPath: "experiments"))
  }
}
