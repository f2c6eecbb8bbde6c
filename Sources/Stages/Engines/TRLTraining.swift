import Base
import Foundation
import Model
import Runner
import Tasks

/// A training by TRL: what is to be computed is written down, the adapter computes it in Python, and the
/// weights are read back. All of it lies in a folder of the work folder, so a run that was killed goes on
/// from TRL's last whole checkpoint.
struct TRLTraining: Sendable {
  let context: StageContext
  let work: any TRLWork

  private var folder: URL { context.workDirectory.appending(path: "trl") }
  private var base: URL { folder.appending(path: "base") }
  private var events: URL { trl.events }
  /// What the attempts before said of their steps, one after the other.
  private var history: URL { folder.appending(path: "history.jsonl") }
  private var stop: URL { folder.appending(path: "stop") }
  /// How long the adapter may take to end after its last word, in seconds.
  private static let patience = 60.0

  /// Trains, and writes the model.
  /// - Parameter finished: does what else is to be done with the training's folder.
  /// - Throws: `TRLError`, `InterruptedError` where it left a checkpoint, and what reading and writing
  ///   models throw. Nothing is written to the output unless it is whole.
  func run(finished: (URL) throws -> Void = { _ in }) throws {
    try prepare()
    // Being asked to stop must not end it: the adapter first writes a checkpoint.
    let ending = try BlockingTask.run(Interruption()) { try await train() }
    guard ending.isDone else { throw InterruptedError() }
    let rows = try context.metrics.rows().count
    guard rows == work.steps else {
      throw TRLError.incomplete("\(rows) of \(work.steps) steps were logged")
    }
    try finished(folder)
    let model = folder.appending(path: "model")
    try Self.handOver(model, to: context.output("model"), context)
    // The last step may be asked for as well.
    try context.keep(step: work.steps) { try Self.handOver(model, to: $0, context) }
    context.publish(fact: TRLCheckRecords.described(ending.description), as: "engine")
    context.publish(Double(work.steps), as: "steps")
  }

  private func prepare() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    // What earlier attempts said belongs to their checkpoints.
    var heard = TRLProgress(context, work, in: folder)
    try heard.recover(remember())
    for old in [events, stop, base, folder.appending(path: "model")] {
      if FileManager.default.fileExists(atPath: old.path) {
        try FileManager.default.removeItem(at: old)
      }
    }
    try trl.writeFiles()
    try Folder.make(base)
    try OpenedModel(contentsOf: context.input("model").file).export(to: base)
    // The last step is what comes out.
    try work.write(to: folder, model: base, keep: context.keptSteps.filter { $0 < work.steps })
  }

  /// Adds what the last attempt said of its steps to the history. A kill before its events are removed has
  /// them there twice, which says the same.
  /// - Returns: all lines of it.
  private func remember() throws -> [Data] {
    var (old, new) = (GrowingLines(file: history), GrowingLines(file: events))
    let said = try new.next().filter { line in
      switch try? TRLEvent(line) {
      case .step, .kept: true
      default: false
      }
    }
    let all = try old.next() + said
    try AtomicFile.write(
      all.map { String(decoding: $0, as: UTF8.self) + "\n" }.joined(), to: history)
    return all
  }

  private var trl: TRLProgram {
    TRLProgram(
      site: context.site, folder: folder, processes: work.trl.processes, threads: context.threads)
  }

  private func train() async throws -> TRLProgress {
    context.progress.notice("\(context.instance): training with TRL (\(context.site.python))")
    let program = trl.program
    return try await program.run { try await follow(program) }
  }

  /// Listens until the program has ended, or for a while after its last word.
  private func follow(_ program: GuardedProgram) async throws -> TRLProgress {
    var progress = TRLProgress(context, work, in: folder)
    var lines = GrowingLines(file: events)
    var lastWord = Date()
    while true {
      let status = program.status
      for line in try lines.next() {
        try progress.take(TRLEvent(line), line)
        lastWord = Date()
      }
      if let status {
        if progress.hasEnded { return progress }
        throw trl.death(status: status, program)
      }
      if progress.hasEnded, Date().timeIntervalSince(lastWord) > Self.patience { return progress }
      if context.interruption.isRequested, !FileManager.default.fileExists(atPath: stop.path) {
        try Data().write(to: stop)
      }
      try await Task.sleep(for: .milliseconds(100))
    }
  }

  /// Writes trained weights with all else of the model as it was.
  static func handOver(_ weights: URL, to file: URL, _ context: StageContext) throws {
    let start = try OpenedModel(contentsOf: context.input("model").file)
    let trained = try start.with(ShardedSafetensors(folder: weights, start.configuration))
    try trained.write(to: file)
  }
}
