import ArgumentParser
import Base
import Foundation
import Runner
import Stages

/// How `run` shows what it does.
enum ProgressStyle: String, ExpressibleByArgument, CaseIterable {
  case auto, plain, json
}

/// Where instances run.
enum ExecutorChoice: String, ExpressibleByArgument, CaseIterable {
  case process, slurm
}

/// How many instances run side by side.
enum JobCount: ExpressibleByArgument {
  case auto
  case number(Int)

  init?(argument: String) {
    if argument == "auto" {
      self = .auto
    } else if let number = Int(argument) {
      self = .number(number)
    } else {
      return nil
    }
  }

  var defaultValueDescription: String {
    switch self {
    case .auto: "auto"
    case .number(let number): "\(number)"
    }
  }
}

/// What commands take that run stages.
struct ExecutionOptions: ParsableArguments {
  @OptionGroup var keys: KeyOptions

  @OptionGroup var site: SiteOptions

  @Option(
    help: ArgumentHelp(
      "How many instances may run side by side, or 'auto' for as many as --threads. They share the "
        + "threads, and begin only where their memory fits. Cannot change a result.",
      valueName: "jobs"))
  var jobs = JobCount.number(1)

  @Option(
    help: ArgumentHelp(
      "Where instances run: in this process, or in jobs of Slurm, which continue without it.",
      valueName: "executor"))
  var executor = ExecutorChoice.process

  @Option(help: "How many threads stages may use. Cannot change a result.")
  var threads = ProcessInfo.processInfo.activeProcessorCount

  @Flag(help: "After a failure, continue with what does not depend on it.")
  var keepGoing = false

  @Flag(help: "Do not show progress.")
  var quiet = false

  @Option(help: "How progress is shown: auto, plain (lines of text) or json (an object per line).")
  var progress: ProgressStyle = .auto

  func validate() throws {
    guard threads >= 1 else { throw ValidationError("--threads must be at least 1") }
    if case .number(..<1) = jobs { throw ValidationError("--jobs must be at least 1, or auto") }
  }
}

extension ExecutionOptions {
  /// Looks before anything runs at what a plan needs, and says what may yet turn out too little.
  /// - Throws: why it would fail.
  func check(_ plan: Plan, _ workspace: Workspace, _ site: Site) throws {
    try Preflight.check(plan, keys.keys, site)
    try ModelRefusal.check(plan, folders: workspace.folders)
    // Jobs have other machines, but the same folder.
    let sentences = try Preflight.checkRoom(
      plan, folders: workspace.folders, threads: threads, cache: workspace.cache.folder,
      isHere: executor == .process)
    for words in sentences { StandardOutput.writeError(words + ".\n") }
  }

  /// - Parameter more: what else is told how the run goes.
  func executor(
    _ workspace: Workspace, _ plan: Plan, _ site: Site, _ interruption: Interruption,
    registration: String? = nil, others: OtherRuns = OtherRuns(), isLocked: Bool = false,
    more: [any RunDisplay] = []
  ) throws -> Executor {
    let display = more.isEmpty ? display : JoinedDisplay([display] + more)
    return Executor(
      cache: workspace.cache, recipeFolder: workspace.folder, folders: workspace.folders,
      budget: budget(plan, workspace), keys: keys.keys, site: site, keepsGoing: keepGoing,
      interruption: interruption, display: display,
      versions: ["warmup": Warmup.configuration.version], registration: registration,
      others: others, isLocked: isLocked, values: workspace.values,
      batch: try batch(workspace, site, interruption, display))
  }

  /// What has instances made elsewhere; nil for this process.
  private func batch(
    _ workspace: Workspace, _ site: Site, _ interruption: Interruption, _ display: any RunDisplay
  ) throws -> (any BatchExecutor)? {
    switch executor {
    case .process: return nil
    case .slurm:
      return SlurmExecutor(
        .init(
          recipeFolder: workspace.folder, recipe: workspace.recipe.name,
          surroundings: .init(
            program: Warmup.configuration.version, cache: workspace.cache,
            folders: workspace.folders, keys: keys.keys, site: site),
          program: try Warmup.ownFile(), interruption: interruption, display: display))
    }
  }

  private func budget(_ plan: Plan, _ workspace: Workspace) -> RunBudget {
    let count =
      switch jobs {
      case .auto: threads
      case .number(let number): number
      }
    // One at a time takes what it needs.
    let memory =
      count == 1
      ? [:] : MemoryNeed.most(of: plan, folders: workspace.folders, threads: threads)
    return RunBudget(jobs: count, threads: threads, memory: memory)
  }

  private var display: any RunDisplay {
    if quiet { return QuietDisplay() }
    switch progress {
    case .auto: return DisplayOutput.standardDisplay()
    case .plain: return PlainProgress()
    case .json: return JSONProgress()
    }
  }
}
