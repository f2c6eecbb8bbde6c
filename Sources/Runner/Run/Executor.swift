import Base
import Foundation
import HDF5

/// Carries out a plan, one instance after the other.
package struct Executor: Sendable {
  private let cache: Cache
  private let recipeFolder: URL
  private let folders: DataFolders
  private let threads: Int
  private let keys: ServerKeys
  private let site: Site
  private let keepsGoing: Bool
  private let interruption: Interruption
  private let display: any RunDisplay
  private let versions: [String: String]
  private let registration: String?
  private let others: OtherRuns
  private let isLocked: Bool
  private let values: ValueReader

  /// Prepares an executor.
  /// - Parameters:
  ///   - recipeFolder: `results/<recipe>`, where the recipe's lock is kept.
  ///   - threads: how many threads a stage may use.
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
  package init(
    cache: Cache, recipeFolder: URL, folders: DataFolders, threads: Int,
    keys: ServerKeys = ServerKeys(), site: Site = Site(), keepsGoing: Bool = false,
    interruption: Interruption = Interruption(),
    display: any RunDisplay = SilentDisplay(), versions: [String: String] = [:],
    registration: String? = nil, others: OtherRuns = OtherRuns(), isLocked: Bool = false,
    values: @escaping ValueReader = PlannedInstance.publishedValue
  ) {
    self.cache = cache
    self.recipeFolder = recipeFolder
    self.folders = folders
    self.threads = threads
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
  }

  /// Runs what is not in the cache yet. Blocks; stages run on threads of their own.
  ///
  /// Unless the executor keeps going, nothing runs while an instance is blocked, and nothing more
  /// runs after a failure.
  /// - Throws: `CacheError` when results cannot be written; what happens to single instances is in
  ///   the summary.
  package func run(_ plan: Plan) throws -> RunSummary {
    // What is cached is shown from a cache that cannot be written, too.
    if plan.count(.cached) < plan.asked.count {
      try cache.prepare()
      // Before another run settles the lock, so that it keeps what is about to come.
      try RecipeLock.note(others, in: recipeFolder)
    }
    let start = ContinuousClock.now
    var run = Run(plan: plan)
    if !keepsGoing, plan.count(.blocked) > 0 {
      run.stop = "skipped because other instances are blocked"
    }
    let total = plan.asked.count
    var forecast = RunForecast(plan)
    var number = 0
    for (index, item) in plan.items.enumerated() {
      guard item.isAsked else {
        run.leave(item, reading: values)
        continue
      }
      number += 1
      let title = InstanceTitle(
        name: item.instance.name, kind: item.instance.kind.name, number: number, total: total,
        forecast: forecast.begin(item))
      let outcome = settle(item, at: index, title, &run)
      run.note(outcome, of: item, reading: values)
      display.end(title, outcome)
      if case .ran(let seconds) = outcome { forecast.note(item, seconds: seconds) }
      if let words = run.consequence { display.notice(words) }
      if case .failed = outcome, !keepsGoing, run.stop == nil {
        run.stop = "skipped after the failure"
      }
      if run.isKeepingDue { try keep(&run) }
    }
    display.finish()
    if run.hasRun { try cache.sync() }
    try settleLock(run)
    return RunSummary(
      outcomes: run.outcomes, plan: run.carriedOut, wasInterrupted: run.wasInterrupted,
      seconds: (ContinuousClock.now - start) / .seconds(1))
  }

  /// Makes sure that what has come out outlives a power failure, and that the lock has it.
  private func keep(_ run: inout Run) throws {
    let start = ContinuousClock.now
    try cache.sync()
    try RecipeLock.update(run.unwritten, in: recipeFolder)
    run.noteKeeping(since: start)
  }

  /// - Throws: `FileError`, `LockError` or `CacheError`, unless nothing ran in a folder that cannot
  ///   be written.
  private func settleLock(_ run: Run) throws {
    do {
      try RecipeLock.settle(
        run.unwritten, of: Set(run.plan.items.map(\.name)), besides: others,
        registration: registration, in: recipeFolder)
    } catch  where !run.hasRun && !Folder.isWritable(recipeFolder) {
      display.notice("lock.json is left as it is: \(sentence(for: error))")
    }
  }

  private func settle(
    _ item: PlannedInstance, at index: Int, _ title: InstanceTitle, _ run: inout Run
  ) -> InstanceOutcome {
    if let reason = item.stop(after: run.settled) { return .stopped(reason) }
    guard item.state != .blocked, let key = item.key, let fields = item.fields else {
      return .failed(item.reason)
    }
    if let reason = run.stop ?? run.missingInput(of: item.instance) ?? run.missingGate(of: item) {
      return .skipped(reason)
    }
    if interruption.isRequested {
      run.interrupt()
      return .skipped("skipped: interrupted before it started")
    }
    do {
      let obtained = try obtain(item, key, fields, title, &run)
      run.unwritten[item.instance.name] = LockedInstance(key: key, fields: fields)
      run.artifacts[index] = obtained.artifact
      guard let seconds = obtained.seconds else { return .cached }
      run.hasRun = true
      return .ran(seconds: seconds)
    } catch is InterruptedError {
      run.interrupt()
      return .interrupted
    } catch {
      return .failed(sentence(for: error).visible)
    }
  }

  /// Brings a result about; what it is made from and turns out to be damaged is made again first.
  private func obtain(
    _ item: PlannedInstance, _ key: String, _ fields: KeyFields, _ title: InstanceTitle,
    _ run: inout Run
  ) throws -> InstanceRunner.Obtained {
    while true {
      if let artifact = cache.existing(key, known: item.artifact) { return (artifact, nil) }
      do {
        let inputs = try run.inputs(of: item.instance)
        // Known before hours of work; what stages read beyond it is checked when they do.
        for port in inputs.keys.sorted() { _ = try inputs[port]?.file }
        let training = try run.finishedTraining(
          of: item.instance, key, missingIn: cache)
        let again = try training.flatMap { try runner.runAgain($0) { display.begin(title) } }
        let obtained = try runner.obtain(
          item.instance, key, fields, inputs, keeping: run.plan.wantedSteps(ofTraining: key)
        ) { display.begin(title) }
        return (obtained.artifact, obtained.seconds ?? again)
      } catch let damaged as DamagedArtifact {
        try repair(damaged, &run)
      }
    }
  }

  /// Moves a damaged result aside and makes it again.
  private func repair(_ damaged: DamagedArtifact, _ run: inout Run) throws {
    if isLocked {
      run.stop = "skipped after a result was found damaged"
      throw damaged.inLockedRun
    }
    let key = damaged.artifact.key
    guard run.repaired.insert(key).inserted, let index = run.index(of: key),
      let fields = run.plan.items[index].fields
    else {
      throw StageError.failed("\(damaged.what), though it was just made again; check the disk")
    }
    let item = run.plan.items[index]
    let title = InstanceTitle(
      name: item.name, kind: item.kind.name, number: run.number(of: index),
      total: run.plan.asked.count)
    let place = try cache.setAside(damaged, interruption: interruption) {
      display.notice("\(item.name): waiting, \($0)")
    }
    if let place { display.notice("\(damaged.what); \(place), and \(item.name) is made again") }
    let made = try obtain(item, key, fields, title, &run)
    if let seconds = made.seconds { display.end(title, .ran(seconds: seconds)) }
    if made.artifact.record.files != damaged.artifact.record.files {
      let machine = damaged.artifact.record.machine
      display.notice(
        "\(item.name) came out with other bytes than before, when \(machine.host) "
          + "(\(machine.processor)) made it; what was made from those stays")
    }
    run.replace(key, made, reading: values)
  }

  private var runner: InstanceRunner {
    InstanceRunner(
      cache: cache, folders: folders, threads: threads, keys: keys, site: site,
      interruption: interruption,
      display: display, versions: versions, isLocked: isLocked)
  }
}

/// What a run has come to so far.
private struct Run {
  let plan: Plan
  var outcomes: [InstanceOutcome] = []
  var artifacts: [Int: Artifact] = [:]
  /// What the lock does not say yet of what has come out, and of what gates stop. The cache has the
  /// results all the same, so a run that is killed loses none.
  var unwritten: [String: LockedInstance] = [:]
  /// The instances so far, with what has come out and what gates say of it.
  var settled: [PlannedInstance] = []
  /// The keys of what was damaged and is made again.
  var repaired: Set<String> = []
  var stop: String?
  var wasInterrupted = false
  /// Whether anything was made.
  var hasRun = false
  private var lastKept = ContinuousClock.now
  private var costOfKeeping = Duration.zero

  init(plan: Plan) { self.plan = plan }

  /// Whether the lock is to be written again: a second after the last time, or later where it is so
  /// long that this would take more than a twentieth of the run.
  var isKeepingDue: Bool {
    guard case .ran? = outcomes.last else { return false }
    return ContinuousClock.now - lastKept >= max(.seconds(1), costOfKeeping * 20)
  }

  mutating func noteKeeping(since start: ContinuousClock.Instant) {
    unwritten = [:]
    lastKept = .now
    costOfKeeping = lastKept - start
  }

  mutating func interrupt() {
    wasInterrupted = true
    stop = "skipped: interrupted before it started"
  }

  /// Leaves an instance that is not asked for as it is: done, not done or stopped by a gate.
  mutating func leave(_ item: PlannedInstance, reading values: ValueReader) {
    let left = item.gated(after: settled, reading: values)
    artifacts[settled.count] = left.artifact
    if let key = left.key, left.isDone || left.state == .stopped {
      unwritten[item.name] = LockedInstance(
        key: key, fields: left.fields, isStopped: left.state == .stopped)
    }
    outcomes.append(.notAsked)
    settled.append(left)
  }

  /// The plan with what has come out.
  var carriedOut: Plan { Plan(items: settled) }

  mutating func note(
    _ outcome: InstanceOutcome, of item: PlannedInstance, reading values: ValueReader
  ) {
    let artifact = artifacts[settled.count]
    outcomes.append(outcome)
    guard case .stopped(let reason) = outcome else {
      // A plan may have taken it for stopped by what has been made anew since.
      let state = item.state == .stopped ? .toRun : item.state
      settled.append(item.with(state, item.reason, artifact: artifact, reading: values))
      return
    }
    settled.append(item.with(.stopped, reason, artifact: nil))
    unwritten[item.name] = item.key.map {
      LockedInstance(key: $0, fields: item.fields, isStopped: true)
    }
  }

  /// What the last instance stops or marks, where it is a gate that has failed.
  var consequence: String? {
    guard settled.last?.outcome?.passes == false else { return nil }
    let rest = plan.items.dropFirst(settled.count)
    return Plan(items: settled + rest).consequence(ofGate: settled.count - 1)
  }

  /// A gate that did not come out, so that nobody knows whether it would stop the instance. What is
  /// cached costs nothing.
  func missingGate(of item: PlannedInstance) -> String? {
    guard item.state != .cached, let gate = item.unknownGate(after: settled) else { return nil }
    return "its gate '\(settled[gate].name)' did not come out"
  }

  func missingInput(of instance: Instance) -> String? {
    let missing = instance.inputs.first { artifacts[$0.producer] == nil }
    return missing.map { input in
      let producer = plan.items[input.producer].instance.name
      return "its input '\(input.port)' (\(producer)) did not come out"
    }
  }

  /// The first instance that came out under a key.
  func index(of key: String) -> Int? { artifacts.filter { $0.value.key == key }.keys.min() }

  /// The place of an instance among those that are asked for, from 1.
  func number(of index: Int) -> Int { plan.items[...index].count(where: \.isAsked) }

  /// Puts what was made again in the place of what was damaged.
  mutating func replace(
    _ key: String, _ made: InstanceRunner.Obtained, reading values: ValueReader
  ) {
    let first = index(of: key)
    for (index, artifact) in artifacts where artifact.key == key {
      artifacts[index] = made.artifact
      guard index < settled.count else { continue }
      let item = settled[index]
      settled[index] = item.with(item.state, item.reason, artifact: made.artifact, reading: values)
      if let seconds = made.seconds, index == first { outcomes[index] = .ran(seconds: seconds) }
    }
  }

  /// What is bound to an instance, by port. Its bytes are checked when they are read.
  func inputs(of instance: Instance) throws -> [String: InputArtifact] {
    Dictionary(try sources(of: instance)) { $1 }
  }

  /// What is bound to an instance, each with what it was made from in turn.
  private func sources(of instance: Instance) throws -> [(String, InputArtifact)] {
    try instance.inputs.map { input in
      let producer = plan.items[input.producer].instance
      guard let artifact = artifacts[input.producer],
        let port = producer.kind.outputs.first(where: { $0.name == input.output })
      else { throw StageError.unbound(port: input.port) }
      let sources = try sources(of: producer)
      let open = sources.first { !producer.kind.inputs.contains($0.0) }
      let type = port.type == .asBound ? open?.1.type : port.type
      return (
        input.port,
        InputArtifact(
          file: artifact.output(input.output), key: artifact.key, instance: producer.name,
          type: type ?? port.type, over: input.over, values: artifact.record.values,
          sources: sources, check: { _ = try artifact.wholeOutput(input.output) })
      )
    }
  }
}

extension Run {
  /// The training behind a kept step that is not in the cache, with all of its steps that are not;
  /// nil where the instance is none, or is the training's last state, which needs no training.
  /// - Throws: `StageError.failed` for a step that the training does not have.
  func finishedTraining(
    of instance: Instance, _ key: String, missingIn cache: Cache
  ) throws -> FinishedTraining? {
    guard let step = instance.keptStep, let index = instance.inputs.first?.producer,
      let artifact = artifacts[index], !cache.isPresent(key)
    else { return nil }
    let training = plan.items[index].instance
    let taken = training.stepsTaken(artifact)
    if let taken, step >= taken {
      if step == taken { return nil }
      throw StageError.failed("'\(training.name)' has only \(taken) steps")
    }
    let steps = plan.wantedSteps(ofTraining: artifact.key)
    return FinishedTraining(
      instance: training, artifact: artifact, inputs: try inputs(of: training),
      steps: steps.filter { $0.step < taken ?? .max && !cache.isPresent($0.key) })
  }
}

/// What became of one instance in a run.
package enum InstanceOutcome: Sendable, Equatable {
  /// It ran and published, in so many seconds.
  case ran(seconds: Double)
  /// Its result was there.
  case cached
  /// It failed; the sentence says why.
  case failed(String)
  /// It was not begun; the words say why.
  case skipped(String)
  /// It is not run, because a gate has failed; the words say which.
  case stopped(String)
  /// It stopped at a checkpoint because it was asked to.
  case interrupted
  /// It lies outside the part that was asked for.
  case notAsked
}

package struct RunSummary: Sendable {
  /// What became of each instance of the plan, in its order.
  package let outcomes: [InstanceOutcome]
  /// The plan that was carried out, with the result of each instance that has one.
  package let plan: Plan
  /// Whether the run stopped because it was asked to.
  package let wasInterrupted: Bool
  /// How long the run took, in seconds.
  package let seconds: Double

  package var ran: Int { outcomes.count { if case .ran = $0 { true } else { false } } }
  /// How many instances had their results already.
  package var cached: Int { outcomes.count { $0 == .cached } }
  /// What failed, and why, in the order of the plan.
  package var failures: [(name: String, sentence: String)] {
    zip(plan.items, outcomes).compactMap { item, outcome in
      if case .failed(let sentence) = outcome { (item.name, sentence) } else { nil }
    }
  }
  package var failed: Int { outcomes.count { if case .failed = $0 { true } else { false } } }
  /// How many instances lie outside the part that was asked for.
  package var notAsked: Int { outcomes.count { $0 == .notAsked } }
  /// How many instances were not begun.
  package var skipped: Int { outcomes.count { if case .skipped = $0 { true } else { false } } }
  /// How many instances gates stopped.
  package var stopped: Int { outcomes.count { if case .stopped = $0 { true } else { false } } }

  /// The program's exit code: 130 interrupted, 1 a stage failed, 0 done.
  package var exitCode: Int32 { wasInterrupted ? 130 : failed > 0 ? 1 : 0 }
}
