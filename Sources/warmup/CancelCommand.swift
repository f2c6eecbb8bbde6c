import ArgumentParser
import Base
import Foundation
import Runner

/// `warmup cancel RECIPE`.
struct CancelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cancel",
    abstract: "End the jobs that 'run --executor slurm' left with Slurm.",
    discussion: """
      Jobs that run are asked to stop and write a checkpoint first, so that a later run resumes from \
      there. Results stay.
      """)

  @OptionGroup var options: RecipeOptions

  func run() throws {
    let workspace = try Workspace(options)
    let name = SlurmLedger.jobName(ofRecipe: workspace.recipe.name)
    let count = try SlurmCancellation.cancel(jobsNamed: name, in: workspace.cache)
    StandardOutput.writeError(
      count == 0
        ? "Slurm has no jobs of \(workspace.recipe.name).\n"
        : "Cancelled \(counted(count, "job")).\n")
  }
}
