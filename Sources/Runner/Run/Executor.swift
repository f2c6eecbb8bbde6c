import Base
import Foundation
import HDF5

/// Carries out a plan: as many instances side by side as its budget allows.
package struct Executor: Sendable {
  let cache: Cache
  let recipeFolder: URL?
  private let folders: DataFolders
  let budget: RunBudget
  private let keys: ServerKeys
  private let site: Site
  let keepsGoing: Bool
  let interruption: Interruption
  let display: any RunDisplay
  private let versions: [String: String]
  private let registration: String?
  private let others: OtherRuns
  let isLocked: Bool
  let values: ValueReader
  /// Where instances run but in this process; nil for nowhere.
  let batch: (any BatchExecutor)?

  /// Prepares an executor.
  /// - Parameters:
  ///   - recipeFolder: `results/<recipe>`, where the recipe's lock is kept; nil where whoever sent the
  ///     plan keeps it.
  ///   - budget: what the run may take of the machine.
  ///   - keys: the keys of servers that the user allows.
  ///   - site: what is particular to this machine.
  ///   - keepsGoing: whether a failure stops only what depends on it.
  ///   - interruption: asks stages to stop; whoever handles signals requests it.
  ///   - versions: what to record beside the version of HDF5, such as this program's.
  ///   - registration: SHA-256 of the recipe's registration, for the lock.
  ///   - others: what the lock keeps of other runs of the recipe.
  ///   - isLocked: whether the run stops where a result that it needs is damaged, instead of making it
  ///     again.
  ///   - values: reads what gates ask for.
  ///   - batch: has instances made elsewhere; nil where all run in this process.
  package init(
    cache: Cache, recipeFolder: URL?, folders: DataFolders, budget: RunBudget,
    keys: ServerKeys = ServerKeys(), site: Site = Site(), keepsGoing: Bool = false,
    interruption: Interruption = Interruption(),
    display: any RunDisplay = SilentDisplay(), versions: [String: String] = [:],
    registration: String? = nil, others: OtherRuns = OtherRuns(), isLocked: Bool = false,
    values: @escaping ValueReader = PlannedInstance.publishedValue,
    batch: (any BatchExecutor)? = nil
  ) {
    self.cache = cache
    self.recipeFolder = recipeFolder
    self.folders = folders
    self.budget = budget
    self.keys = keys
    self.site = site
    self.keepsGoing = keepsGoing
    self.interruption = interruption
    self.display = display
    self.versions = versions.merging(["HDF5": HDF5Library.version]) { $1 }
    self.registration = registration
    self.others = others
    self.isLocked = isLocked
    self.values = values
    self.batch = batch
  }

  /// Runs what is not in the cache yet. Blocks; stages run on threads of their own.
  ///
  /// Unless the executor keeps going, nothing runs while an instance is blocked, and nothing more
  /// begins after a failure; what is at work then ends.
  /// - Throws: `CacheError` when results cannot be written; what happens to single instances is in
  ///   the summary.
  package func run(_ plan: Plan) throws -> RunSummary {
    // What is cached is shown from a cache that cannot be written, too.
    if plan.count(.cached) < plan.asked.count {
      try cache.prepare()
      // Before another run settles the lock, so that it keeps what is about to come.
      if let recipeFolder { try RecipeLock.note(others, in: recipeFolder) }
    }
    let start = ContinuousClock.now
    defer { batch?.finish() }
    var progress = RunInProgress(self, plan, elsewhere: try batch?.accept(plan) ?? [])
    try progress.finish()
    let run = progress.state
    display.finish()
    if run.hasRun { try cache.sync() }
    try settleLock(run)
    return RunSummary(
      outcomes: run.outcomes.map { $0 ?? .notAsked }, plan: run.carriedOut,
      wasInterrupted: run.wasInterrupted, seconds: (ContinuousClock.now - start) / .seconds(1))
  }

  /// - Throws: `FileError`, `LockError` or `CacheError`, unless nothing ran in a folder that cannot
  ///   be written.
  private func settleLock(_ run: RunState) throws {
    guard let recipeFolder else { return }
    do {
      try RecipeLock.settle(
        run.unwritten, of: Set(run.plan.items.map(\.name)), besides: others,
        registration: registration, in: recipeFolder)
    } catch  where !run.hasRun && !Folder.isWritable(recipeFolder) {
      display.notice("lock.json is left as it is: \(sentence(for: error))")
    }
  }

  /// What runs an instance.
  func runner(_ title: InstanceTitle, threads: Int) -> InstanceRunner {
    InstanceRunner(
      cache: cache, folders: folders, threads: threads, keys: keys, site: site,
      interruption: interruption, display: InstanceDisplay(title: title, display: display),
      versions: versions, isLocked: isLocked)
  }
}
