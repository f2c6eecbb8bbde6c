import ArgumentParser
import Base
import Foundation
import Reports
import Runner
import Stages

/// `warmup run RECIPE`.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run what is not cached yet, then write tables, figures and the report.",
    discussion: """
      Ctrl-C finishes the current step, writes a checkpoint and exits; a second Ctrl-C exits at \
      once. Running again resumes from the last checkpoint, also after a crash. A run that is cut \
      short keeps an earlier report that covers more results, and marks it as out of date where the \
      recipe has changed.
      With --only seed=1,2 it runs a part, such as one sitting of several, and reports all that is \
      done of the recipe.
      """)

  @OptionGroup var options: RecipePartOptions

  @OptionGroup var execution: ExecutionOptions

  @OptionGroup var views: ViewOptions

  @Flag(help: "Run only the experiment of lock.json, or of the packed file; else say what differs.")
  var locked = false

  @Flag(help: "Replace the report that is there, even if it rests on more.")
  var overwrite = false

  @Flag(help: "Only show what would run, as 'warmup plan' does.")
  var dryRun = false

  func run() throws {
    let workspace = try Workspace(options)
    let interruption = Interruption()
    let isBatch = execution.executor != .process
    SignalHandling.install(interruption) {
      StandardOutput.writeError(
        isBatch
          ? "\nLeaving; jobs stay.\n"
          : "\nFinishing the step; press Ctrl-C again to leave at once.\n")
    }
    let site = try execution.site.site
    let plan = try workspace.plan()
    if dryRun {
      if locked { try workspace.checkLock(plan, workspace.runs()) }
      return try PlanCommand.show(plan, of: workspace, keys: execution.keys.keys, site: site)
    }
    let runs = try workspace.runs()
    if locked { try workspace.checkLock(plan, runs) }
    try execution.check(plan, workspace, site)
    let presence: KeyLock?
    do {
      presence = try workspace.enterCache(interruption)
      try workspace.takePacked(for: plan, interruption)
    } catch is InterruptedError {
      throw ExitCode(130)
    }
    defer { presence?.release() }
    // The lock, on which older reports rest, changes with the run.
    let basis = try workspace.reportBasis()
    let shown = try ServedPage(views, workspace, plan)
    let events = try views.eventLog(workspace, plan)
    let displays: [(any RunDisplay)?] = [shown?.display, events]
    do {
      let executor = try execution.executor(
        workspace, plan, site, interruption,
        registration: Registration.digest(beside: workspace.recipe.file), others: runs.others,
        isLocked: locked, more: displays.compactMap(\.self))
      let summary = try executor.run(plan)
      tell(summary)
      // Where there is much to read, what matters most stands at its end.
      defer { StandardOutput.writeError(Self.failures(summary, hasLine: true)) }
      let isReported = try reportOrPrint(summary, basis, workspace, runs)
      shown?.conclude(ending(summary, workspace), isGood: summary.exitCode == 0 && isReported)
      if summary.exitCode != 0 { throw ExitCode(summary.exitCode) }
      if !isReported { throw ExitCode(1) }
    } catch let error where !(error is ExitCode) {
      shown?.conclude([Base.sentence(for: error)], isGood: false)
      throw error
    }
  }

  private func tell(_ summary: RunSummary) {
    StandardOutput.writeError(sentence(summary) + "\n")
    if execution.executor != .process, summary.wasInterrupted {
      StandardOutput.writeError(
        "Jobs stay with Slurm; the same command attaches to them, and 'warmup cancel "
          + "\(options.recipe.recipe)' ends them.\n")
    }
    StandardOutput.writeError(Workspace.foreign(in: summary.plan))
    for failure in summary.plan.gateFailures { StandardOutput.writeError(failure + "\n") }
  }

  /// What the page says at its end.
  private func ending(_ summary: RunSummary, _ workspace: Workspace) -> [String] {
    let report = workspace.folder.appending(path: "report.html")
    let failures = Self.failures(summary, hasLine: false).split(separator: "\n").map(String.init)
    let hasReport = FileManager.default.fileExists(atPath: report.path)
    return [sentence(summary)] + failures + summary.plan.gateFailures
      + (hasReport ? ["The report is \(report.path)."] : [])
  }

  /// What failed, and why.
  /// - Parameter hasLine: whether each had a line of its own; that of a single one may be the last above.
  private static func failures(_ summary: RunSummary, hasLine: Bool) -> String {
    let failures = summary.failures
    if hasLine, failures.count == 1, case .failed? = summary.outcomes.last { return "" }
    let lines = failures.prefix(10).map { "\($0.name) failed: \($0.sentence)\n" }
    return lines.joined() + (failures.count > 10 ? "\(failures.count - 10) more failed\n" : "")
  }

  /// Where nothing ran in a folder that cannot be written, its results are shown without a report.
  private func reportOrPrint(
    _ summary: RunSummary, _ basis: ReportBasis?, _ workspace: Workspace, _ runs: RecipeRuns
  ) throws -> Bool {
    // Then there may be no folder either.
    if summary.plan.results.isEmpty, basis == nil { return true }
    do {
      return try RecipeLock.whileReporting(in: workspace.folder) {
        guard !overwrite else { return try report(summary.plan, nil, summary, workspace) }
        let other = try workspace.withOtherParts(runs)
        let (whole, plan) = (other ?? workspace, try other?.plan() ?? summary.plan)
        if try whole.showCurrentReport(of: plan) { return true }
        // Another run may have written its report meanwhile.
        let newest = try workspace.reportBasis(since: basis)
        return try report(
          plan, newest, summary, whole, part: other == nil ? nil : workspace.part)
      }
    } catch  where summary.ran == 0 && !Folder.isWritable(workspace.folder) {
      try workspace.printReport(of: summary.plan)
      StandardOutput.writeError(
        "The report is left as it is: \(Base.sentence(for: error)).\n'warmup report "
          + "\(options.recipe.recipe) -o FOLDER' writes it elsewhere.\n")
      return true
    }
  }

  /// Writes the report, unless the one that is there rests on more; the tables of what is complete
  /// are then printed all the same.
  /// - Parameters:
  ///   - plan: what was run, and what other runs made.
  ///   - part: what part of it was asked for; nil for all of it.
  /// - Returns: whether it says all that was asked for.
  private func report(
    _ plan: Plan, _ basis: ReportBasis?, _ summary: RunSummary, _ workspace: Workspace,
    part: PlanPart? = nil
  ) throws -> Bool {
    if let basis, let kept = workspace.keptReport(basis, against: plan) {
      let words = try basis.mark(reportIn: workspace.folder, for: plan)
      let mark = words == nil ? "" : ". It says now that it is out of date"
      if summary.exitCode == 0 { try workspace.printReport(of: plan) }
      StandardOutput.writeError("\(kept)\(mark).\n")
      guard let part else { return false }
      StandardOutput.writeError(
        "'warmup pack \(part.words)' packs this part, and 'warmup report FILE FILE …' joins parts.\n"
      )
      // A part is not meant to be all.
      return true
    }
    return plan.results.isEmpty ? true : try workspace.writeReport(of: plan)
  }

  private func sentence(_ summary: RunSummary) -> String {
    if summary.ran == 0, summary.failed == 0, summary.skipped == 0, !summary.wasInterrupted {
      let stopped = summary.stopped == 0 ? "" : "; \(summary.stopped) stopped by gates"
      let others = summary.notAsked == 0 ? "" : "; \(summary.notAsked) not asked for"
      return "Everything is cached: \(summary.cached) instances, nothing to run\(stopped)\(others)."
    }
    var parts = ["\(summary.ran) ran", "\(summary.cached) cached"]
    if summary.stopped > 0 { parts.append("\(summary.stopped) stopped by gates") }
    if summary.notAsked > 0 { parts.append("\(summary.notAsked) not asked for") }
    if summary.failed > 0 { parts.append("\(summary.failed) failed") }
    if summary.skipped > 0 { parts.append("\(summary.skipped) skipped") }
    if summary.wasInterrupted { parts.append("interrupted; run again to continue") }
    return parts.joined(separator: ", ") + " (\(Int(summary.seconds.rounded())) s)."
  }
}
