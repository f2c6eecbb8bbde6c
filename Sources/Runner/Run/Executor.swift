import Base
import Foundation
import HDF5

/// Carries out a plan, one instance after the other.
package struct Executor: Sendable {
  private let cache: Cache
  private let recipeFolder: URL
  private let folders: DataFolders
  private let threads: Int
  private let keepsGoing: Bool
  private let interruption: Interruption
  private let display: any RunDisplay
  private let versions: [String: String]
  private let registration: String?

  /// Prepares an executor.
  /// - Parameters:
  ///   - recipeFolder: `results/<recipe>`, where the recipe's lock is kept.
  ///   - threads: how many threads a stage may use.
  ///   - keepsGoing: whether a failure stops only what depends on it.
  ///   - interruption: asks stages to stop; whoever handles signals requests it.
  ///   - versions: what to record beside the version of HDF5, such as this program's.
  ///   - registration: SHA-256 of the recipe's registration, for the lock.
  package init(
    cache: Cache, recipeFolder: URL, folders: DataFolders, threads: Int,
    keepsGoing: Bool = false, interruption: Interruption = Interruption(),
    display: any RunDisplay = SilentDisplay(), versions: [String: String] = [:],
    registration: String? = nil
  ) {
    self.cache = cache
    self.recipeFolder = recipeFolder
    self.folders = folders
    self.threads = threads
    self.keepsGoing = keepsGoing
    self.interruption = interruption
    self.display = display
    self.versions = versions.merging(["HDF5": HDF5Library.version]) { $1 }
    self.registration = registration
  }

  /// Runs what is not in the cache yet. Blocks; stages run on threads of their own.
  ///
  /// Unless the executor keeps going, nothing runs while an instance is blocked, and nothing more
  /// runs after a failure.
  /// - Throws: `CacheError` when results cannot be written; what happens to single instances is in
  ///   the summary.
  package func run(_ plan: Plan) throws -> RunSummary {
    try cache.prepare()
    let start = ContinuousClock.now
    var run = Run(plan: plan)
    if !keepsGoing, plan.count(.blocked) > 0 {
      run.stop = "not begun, because other instances are blocked"
    }
    for (index, item) in plan.items.enumerated() {
      let title = InstanceTitle(
        name: item.instance.name, kind: item.instance.kind.name, number: index + 1,
        total: plan.items.count)
      let outcome = settle(item, title, &run)
      run.outcomes.append(outcome)
      display.end(title, outcome)
      if case .failed = outcome, !keepsGoing, run.stop == nil {
        run.stop = "not begun after the failure"
      }
    }
    try RecipeLock.settle(
      run.cached, only: Set(plan.items.map(\.instance.name)), registration: registration,
      in: recipeFolder)
    return RunSummary(
      outcomes: run.outcomes, plan: run.carriedOut, wasInterrupted: run.wasInterrupted,
      seconds: (ContinuousClock.now - start) / .seconds(1))
  }

  private func settle(
    _ item: PlannedInstance, _ title: InstanceTitle, _ run: inout Run
  ) -> InstanceOutcome {
    guard item.state != .blocked, let key = item.key, let fields = item.fields else {
      return .failed(item.reason)
    }
    if let reason = run.stop ?? run.missingInput(of: item.instance) { return .skipped(reason) }
    if interruption.isRequested {
      run.interrupt()
      return .skipped("not begun before the interruption")
    }
    do {
      let inputs = try run.inputs(of: item.instance)
      let training = try run.finishedTraining(of: item.instance, key, missingIn: cache)
      let again = try training.flatMap { try runner.runAgain($0) { display.begin(title) } }
      let obtained = try runner.obtain(
        item.instance, key, fields, inputs, keeping: run.plan.wantedSteps(ofTraining: key)
      ) { display.begin(title) }
      let entry = [item.instance.name: LockedInstance(key: key, fields: fields)]
      // Many may be cached, so the lock is not read and written for each of them.
      let seconds = obtained.seconds ?? again
      if seconds == nil {
        run.cached.merge(entry) { $1 }
      } else {
        try RecipeLock.update(entry, in: recipeFolder)
      }
      run.artifacts[title.number - 1] = obtained.artifact
      return seconds.map { .ran(seconds: $0) } ?? .cached
    } catch is InterruptedError {
      run.interrupt()
      return .interrupted
    } catch {
      return .failed(sentence(for: error))
    }
  }

  private var runner: InstanceRunner {
    InstanceRunner(
      cache: cache, folders: folders, threads: threads, interruption: interruption,
      display: display, versions: versions)
  }
}

/// What a run has come to so far.
private struct Run {
  let plan: Plan
  var outcomes: [InstanceOutcome] = []
  var artifacts: [Int: Artifact] = [:]
  var cached: [String: LockedInstance] = [:]
  var stop: String?
  var wasInterrupted = false

  init(plan: Plan) { self.plan = plan }

  mutating func interrupt() {
    wasInterrupted = true
    stop = "not begun before the interruption"
  }

  /// The plan with what has come out.
  var carriedOut: Plan {
    Plan(
      items: plan.items.enumerated().map { index, item in
        PlannedInstance(
          instance: item.instance, state: item.state, reason: item.reason, fields: item.fields,
          key: item.key, artifact: artifacts[index], lastSeconds: item.lastSeconds)
      })
  }

  func missingInput(of instance: Instance) -> String? {
    let missing = instance.inputs.first { artifacts[$0.producer] == nil }
    return missing.map { input in
      let producer = plan.items[input.producer].instance.name
      return "its input '\(input.port)' (\(producer)) did not come out"
    }
  }

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
      let type = port.type == .asBound ? sources.first?.1.type : port.type
      return (
        input.port,
        InputArtifact(
          file: artifact.output(input.output), key: artifact.key, instance: producer.name,
          type: type ?? port.type, over: input.over, values: artifact.record.values,
          sources: sources)
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
  /// It stopped at a checkpoint because it was asked to.
  case interrupted
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
  package var failed: Int { outcomes.count { if case .failed = $0 { true } else { false } } }
  /// How many instances were not begun.
  package var skipped: Int { outcomes.count { if case .skipped = $0 { true } else { false } } }

  /// The program's exit code: 130 interrupted, 1 a stage failed, 0 done.
  package var exitCode: Int32 { wasInterrupted ? 130 : failed > 0 ? 1 : 0 }
}
