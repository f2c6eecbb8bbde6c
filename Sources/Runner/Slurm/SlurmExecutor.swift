import Base
import Foundation
import Synchronization

/// Has instances made in jobs of Slurm: a job for each, or for a training with the steps that are kept.
///
/// The whole graph is submitted as soon as it can be, each job waiting for those that it needs, so that
/// this process may die. Whether something came out the cache says; the queue only says what to expect.
package final class SlurmExecutor: BatchExecutor {
  /// What it takes to submit and to watch.
  package struct Setting: Sendable {
    let recipeFolder: URL
    /// What jobs are called.
    let name: String
    let surroundings: StageRequest.Surroundings
    let commands: SlurmCommands
    /// This program, which jobs run.
    let program: URL
    let interruption: Interruption
    let display: any RunDisplay
    /// How often files are looked for, in seconds.
    let pause: Double
    /// How often Slurm is asked at most, in seconds.
    let queuePause: Double

    /// - Parameter recipe: the recipe's name.
    package init(
      recipeFolder: URL, recipe: String, surroundings: StageRequest.Surroundings,
      commands: SlurmCommands = SlurmCommands(), program: URL, interruption: Interruption,
      display: any RunDisplay, pause: Double = 1, queuePause: Double = 5
    ) {
      self.recipeFolder = recipeFolder
      name = SlurmLedger.jobName(ofRecipe: recipe)
      self.surroundings = surroundings
      self.commands = commands
      self.program = program
      self.interruption = interruption
      self.display = display
      self.pause = pause
      self.queuePause = queuePause
    }

    var cache: Cache { surroundings.cache }
  }

  let setting: Setting
  let state = Mutex(State())

  package init(_ setting: Setting) { self.setting = setting }

  /// What one job makes.
  struct Unit {
    /// The instances, as indices of the plan; the first names the work folder.
    let indices: [Int]
    let key: String
    let name: String
    let request: StageRequest
    let resources: Resources
    /// How long the slowest of its kind took to stop at most, in seconds; nil where nobody knows.
    let stopSeconds: Double?
    /// The newest job's number; nil before there is one.
    var number: String?
    var submissions = 0
    /// The newest checkpoint's step when it was submitted.
    var step: Int?
    /// What Slurm said last; nil where it does not know the job.
    var job: QueuedJob?
    /// Since when it is over or unknown.
    var overSince: ContinuousClock.Instant?
    /// What the accounts say of it, once they were asked because the queue had forgotten it.
    var account: QueuedJob??
    /// How much longer it gets than it asks for.
    var timeFactor = 1.0
    /// Why it could not be submitted.
    var refusal: String?
  }

  /// An instance of which somebody wants to know what comes of it.
  struct Watch {
    let began: @Sendable () -> Void
    let progress: @Sendable (StageProgress) -> Void
    let ended: @Sendable (Result<InstanceResult, any Error>) -> Void
    var hasBegun = false
    /// What was said last of how far it is.
    var said: StageProgress?
  }

  struct State {
    var units: [String: Unit] = [:]
    /// The unit of each instance that is taken.
    var unitOf: [Int: String] = [:]
    var keys: [Int: String] = [:]
    /// The units that are not submitted yet, in the order of the plan.
    var waiting: [String] = []
    var watches: [Int: Watch] = [:]
    var ledger = SlurmLedger()
    /// Whether the queue was looked at for jobs of earlier runs.
    var hasAttached = false
    var isWithdrawn = false
    var isFinished = false
    var isWatching = false
    var lastCounts = ""
  }

  /// What is quick and needs nothing that a job makes runs in this process: a job would wait for longer.
  package func accept(_ plan: Plan) throws -> Set<Int> {
    var taken: Set<Int> = []
    var state = State()
    state.ledger = SlurmLedger(in: setting.recipeFolder)
    let stops = plan.longestStops
    for (index, item) in plan.items.enumerated() where item.isAsked && !item.isDone {
      guard let key = item.key, item.state != .blocked else { continue }
      let isLocal =
        item.instance.isQuick && item.instance.resources.isEmpty
        && !item.instance.inputs.contains { taken.contains($0.producer) }
      if isLocal { continue }
      taken.insert(index)
      state.keys[index] = key
      if state.unitOf[index] != nil { continue }
      let indices = StageRequest.together(with: index, in: plan)
      guard let first = indices.first, let unitKey = plan.items[first].key else { continue }
      for index in indices { state.unitOf[index] = unitKey }
      // Stages that differ in their names only have one result.
      if state.units[unitKey] != nil { continue }
      let training = plan.items[first].instance.keptStep == nil ? first : plan.training(of: first)
      state.units[unitKey] = Unit(
        indices: indices, key: unitKey, name: plan.items[first].name,
        request: StageRequest(plan, asked: indices, in: setting.surroundings),
        resources: plan.items[training].instance.resources,
        stopSeconds: stops[plan.items[training].kind.name])
      state.waiting.append(unitKey)
    }
    try test(state)
    self.state.withLock { $0 = state }
    return taken
  }

  /// Asks Slurm about a job of each kind before any is submitted.
  /// - Throws: `SlurmError.job` where it would take one of them nowhere.
  private func test(_ state: State) throws {
    var tested: [Resources] = []
    var refusals: [String] = []
    for key in state.waiting {
      guard let unit = state.units[key], !tested.contains(unit.resources) else { continue }
      tested.append(unit.resources)
      if let refusal = try refusal(of: job(unit)) { refusals.append("\(unit.name): \(refusal)") }
    }
    if refusals.isEmpty { return }
    throw SlurmError.job(
      "nothing was submitted: " + refusals.joined(separator: "\n")
        + "\nThe stages' 'resources' and the site file's 'slurm' say what is asked for.")
  }

  /// What Slurm says against a job.
  /// - Throws: where there is no Slurm.
  private func refusal(of job: SlurmJob) throws -> String? {
    let answer = Result { try setting.commands.test(job.wordsOfTrial) }
    switch answer {
    case .success: return nil
    case .failure(let error):
      if case SlurmError.missing = error { throw error }
      return "\(error)"
    }
  }

  func job(_ unit: Unit) -> SlurmJob {
    SlurmJob(
      name: setting.name, key: unit.key, work: workFolder(unit.key).url.absoluteURL,
      resources: unit.resources, settings: setting.surroundings.site.slurm,
      program: setting.program,
      timeFactor: unit.timeFactor, stopSeconds: unit.stopSeconds)
  }

  package func start(
    _ index: Int, began: @escaping @Sendable () -> Void,
    progress: @escaping @Sendable (StageProgress) -> Void,
    ended: @escaping @Sendable (Result<InstanceResult, any Error>) -> Void
  ) {
    if let key = state.withLock({ $0.keys[index] }),
      case .present(let artifact) = setting.cache.lookUp(key)
    {
      return ended(.success((artifact, artifact.record.seconds)))
    }
    let isFirst = state.withLock { state in
      state.watches[index] = Watch(began: began, progress: progress, ended: ended)
      defer { state.isWatching = true }
      return !state.isWatching
    }
    if !isFirst { return }
    let thread = Thread { [self] in watch() }
    thread.start()
  }

  package func withdraw() {
    let submitted = state.withLock { state in
      state.isWithdrawn = true
      state.waiting = []
      return state.units.values.filter { $0.number != nil && $0.job?.isOver != true }
    }
    // What was at work and waits in the queue again is at work.
    let numbers = submitted.filter { StageExit(in: workFolder($0.key).url)?.job != $0.number }
      .compactMap(\.number).sorted()
    if numbers.isEmpty { return }
    do {
      try setting.commands.cancel(numbers, pendingOnly: true)
      // Some may have begun meanwhile, and go on.
      for job in try setting.commands.jobs(named: setting.name)
      where job.state == "CANCELLED" && numbers.contains(job.number) {
        SlurmCancellation.removeUnbegun(workFolder(job.key))
      }
    } catch {
      setting.display.notice("jobs that have not begun could not be cancelled: \(error)")
    }
  }

  package func finish() { state.withLock { $0.isFinished = true } }

  func workFolder(_ key: String) -> WorkFolder { setting.cache.workFolder(key) }
}

extension Plan {
  /// The training of a kept step.
  fileprivate func training(of kept: Int) -> Int { items[kept].instance.inputs[0].producer }

  /// How long the slowest instance of each kind might have taken to stop, in seconds, by the kind's name.
  var longestStops: [String: Double] {
    var longest: [String: Double] = [:]
    for item in items {
      guard let seconds = item.artifact?.record.stopSeconds ?? item.lastStopSeconds else {
        continue
      }
      longest[item.kind.name] = max(longest[item.kind.name] ?? 0, seconds)
    }
    return longest
  }
}

/// Submitting.
extension SlurmExecutor {
  package func submit(_ progress: BatchProgress) throws {
    let hasWork = state.withLock { !$0.waiting.isEmpty }
    if !hasWork || setting.interruption.isRequested { return }
    // Two runs of one recipe must not both submit the same.
    try Folder.make(setting.recipeFolder)
    let guardian: FileLock
    do {
      guardian = try FileLock.acquire(
        setting.recipeFolder.appending(path: "slurm.lock"), interruption: setting.interruption)
    } catch is InterruptedError {
      return
    }
    defer { guardian.release() }
    try attach()
    let submitted = submitWhatMay(progress)
    if submitted == 0 { return }
    try state.withLock { try $0.ledger.write(in: setting.recipeFolder) }
    setting.display.notice("Slurm: submitted \(counted(submitted, "job")) as \(setting.name)")
  }

  /// A call of `sbatch` takes long, and meanwhile the watch must get on: the state is not held for it.
  /// - Returns: how many jobs it was.
  private func submitWhatMay(_ progress: BatchProgress) -> Int {
    var later: [String] = []
    var count = 0
    let waiting = state.withLock { state in
      defer { state.waiting = [] }
      return state.waiting
    }
    for key in waiting where !setting.interruption.isRequested {
      switch state.withLock({ Self.readiness(of: key, progress, $0) }) {
      case .never: break
      case .later: later.append(key)
      case .now(let dependencies):
        submit(key, after: dependencies)
        count += 1
      }
    }
    state.withLock { $0.waiting = later }
    return count
  }

  private enum Readiness {
    /// It is made already, or cannot be made.
    case never
    case later
    /// After jobs with these numbers.
    case now([String])
  }

  private static func readiness(
    of key: String, _ progress: BatchProgress, _ state: State
  ) -> Readiness {
    guard let unit = state.units[key], unit.number == nil else { return .never }
    if unit.indices.allSatisfy({ progress.isSettled($0) || progress.isMade($0) }) { return .never }
    // What the run has started needs nothing any more.
    if unit.indices.contains(where: { state.watches[$0] != nil }) { return .now([]) }
    // A training does not wait for the gates of steps that it keeps.
    let isTraining = progress.plan[unit.indices[0]].instance.keptStep == nil
    let deciding = isTraining ? Array(unit.indices.prefix(1)) : unit.indices
    if deciding.allSatisfy(progress.isHeld) { return .later }
    var dependencies: Set<String> = []
    for index in unit.indices {
      for input in progress.plan[index].instance.inputs
      where !unit.indices.contains(input.producer) && !progress.isMade(input.producer) {
        guard let other = state.unitOf[input.producer], let number = state.units[other]?.number
        else { return .later }
        dependencies.insert(number)
      }
    }
    return .now(dependencies.sorted())
  }

  /// Submits a job. What Slurm refuses concerns that branch only.
  private func submit(_ key: String, after dependencies: [String]) {
    guard let unit = state.withLock({ $0.units[key] }) else { return }
    let work = workFolder(key)
    let step = work.newestStep
    let answer = Result {
      let job = job(unit)
      try unit.request.write(to: StageRequest.file(key, in: setting.cache))
      try job.prepare()
      return try setting.commands.submit(job.words(after: dependencies))
    }
    state.withLock { state in
      switch answer {
      case .success(let number):
        state.units[key]?.number = number
        state.units[key]?.job = QueuedJob(number: number, state: "PENDING")
        state.units[key]?.overSince = nil
        state.units[key]?.account = nil
        state.units[key]?.submissions += 1
        state.units[key]?.step = step
        state.ledger.jobs[key] = .init(number: number, instance: unit.name)
      case .failure(let error):
        state.units[key]?.refusal = sentence(for: error)
      }
    }
  }

  /// Submits a job once more, whose inputs are there.
  func submitAgain(_ key: String, timeFactor: Double = 1) {
    state.withLock { $0.units[key]?.timeFactor *= timeFactor }
    submit(key, after: [])
    try? state.withLock { try $0.ledger.write(in: setting.recipeFolder) }
  }

  /// Finds jobs that an earlier run submitted and that are not over.
  private func attach() throws {
    if state.withLock({ $0.hasAttached }) { return }
    let jobs = try setting.commands.jobs(named: setting.name)
    let count = state.withLock { state in
      state.hasAttached = true
      var count = 0
      for job in jobs where !job.isOver && state.units[job.key] != nil {
        if state.units[job.key]?.number == nil { count += 1 }
        state.units[job.key]?.number = job.number
        state.units[job.key]?.job = job
        state.units[job.key]?.submissions = 1
        let name = state.units[job.key]?.name ?? ""
        state.ledger.jobs[job.key] = .init(number: job.number, instance: name)
      }
      return count
    }
    if count > 0 {
      setting.display.notice("Slurm: attached to \(counted(count, "job")) of an earlier run")
    }
  }
}
