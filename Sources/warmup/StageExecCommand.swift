import ArgumentParser
import Base
import Foundation
import Runner
import Stages

/// `warmup stage-exec REQUEST`, for executors: what a job runs.
struct StageExecCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stage-exec",
    abstract: "Run what a request asks for. Executors start this; people use 'run'.",
    discussion: """
      A request is a file that 'run' writes for an executor: the parameters, the key, what it is made \
      from, with digests. The recipe is never read. The key is worked out anew, and whatever differs \
      is refused: another version of a kind, another input, one that is missing.
      Ends with 0 when the result is in the cache, with 75 when it stopped at a checkpoint (SIGTERM, \
      SIGINT, SIGUSR1 and SIGUSR2 ask for that), else with 1. How it ended is said in exit.json beside \
      the request, too.
      """,
    shouldDisplay: false)

  @Argument(help: "The request, a JSON file.", completion: .file(extensions: ["json"]))
  var request: String

  @Option(help: "How many threads it may use. (default: as many as it was given)")
  var threads: Int?

  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads must be at least 1") }
  }

  func run() throws {
    let interruption = Interruption()
    SignalHandling.install(interruption) {
      StandardOutput.writeError("Asked to stop; finishing the step.\n")
    }
    let environment = ProcessInfo.processInfo.environment
    let job = environment["SLURM_JOB_ID"]
    let given = job == nil ? nil : environment["SLURM_CPUS_ON_NODE"].flatMap(Int.init)
    let run = RequestRun(
      URL(fileURLWithPath: request), registry: .standard,
      threads: threads ?? given ?? ProcessInfo.processInfo.activeProcessorCount,
      interruption: interruption, display: PlainProgress(interval: 60),
      versions: ["warmup": Warmup.configuration.version], job: job)
    let exit = try run.run()
    if !exit.sentence.isEmpty { StandardOutput.writeError("warmup: \(exit.sentence)\n") }
    // What waits for the job then waits on, and needs no driver. An allocation that somebody works in
    // is no job of a run.
    let isOurs = environment["SLURM_JOB_NAME"].map(SlurmLedger.isJobName) ?? false
    if let job, isOurs, exit.mayGoOn, SlurmCommands().requeueIfRunning(job) {
      StandardOutput.writeError("Job \(job) is queued again.\n")
    }
    if exit.code != 0 { throw ExitCode(exit.code) }
  }
}
