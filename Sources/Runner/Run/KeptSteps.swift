import Base
import Foundation

extension Instance {
  /// What the instance can keep, where it is a training.
  var keptOutput: KeptOutput? { stage.flatMap { type(of: $0).kept } }

  /// The step, where the instance is the kept output of a training.
  package var keptStep: Int? { (stage as? any KeptStage)?.step }

  /// How many steps a training took that led to an artifact.
  func stepsTaken(_ artifact: Artifact) -> Int? {
    keptOutput.flatMap { artifact.record.values[$0.steps]?.number }.flatMap { Int(exactly: $0) }
  }
}

/// A step of a training whose output somebody asked for, as an artifact of its own.
struct WantedStep {
  let instance: Instance
  let step: Int
  let key: String
  let fields: KeyFields
  let producers: [String: String]
  /// The output's file.
  let fileName: String
}

extension Plan {
  /// The steps that a plan wants kept of a training, whatever its instances are called.
  func wantedSteps(ofTraining key: String) -> [WantedStep] {
    items.compactMap { item in
      guard item.isAsked, let step = item.instance.keptStep,
        let input = item.instance.inputs.first, items[input.producer].key == key,
        let ownKey = item.key, let fields = item.fields,
        let output = item.kind.outputs.first
      else { return nil }
      return WantedStep(
        instance: item.instance, step: step, key: ownKey, fields: fields,
        producers: [input.port: items[input.producer].name], fileName: "\(output.name).h5")
    }
  }
}

/// Publishes the output of a training that runs, as it is after each step that is wanted. What is
/// published stays, whatever becomes of the training.
struct StepPublisher: StepKeeper {
  let runner: InstanceRunner
  let training: String
  let steps: [WantedStep]

  var wanted: Set<Int> { Set(steps.map(\.step)) }

  func keep(step: Int, write: (URL) throws -> Void) throws {
    for wanted in steps where wanted.step == step {
      try runner.publish(wanted, InstanceRunner.Attempt(), write: write)
    }
  }
}

/// Lays the output of a training that runs again aside, until it has ended as it did before: a folder
/// for each step, with the output's file and what lies beside it.
private struct StepStage: StepKeeper {
  let folder: URL
  /// The name of the output's file, by step.
  let steps: [Int: String]

  var wanted: Set<Int> { Set(steps.keys) }

  private func place(_ step: Int) -> URL { folder.appending(path: "kept-\(step)") }

  func has(_ step: Int) -> Bool { FileManager.default.fileExists(atPath: place(step).path) }

  func keep(step: Int, write: (URL) throws -> Void) throws {
    guard let name = steps[step], !has(step) else { return }
    try AtomicFile.writeFolder(to: place(step)) { try write($0.appending(path: name)) }
  }

  /// Moves what was kept of a step to where its output's file is to be.
  func move(_ step: Int, to file: URL) throws {
    let manager = FileManager.default
    for name in try manager.contentsOfDirectory(atPath: place(step).path) {
      try manager.moveItem(
        at: place(step).appending(path: name),
        to: file.deletingLastPathComponent().appending(path: name))
    }
  }
}

/// A training that is done, and steps that were asked for later.
struct FinishedTraining {
  let instance: Instance
  let artifact: Artifact
  let inputs: [String: InputArtifact]
  /// The steps that are missing.
  let steps: [WantedStep]
}

extension InstanceRunner {
  /// Publishes the output of a step, unless it is there already.
  fileprivate func publish(
    _ wanted: WantedStep, _ attempt: Attempt, write: (URL) throws -> Void
  ) throws {
    // Whoever else holds this lock publishes the same bytes, and is done in no time.
    _ = try cache.obtain(
      wanted.key, interruption: Interruption(), waiting: { _ in },
      make: { output, _ in
        let started = ContinuousClock.now
        try write(output.appending(path: wanted.fileName))
        var attempt = attempt
        attempt.seconds += (ContinuousClock.now - started) / .seconds(1)
        return record(
          wanted.key, wanted.fields, of: wanted.instance, attempt, producers: wanted.producers)
      })
  }

  /// Runs a training again, to its end, for steps that were asked for after it had ended, and
  /// publishes them if it ended with the same bytes as before.
  /// - Returns: how long it ran, in seconds; nil where another run has published them meanwhile.
  /// - Throws: `StageError.failed` where it did not; then nothing is published.
  func runAgain(_ training: FinishedTraining, begin: () -> Void) throws -> Double? {
    begin()
    var seconds: Double?
    try cache.withWorkFolder(
      WorkFolder.nameOfRepetition(training.artifact.key), interruption: interruption,
      waiting: { display.notice("\(training.instance.name): waiting, \($0)") },
      body: { work in
        let missing = training.steps.filter { !cache.isPresent($0.key) }
        if !missing.isEmpty { seconds = try repeated(training, for: missing, in: work) }
      })
    return seconds
  }

  /// Runs the training in a folder of its own, and publishes what is missing.
  private func repeated(
    _ training: FinishedTraining, for missing: [WantedStep], in work: WorkFolder
  ) throws -> Double {
    let stage = StepStage(
      folder: work.url, steps: Dictionary(missing.map { ($0.step, $0.fileName) }) { $1 })
    // From a checkpoint behind a step that was not kept, that step would never be seen.
    let done = work.newestStep ?? 0
    if missing.contains(where: { $0.step <= done && !stage.has($0.step) }) {
      try FileManager.default.removeItem(at: work.url)
    }
    let output = try work.prepare()
    let more = missing.count > 1 ? " and \(missing.count - 1) more" : ""
    display.notice(
      "\(training.instance.name) runs again, to keep \(missing[0].instance.name)\(more)")
    let whole = try attempt(
      training.instance, training.inputs, output: output, work, keeper: stage)
    defer { try? FileManager.default.removeItem(at: work.url) }
    try compare(output, with: training)
    for wanted in missing {
      guard stage.has(wanted.step) else { throw KeptStepError.none(training, wanted).failure }
      // Each bears its part of the time, so that the sum over results is what was spent.
      let part = Attempt(
        started: whole.started, seconds: whole.seconds / Double(missing.count),
        resumedFrom: whole.resumedFrom)
      try publish(wanted, part) { try stage.move(wanted.step, to: $0) }
    }
    return whole.seconds
  }

  private func compare(_ output: URL, with training: FinishedTraining) throws {
    for port in training.instance.kind.outputs {
      let name = "\(port.name).h5"
      let before = training.artifact.record.files[name]?.sha256
      guard try SHA256Digest.hex(ofFile: output.appending(path: name)) == before else {
        throw KeptStepError.differs(training, name).failure
      }
    }
  }
}

/// Why a step that was asked for later cannot be had.
private enum KeptStepError {
  /// The training has no such step.
  case none(FinishedTraining, WantedStep)
  /// The training ended with another file than before.
  case differs(FinishedTraining, String)

  /// A sentence for people.
  var failure: StageError {
    switch self {
    case .none(let training, let wanted):
      .failed("'\(training.instance.name)' has no step \(wanted.step); ask for an earlier one")
    case .differs(let training, let name):
      .failed(
        "'\(training.instance.name)' ran again and ended with another \(name) than the one in the "
          + "cache, which \(machine(training)) made; nothing was kept. Run it on that type of "
          + "processor, or remove \(training.artifact.folder.relativePath) to train anew")
    }
  }

  private func machine(_ training: FinishedTraining) -> String {
    let machine = training.artifact.record.machine
    return "\(machine.host) (\(machine.processor))"
  }
}

extension WorkFolder {
  /// Where a training that is done runs again; not where it ran first, which is nobody's any more.
  static func nameOfRepetition(_ key: String) -> String { "\(key)-again" }
}

extension Cache {
  /// Whether a key's artifact is there, and whole as far as sizes tell.
  func isPresent(_ key: String) -> Bool {
    if case .present = lookUp(key) { true } else { false }
  }
}
