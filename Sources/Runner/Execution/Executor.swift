import Foundation

/// Carries out a plan, one instance after the other.
public struct Executor: Sendable {
  private let cache: Cache
  private let recipeFolder: URL
  private let environment: StageEnvironment
  private let threads: Int
  private let keepsGoing: Bool
  private let interruption: Interruption
  private let display: any RunDisplay
  private let versions: [String: String]

  /// Prepares an executor.
  /// - Parameters:
  ///   - recipeFolder: `results/<recipe>`, where the recipe's lock is kept.
  ///   - threads: how many threads a stage may use.
  ///   - keepsGoing: whether a failure stops only what depends on it.
  ///   - interruption: asks stages to stop; whoever handles signals requests it.
  ///   - versions: what to record beside the version of HDF5, such as this program's.
  public init(
    cache: Cache, recipeFolder: URL, environment: StageEnvironment, threads: Int,
    keepsGoing: Bool = false, interruption: Interruption = Interruption(),
    display: any RunDisplay = SilentDisplay(), versions: [String: String] = [:]
  ) {
    self.cache = cache
    self.recipeFolder = recipeFolder
    self.environment = environment
    self.threads = threads
    self.keepsGoing = keepsGoing
    self.interruption = interruption
    self.display = display
    self.versions = versions
  }

  /// Runs what is not in the cache yet. Blocks; stages run on threads of their own.
  ///
  /// Unless the executor keeps going, nothing runs while an instance is blocked, and nothing more
  /// runs after a failure.
  /// - Throws: `CacheError` when results cannot be written; what happens to single instances is in
  ///   the summary.
  public func run(_ plan: Plan) throws -> RunSummary {
    try cache.prepare()
    let start = ContinuousClock.now
    var run = Run(plan: plan)
    if !keepsGoing, plan.count(.blocked) > 0 {
      run.stop = "not begun, because other instances are blocked"
    }
    for (index, item) in plan.items.enumerated() {
      let title = InstanceTitle(
        name: item.instance.name, kind: item.instance.kind.kind, number: index + 1,
        total: plan.items.count)
      let outcome = settle(item, title, &run)
      run.outcomes.append(outcome)
      display.end(title, outcome)
      if case .failed = outcome, !keepsGoing, run.stop == nil {
        run.stop = "not begun after the failure"
      }
    }
    try RecipeLock.settle(
      run.cached, only: Set(plan.items.map(\.instance.name)), in: recipeFolder)
    return RunSummary(
      outcomes: run.outcomes, results: run.results, wasInterrupted: run.wasInterrupted,
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
      let obtained = try runner.obtain(item.instance, key, fields, inputs) { display.begin(title) }
      let entry = [item.instance.name: RecipeLock.Entry(key: key, fields: fields)]
      // Many may be cached, so the lock is not read and written for each of them.
      if obtained.seconds == nil {
        run.cached.merge(entry) { $1 }
      } else {
        try RecipeLock.update(entry, in: recipeFolder)
      }
      run.artifacts[title.number - 1] = obtained.artifact
      return obtained.seconds.map { .ran(seconds: $0) } ?? .cached
    } catch StageError.interrupted {
      run.interrupt()
      return .interrupted
    } catch {
      return .failed(sentence(for: error))
    }
  }

  private var runner: InstanceRunner {
    InstanceRunner(
      cache: cache, environment: environment, threads: threads, interruption: interruption,
      display: display, versions: versions)
  }
}

/// What a run has come to so far.
private struct Run {
  let plan: Plan
  var outcomes: [InstanceOutcome] = []
  var artifacts: [Int: Artifact] = [:]
  var cached: [String: RecipeLock.Entry] = [:]
  var stop: String?
  var wasInterrupted = false

  init(plan: Plan) { self.plan = plan }

  mutating func interrupt() {
    wasInterrupted = true
    stop = "not begun before the interruption"
  }

  var results: [InstanceResult] {
    plan.items.enumerated().compactMap { index, item in
      artifacts[index].map { InstanceResult(item.instance, $0) }
    }
  }

  func missingInput(of instance: Instance) -> String? {
    let missing = instance.inputs.first { artifacts[$0.producer] == nil }
    return missing.map { input in
      let producer = plan.items[input.producer].instance.name
      return "its input '\(input.port)' (\(producer)) did not come out"
    }
  }

  func inputs(of instance: Instance) throws -> [String: InputArtifact] {
    var inputs: [String: InputArtifact] = [:]
    for input in instance.inputs {
      let producer = plan.items[input.producer].instance
      guard let artifact = artifacts[input.producer],
        let port = producer.kind.outputs.first(where: { $0.name == input.output })
      else { throw StageError.unbound(port: input.port) }
      inputs[input.port] = InputArtifact(
        file: artifact.output(input.output), key: artifact.key, instance: producer.name,
        type: port.type)
    }
    return inputs
  }
}
