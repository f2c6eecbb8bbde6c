import Base
import Foundation

/// What a run has come to so far.
struct RunState {
  let plan: Plan
  /// The outcome of each instance of the plan that has one.
  private(set) var outcomes: [InstanceOutcome?]
  var artifacts: [Int: Artifact] = [:]
  /// What the lock does not say yet of what has come out, and of what gates stop. The cache has the
  /// results all the same, so a run that is killed loses none.
  var unwritten: [String: LockedInstance] = [:]
  /// The plan with what has come out so far, and what gates say of it.
  private(set) var settled: [PlannedInstance]
  /// The keys of what was damaged and is made again.
  var repaired: Set<String> = []
  var stop: String?
  var wasInterrupted = false
  /// Whether anything was made.
  var hasRun = false
  private var lastKept = ContinuousClock.now
  private var costOfKeeping = Duration.zero

  /// The place of each instance among those that are asked for, from 1.
  private let numbers: [Int]

  init(plan: Plan) {
    self.plan = plan
    outcomes = Array(repeating: nil, count: plan.items.count)
    settled = plan.items
    var count = 0
    numbers = plan.items.map { item in
      count += item.isAsked ? 1 : 0
      return count
    }
  }

  /// Whether the lock is to be written again: a second after the last time, or later where it is so
  /// long that this would take more than a twentieth of the run.
  var isKeepingDue: Bool {
    ContinuousClock.now - lastKept >= max(.seconds(1), costOfKeeping * 20)
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
  mutating func leave(_ index: Int, reading values: ValueReader) {
    let item = plan.items[index]
    let left = item.gated(after: settled, reading: values)
    artifacts[index] = left.artifact
    if let key = left.key, left.isDone || left.state == .stopped {
      unwritten[item.name] = LockedInstance(
        key: key, fields: left.fields, isStopped: left.state == .stopped)
    }
    outcomes[index] = .notAsked
    settled[index] = left
  }

  /// The plan's instances with what has come out so far.
  var settledItems: [PlannedInstance] { settled }

  /// The plan with what has come out.
  var carriedOut: Plan { Plan(items: settled) }

  mutating func note(
    _ outcome: InstanceOutcome, of index: Int, reading values: ValueReader
  ) {
    let item = plan.items[index]
    outcomes[index] = outcome
    guard case .stopped(let reason) = outcome else {
      // A plan may have taken it for stopped by what has been made anew since.
      let state = item.state == .stopped ? .toRun : item.state
      settled[index] = item.with(
        state, item.reason, artifact: artifacts[index], reading: values)
      return
    }
    settled[index] = item.with(.stopped, reason, artifact: nil)
    unwritten[item.name] = item.key.map {
      LockedInstance(key: $0, fields: item.fields, isStopped: true)
    }
  }

  /// What an instance stops or marks, where it is a gate that has failed.
  func consequence(of index: Int) -> String? {
    settled[index].outcome?.passes == false ? carriedOut.consequence(ofGate: index) : nil
  }

  /// What becomes of an instance without any work; nil where it may run.
  func outcomeWithoutWork(of index: Int) -> InstanceOutcome? {
    let item = plan.items[index]
    if let reason = item.stop(after: settled) { return .stopped(reason) }
    if item.state == .blocked || item.key == nil || item.fields == nil {
      return .failed(item.reason)
    }
    let reason = stop ?? missingInput(of: item.instance) ?? missingGate(of: item)
    return reason.map { .skipped($0) }
  }

  /// The steps that are to be kept of an instance, where it is a training.
  func keeping(of item: PlannedInstance, _ key: String) -> [WantedStep] {
    item.instance.keptOutput == nil ? [] : plan.wantedSteps(ofTraining: key)
  }

  /// An instance has come out.
  mutating func take(_ obtained: InstanceRunner.Obtained, of index: Int) -> InstanceOutcome {
    let item = plan.items[index]
    if let key = item.key {
      unwritten[item.name] = LockedInstance(key: key, fields: item.fields)
    }
    artifacts[index] = obtained.artifact
    guard let seconds = obtained.seconds else { return .cached }
    hasRun = true
    return .ran(seconds: seconds)
  }

  /// A gate that did not come out, so that nobody knows whether it would stop the instance. What is
  /// cached costs nothing.
  private func missingGate(of item: PlannedInstance) -> String? {
    guard item.state != .cached, let gate = item.unknownGate(after: settled) else { return nil }
    return "its gate '\(settled[gate].name)' did not come out"
  }

  private func missingInput(of instance: Instance) -> String? {
    let missing = instance.inputs.first { artifacts[$0.producer] == nil }
    return missing.map { input in
      let producer = plan.items[input.producer].instance.name
      return "its input '\(input.port)' (\(producer)) did not come out"
    }
  }

  /// The first instance that came out under a key.
  func index(of key: String) -> Int? { artifacts.filter { $0.value.key == key }.keys.min() }

  /// What displays say of an instance.
  func title(of index: Int, _ forecast: RunForecast.Seconds = .init()) -> InstanceTitle {
    let item = plan.items[index]
    return InstanceTitle(
      name: item.name, kind: item.kind.name, number: numbers[index], total: numbers.last ?? 0,
      forecast: forecast)
  }

  /// Puts what was made again in the place of what was damaged.
  mutating func replace(
    _ key: String, _ made: InstanceRunner.Obtained, reading values: ValueReader
  ) {
    let first = index(of: key)
    for (index, artifact) in artifacts where artifact.key == key {
      artifacts[index] = made.artifact
      guard outcomes[index] != nil else { continue }
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

extension RunState {
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
