import Base
import Foundation
import Synchronization

/// Watching: one look at the files of all instances now and then, and more rarely one question to Slurm
/// for all jobs.
extension SlurmExecutor {
  /// How much longer than it asked for a job may come to get.
  private static let mostTimeFactor = 4.0

  func watch() {
    var asked: ContinuousClock.Instant?
    while !state.withLock({ $0.isFinished }) {
      if setting.interruption.isRequested { leave() }
      lookForResults()
      let pause = queuePause
      if asked.map({ .now - $0 >= pause }) ?? true {
        asked = .now
        askSlurm()
        showProgress()
        judge()
      }
      Thread.sleep(forTimeInterval: setting.pause)
    }
  }

  /// The more jobs, the more it costs to list them.
  private var queuePause: Duration {
    let count = state.withLock { $0.units.count }
    return .seconds(min(60, max(setting.queuePause, Double(count) / 50)))
  }

  /// Gives what is watched its end.
  private func end(_ index: Int, _ result: Result<InstanceResult, any Error>) {
    let watch = state.withLock { $0.watches.removeValue(forKey: index) }
    watch?.ended(result)
  }

  private var watched: [(index: Int, key: String)] {
    state.withLock { state in
      state.watches.keys.sorted().compactMap { index in state.keys[index].map { (index, $0) } }
    }
  }

  /// The jobs stay.
  private func leave() {
    for (index, _) in watched {
      let number = state.withLock { state in
        state.unitOf[index].flatMap { state.units[$0]?.number }
      }
      end(index, .failure(BatchError.left(number.map { "Slurm as job \($0)" } ?? "nobody")))
    }
  }

  private func lookForResults() {
    for (index, key) in watched {
      guard case .present(let artifact) = setting.cache.lookUp(key) else { continue }
      end(index, .success((artifact, artifact.record.seconds)))
    }
  }

  /// Where Slurm does not answer nothing is known: jobs go on without it for a while.
  private func askSlurm() {
    // What is submitted while Slurm answers is not in its answer.
    let asked = state.withLock { $0.units.compactMapValues(\.number) }
    let jobs: [QueuedJob]
    do {
      jobs = try setting.commands.jobs(named: setting.name)
    } catch {
      return say("Slurm does not answer: \(error)")
    }
    let known = Dictionary(jobs.map { ($0.number, $0) }) { $1 }
    let began = state.withLock { state in
      for (key, unit) in state.units {
        guard let number = unit.number, number == asked[key] else { continue }
        let job = known[number]
        state.units[key]?.job = job
        let isOver = job?.isOver ?? true
        state.units[key]?.overSince = isOver ? unit.overSince ?? .now : nil
      }
      var began: [Watch] = []
      for (index, watch) in state.watches where !watch.hasBegun {
        guard let unit = state.unitOf[index], state.units[unit]?.job?.isRunning == true else {
          continue
        }
        state.watches[index]?.hasBegun = true
        began.append(watch)
      }
      return began
    }
    for watch in began { watch.began() }
    sayHowMany()
  }

  /// Tells how far those at work say they are.
  private func showProgress() {
    let working = state.withLock { state in
      state.watches.filter { $0.value.hasBegun }.keys.sorted().compactMap { index in
        state.unitOf[index].map { (index, $0) }
      }
    }
    for (index, key) in working {
      guard let progress = ProgressFile(in: workFolder(key).url).read() else { continue }
      let watch = state.withLock { state -> Watch? in
        guard let watch = state.watches[index], watch.said != progress else { return nil }
        state.watches[index]?.said = progress
        return watch
      }
      watch?.progress(progress)
    }
  }

  private func sayHowMany() {
    let jobs = state.withLock { $0.units.values.compactMap(\.job).filter { !$0.isOver } }
    if jobs.isEmpty { return }
    let running = jobs.count(where: \.isRunning)
    let reasons = Set(jobs.filter { !$0.isRunning }.map(\.reason)).subtracting(["None", ""])
    let waiting = jobs.count - running
    let why =
      waiting > 0 && !reasons.isEmpty ? " (\(reasons.sorted().joined(separator: ", ")))" : ""
    say("Slurm: \(running) running, \(waiting) waiting\(why)")
  }

  /// Says something once.
  private func say(_ words: String) {
    let isNew = state.withLock { state in
      defer { state.lastCounts = words }
      return state.lastCounts != words
    }
    if isNew { setting.display.notice(words) }
  }

  /// Looks at jobs that are over and whose result is wanted.
  private func judge() {
    for (index, key) in watched {
      // It may have come out between the look at the files and the question.
      if case .present(let artifact) = setting.cache.lookUp(key) {
        end(index, .success((artifact, artifact.record.seconds)))
        continue
      }
      let unit = state.withLock { state in state.unitOf[index].flatMap { state.units[$0] } }
      guard let unit else { continue }
      if let refusal = unit.refusal {
        end(index, .failure(SlurmError.job(refusal)))
      } else if let number = unit.number {
        judge(index, unit, number)
      } else if state.withLock({ $0.isWithdrawn }) {
        end(index, .failure(BatchError.withdrawn))
      }
    }
  }

  /// What the accounts say of a job that the queue has forgotten; asked once.
  private func account(_ unit: Unit, _ number: String) -> QueuedJob? {
    if let known = unit.account { return known }
    var found: QueuedJob?
    do {
      found = try setting.commands.accounted(number)
    } catch {
      setting.display.notice(
        "Slurm has forgotten job \(number), and its accounts do not say what it ended of: \(error)")
    }
    state.withLock { $0.units[unit.key]?.account = .some(found) }
    return found
  }

  private func judge(_ index: Int, _ unit: Unit, _ number: String) {
    guard let since = unit.overSince else { return }
    let work = workFolder(unit.key)
    let exit = StageExit(in: work.url)
    let over = (.now - since) / .seconds(1)
    let job = unit.job ?? (over < SlurmVerdict.forgottenGrace ? nil : account(unit, number))
    let verdict = SlurmVerdict(
      .init(
        number: number, job: job, exit: exit?.job == number ? exit : nil,
        over: over, submissions: unit.submissions, step: work.newestStep,
        stepBefore: unit.step,
        mayTakeLonger: self.job(unit).limit != nil && unit.timeFactor < Self.mostTimeFactor))
    switch verdict {
    case .wait: return
    case _ where state.withLock({ $0.isWithdrawn }) && job?.state == "CANCELLED":
      end(index, .failure(BatchError.withdrawn))
    case .again(let why):
      setting.display.notice("\(unit.name): job \(number) is submitted again: \(why)")
      submitAgain(unit.key)
    case .longer(let why):
      setting.display.notice("\(unit.name): job \(number) is submitted again: \(why)")
      submitAgain(unit.key, timeFactor: 2)
    case .failed(let sentence):
      let log = SlurmJob.log(number, in: work.url)
      let lines = SlurmJob.lastLines(number, in: work.url)
      if !lines.isEmpty {
        setting.display.notice(
          "the end of \(log.relativePath):\n" + lines.map { "  \($0)" }.joined(separator: "\n"))
      }
      end(index, .failure(SlurmError.job(sentence)))
    }
  }
}
