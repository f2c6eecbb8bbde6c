import ArgumentParser
import Base
import Foundation
import Runner
import Stages

/// `warmup replay RECIPE INSTANCE`.
struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Train by another engine on the completions of a training, and compare.",
    discussion: """
      Takes the completions and rewards of a finished rlvr, does its updates over again with this \
      program, or with TRL where this program had done them, and says in which step gradients differ \
      and how far apart the weights are at the end: whether both mean the same by the loss. Ends with 1 \
      where rounding does not explain the distance. Writes nothing.
      """)

  @OptionGroup var options: RecipeOptions

  @Argument(help: "The training, such as tuned[seed=1].")
  var instance: String

  @Option(
    help: "Who does the updates over again: native or trl. (default: the one that did not)")
  var by: TrainingBackend?

  @OptionGroup var site: SiteOptions

  @Option(help: "How many threads may be used.")
  var threads = ProcessInfo.processInfo.activeProcessorCount

  @Flag(help: "Print every step.")
  var steps = false

  func validate() throws {
    guard threads >= 1 else { throw ValidationError("--threads must be at least 1") }
  }

  func run() throws {
    let interruption = Interruption()
    SignalHandling.install(interruption)
    let workspace = try Workspace(options)
    let (item, _) = try workspace.artifact(of: instance)
    let replay: RolloutReplay
    do {
      replay = try RolloutReplay(
        of: item, in: workspace.findings(), by: by, site: site.site, threads: threads,
        interruption: interruption)
    } catch is InterruptedError {
      throw ExitCode(130)
    }
    if steps { try StandardOutput.write(Self.table(replay)) }
    let count = replay.steps.count == 1 ? "1 step" : "\(replay.steps.count) steps"
    let difference = String(format: "%.1e", replay.difference)
    try StandardOutput.write(
      "After \(count) weights differ by \(difference) of their movement from a "
        + "\(replay.engine == .native ? "native replay" : "replay by TRL").\n")
    if let first = replay.firstDifference {
      try StandardOutput.write(
        "Gradient norms differ from step \(first.step) on: "
          + "\(first.gradientNorm.logged.formatted(decimals: 6)) logged, "
          + "\(first.gradientNorm.replayed.formatted(decimals: 6)) replayed.\n")
    }
    if !replay.isWithinBound { throw ExitCode(1) }
  }

  private static func table(_ replay: RolloutReplay) -> String {
    let head = ["step", "loss", "replayed", "grad_norm", "replayed"]
    let rows = replay.steps.map { step in
      ["\(step.step)"]
        + [
          step.loss.logged, step.loss.replayed, step.gradientNorm.logged,
          step.gradientNorm.replayed,
        ]
        .map { $0.formatted(decimals: 6) }
    }
    return AlignedText.lines([head] + rows) { _ in true }.joined(separator: "\n") + "\n"
  }
}
