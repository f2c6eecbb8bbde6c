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
      the files that recipes name. Changes nothing. Exits with 1 where something is there and \
      wrong, such as a benchmark file with another content than a recipe pins.
      """)

  @Argument(
    help: "Recipes whose files to look for; all below ./experiments if none is named.",
    completion: .file(extensions: ["yaml", "yml"]))
  var recipes: [String] = []

  @Option(help: "The folder of the cache and of what runs write.", completion: .directory)
  var results = "results"

  @Flag(help: "Print JSON: the findings of each section.")
  var json = false

  func run() throws {
    let named = recipes.map { URL(fileURLWithPath: $0) }
    let report = DoctorReport(
      DoctorSurroundings(
        recipes: named.isEmpty ? Self.experiments : named,
        results: URL(fileURLWithPath: results)))
    if json {
      try StandardOutput.writeJSON(report.json.prettyText)
    } else {
      try StandardOutput.write(report.text)
    }
    if report.somethingIsWrong { throw ExitCode(1) }
  }

  /// Every recipe below `experiments` in the current folder, in the order of their paths.
  private static var experiments: [URL] {
    RecipeFolder.below(URL(fileURLWithPath: "experiments"))
  }
}
