import ArgumentParser
import Base
import Foundation
import Runner

/// `warmup cluster-trial FOLDER NAME`: what a job of `doctor --executor slurm` runs.
struct ClusterTrialCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cluster-trial",
    abstract: "Look at a folder and its locks from a node. 'doctor --executor slurm' starts this.",
    shouldDisplay: false)

  @Argument(help: "The folder of the trial.", completion: .directory)
  var folder: String

  @Argument(help: "Which of the two jobs this is, a or b.")
  var name: String

  func validate() throws {
    guard ["a", "b"].contains(name) else { throw ValidationError("the name must be a or b") }
  }

  func run() throws { try TrialNode.run(in: URL(fileURLWithPath: folder), as: name) }
}
