import Base
import Foundation

/// A run as it goes: settles what needs no work, begins what may begin, and takes what has ended.
///
/// All of it happens on one thread, but for the work on instances.
struct RunInProgress {
  private let executor: Executor
  private(set) var state: RunState
  private var schedule: Schedule
  private var forecast: RunForecast
  private let jobs = JobQueue()
  /// What instances found damaged that are to begin again.
  private var damaged: [(index: Int, damage: DamagedArtifact)] = []
  /// The titles of what begins again: it is not forecast twice.
  private var titles: [Int: InstanceTitle] = [:]
  /// What was said of the other process that works on an instance.
  private var saidToWait: [Int: String] = [:]
  /// The names under which work went on when the run began, or was left.
  private let leftovers: Set<String>

  /// How many instances for which the budget leaves nothing are looked at before others are left for
  /// later: a plan may have thousands.
  private static let lookAhead = 256

  private enum Beginning {
    case begun
    case settled(InstanceOutcome)
    case mustWait
  }

  /// - Parameter elsewhere: what the batch executor takes.
  init(_ executor: Executor, _ plan: Plan, elsewhere: Set<Int> = []) {
    self.executor = executor
    state = RunState(plan: plan)
    schedule = Schedule(plan, budget: executor.budget, elsewhere: elsewhere)
    forecast = RunForecast(plan, width: executor.budget.width)
    leftovers = executor.cache.leftovers()
    if !executor.keepsGoing, plan.count(.blocked) > 0 {
      state.stop = "skipped because other instances are blocked"
    }
  }

  /// Goes on until every instance has its outcome.
  /// - Throws: `FileError`, `LockError` or `CacheError` where the lock cannot be written; what is at
  ///   work has stopped then.
  mutating func finish() throws {
    do {
      while !schedule.isDone { try advance() }
    } catch {
      executor.interruption.request()
      while schedule.isWorking {
        if let ended = jobs.next() { schedule.end(ended.index) }
      }
      throw error
    }
  }

  private mutating func advance() throws {
    try beginWhatMay()
    if schedule.isDone { return }
    if state.stop == nil { try executor.batch?.submit(BatchProgress(state)) }
    if schedule.isWorking {
      if let ended = jobs.next(within: schedule.hasHeld ? Schedule.heldSeconds : nil) {
        try end(ended)
      }
    } else if !damaged.isEmpty {
      try repairDamaged()
    } else if let index = schedule.firstHeld {
      waitForOthers(index)
    }
  }

  private mutating func beginWhatMay() throws {
    // What is damaged is made again while nothing is at work that might read it.
    guard damaged.isEmpty else { return }
    var place = 0
    var passed = 0
    while place < schedule.ready.count, passed < Self.lookAhead, schedule.hasRoom {
      let index = schedule.ready[place]
      switch begin(index) {
      case .begun: break
      case .settled(let outcome): try settle(index, outcome)
      case .mustWait:
        place += 1
        passed += schedule.isHeld(index) ? 0 : 1
      }
    }
  }

  private mutating func begin(_ index: Int) -> Beginning {
    let item = state.plan.items[index]
    guard item.isAsked else { return .settled(.notAsked) }
    if let outcome = state.outcomeWithoutWork(of: index) { return .settled(outcome) }
    if executor.interruption.isRequested {
      state.interrupt()
      return .settled(.skipped("skipped: interrupted before it started"))
    }
    guard let key = item.key, let fields = item.fields, !schedule.isHeld(index),
      item.isDone || schedule.load(of: index) != nil
    else { return .mustWait }
    // What a job of this run has made is no find; kept steps come with their training.
    let isAwaited = schedule.isElsewhere(index) && item.instance.keptStep == nil
    if !isAwaited,
      let artifact = executor.cache.existing(
        key, known: item.artifact, leftovers: leftovers)
    {
      return .settled(state.take((artifact, nil), of: index))
    }
    guard let load = schedule.load(of: index) else { return .mustWait }
    if schedule.isElsewhere(index), let batch = executor.batch {
      beginElsewhere(index, load, batch)
      return .begun
    }
    do {
      return try begin(index, key, fields, load)
    } catch {
      return .settled(.failed(sentence(for: error).visible))
    }
  }

  /// Begins the work on an instance, unless another process is at it.
  private mutating func begin(
    _ index: Int, _ key: String, _ fields: KeyFields, _ load: Schedule.Load
  ) throws -> Beginning {
    let item = state.plan.items[index]
    let inputs = try state.inputs(of: item.instance)
    let training = try state.finishedTraining(
      of: item.instance, key, missingIn: executor.cache)
    var claim: KeyLock?
    // A training that runs again publishes under the key itself.
    if training == nil {
      claim = try executor.cache.claim(
        key, isLeased: !item.instance.isQuick, interruption: executor.interruption)
      if claim == nil {
        schedule.hold(index)
        return .mustWait
      }
    }
    let title = title(of: index)
    let job = InstanceJob(
      instance: item.instance, key: key, fields: fields, inputs: inputs, training: training,
      keeping: state.keeping(of: item, key), claim: claim,
      runner: executor.runner(title, threads: load.threads))
    schedule.begin(index, load)
    let display = executor.display
    let work = { @Sendable in try job.perform { display.begin(title) } }
    if executor.budget.jobs == 1 {
      jobs.run(index, title, work)
    } else {
      do {
        try jobs.start(index, title, work)
      } catch {
        schedule.end(index)
        claim?.release()
        throw error
      }
    }
    return .begun
  }

  /// Leaves an instance to the batch executor.
  private mutating func beginElsewhere(
    _ index: Int, _ load: Schedule.Load, _ batch: any BatchExecutor
  ) {
    let title = title(of: index)
    schedule.begin(index, load)
    let (display, jobs) = (executor.display, jobs)
    batch.start(
      index, began: { display.begin(title) }, progress: { display.update(title, $0) },
      ended: { jobs.end(index, title, $0) })
  }

  private mutating func end(_ ended: JobQueue.Ended) throws {
    let index = ended.index
    let outcome: InstanceOutcome
    do {
      outcome = state.take(try ended.result.get(), of: index)
    } catch is InterruptedError {
      state.interrupt()
      outcome = .interrupted
    } catch let error as BatchError {
      if case .left = error { state.interrupt() }
      outcome = .skipped("\(error)")
    } catch let damage as DamagedArtifact {
      schedule.putBack(index)
      titles[index] = ended.title
      damaged.append((index, damage))
      return executor.display.putOff(ended.title)
    } catch let need as MemoryNeedError where schedule.mayWaitForMemory(index) {
      schedule.putBack(index, byItself: true)
      titles[index] = ended.title
      executor.display.putOff(ended.title)
      return executor.display.notice(
        "\(ended.title.name) waits until nothing else is at work: \(need)")
    } catch {
      outcome = .failed(sentence(for: error).visible)
    }
    // What goes wrong from here on, such as writing the lock, is no failure of this instance.
    try settle(index, outcome, ended.title)
  }

  private mutating func settle(
    _ index: Int, _ outcome: InstanceOutcome, _ title: InstanceTitle? = nil
  ) throws {
    let item = state.plan.items[index]
    schedule.settle(index)
    if outcome == .notAsked { return state.leave(index, reading: executor.values) }
    let title = title ?? self.title(of: index)
    state.note(outcome, of: index, reading: executor.values)
    executor.display.end(title, outcome)
    if let words = state.consequence(of: index) { executor.display.notice(words) }
    switch outcome {
    case .failed where !executor.keepsGoing && state.stop == nil:
      state.stop = "skipped after the failure"
      executor.batch?.withdraw()
    case .ran(let seconds):
      forecast.note(item, seconds: seconds)
      if state.isKeepingDue { try keep() }
    default: break
    }
  }

  private mutating func title(of index: Int) -> InstanceTitle {
    titles[index] ?? state.title(of: index, forecast.begin(state.plan.items[index]))
  }

  /// Makes sure that what has come out outlives a power failure, and that the lock has it.
  private mutating func keep() throws {
    let start = ContinuousClock.now
    try executor.cache.sync()
    if let folder = executor.recipeFolder { try RecipeLock.update(state.unwritten, in: folder) }
    state.noteKeeping(since: start)
  }

  /// Nothing can be done but what another process does.
  private mutating func waitForOthers(_ index: Int) {
    if let key = state.plan.items[index].key {
      let holder = executor.cache.holder(of: key)
      if saidToWait.updateValue(Cache.gist(holder), forKey: index) != Cache.gist(holder) {
        executor.display.notice("\(state.plan.items[index].name): waiting, \(holder)")
      }
    }
    Thread.sleep(forTimeInterval: Schedule.heldSeconds)
  }
}

/// What turned out to be damaged when an instance was to be made from it.
extension RunInProgress {
  /// Makes it again, while nothing else is at work; then what is made from it begins again.
  private mutating func repairDamaged() throws {
    let found = damaged
    damaged = []
    var repairs: [String: Result<Void, any Error>] = [:]
    for (index, damage) in found {
      let key = damage.artifact.key
      let repair = repairs[key] ?? Result { try self.repair(damage) }
      repairs[key] = repair
      do {
        try repair.get()
      } catch is InterruptedError {
        state.interrupt()
        try settle(index, .interrupted)
      } catch {
        try settle(index, .failed(sentence(for: error).visible))
      }
    }
  }

  /// Moves a damaged result aside and makes it again.
  private mutating func repair(_ damage: DamagedArtifact) throws {
    if executor.isLocked {
      state.stop = "skipped after a result was found damaged"
      throw damage.inLockedRun
    }
    let key = damage.artifact.key
    guard state.repaired.insert(key).inserted, let index = state.index(of: key) else {
      throw StageError.failed("\(damage.what), though it was just made again; check the disk")
    }
    let display = executor.display
    let name = state.plan.items[index].name
    let place = try executor.cache.setAside(damage, interruption: executor.interruption) {
      display.notice("\(name): waiting, \($0)")
    }
    if let place { display.notice("\(damage.what); \(place), and \(name) is made again") }
    let made = try makeAgain(index, key)
    if let seconds = made.seconds { display.end(state.title(of: index), .ran(seconds: seconds)) }
    if made.artifact.record.files != damage.artifact.record.files {
      let machine = damage.artifact.record.machine
      display.notice(
        "\(name) came out with other bytes than before, when \(machine.host) "
          + "(\(machine.processor)) made it; what was made from those stays")
    }
    state.replace(key, made, reading: executor.values)
  }

  /// Brings a result about; what it is made from and turns out to be damaged is made again first.
  private mutating func makeAgain(
    _ index: Int, _ key: String
  ) throws -> InstanceRunner.Obtained {
    let item = state.plan.items[index]
    guard let fields = item.fields else { throw StageError.failed(item.reason) }
    let title = state.title(of: index)
    while true {
      do {
        let job = InstanceJob(
          instance: item.instance, key: key, fields: fields,
          inputs: try state.inputs(of: item.instance),
          training: try state.finishedTraining(
            of: item.instance, key, missingIn: executor.cache),
          keeping: state.keeping(of: item, key), claim: nil,
          runner: executor.runner(title, threads: executor.budget.threads))
        return try job.perform { executor.display.begin(title) }
      } catch let damage as DamagedArtifact {
        try repair(damage)
      }
    }
  }
}
