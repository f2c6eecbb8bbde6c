import Base
import Foundation
import Runner
import Tasks

/// How far a training with TRL is, by what its adapter has said.
struct TRLProgress {
  private let context: StageContext
  private let folder: URL
  private var work: any TRLWork
  /// The last update; nil before it has started.
  private var last: Int?
  /// Seconds since the last step that was logged.
  private var seconds = 0.0
  private(set) var hasEnded = false
  private(set) var isDone = false
  /// What trains, for the record.
  private(set) var description: JSONValue = .null

  init(_ context: StageContext, _ work: any TRLWork, in folder: URL) {
    self.context = context
    self.work = work
    self.folder = folder
  }

  private var updates: Int { work.steps * work.updatesPerStep }

  /// Logs the steps that earlier attempts took, as far as all is known of them. An attempt that began at an
  /// earlier checkpoint took some steps again, which then count as it took them.
  /// - Parameter lines: what the attempts said, one after the other.
  mutating func recover(_ lines: [Data]) throws {
    var updates: [(said: [String: Double], seconds: Double)] = []
    for line in lines {
      switch try? TRLEvent(line) {
      case .kept(let update): try keep(update)
      case .step(let update, let said, let seconds) where (1...updates.count + 1).contains(update):
        updates.removeSubrange((update - 1)...)
        updates.append((said, seconds))
      default: continue
      }
    }
    try context.metrics.truncate(after: 0)
    for (index, update) in updates.enumerated() {
      let (step, rest) = (index + 1).quotientAndRemainder(dividingBy: work.updatesPerStep)
      seconds += update.seconds
      // The completions of steps behind the last checkpoint may be gone: those are taken again.
      do { if rest == 0 { try log(step, update.said) } } catch is TRLError { break }
    }
    seconds = 0
    try context.metrics.sync()
  }

  /// - Throws: `TRLError` for what may not come now, and for what has failed.
  mutating func take(_ event: TRLEvent, _ line: Data) throws {
    let stranger = TRLError.unreadable(String(decoding: line.prefix(200), as: UTF8.self))
    if hasEnded { throw stranger }
    switch (event, last) {
    case (.failed(let kind, let sentence), _):
      throw TRLError.failed(kind: kind, sentence: sentence)
    case (.started(let update, let description), nil)
    where (0...updates).contains(update) && update.isMultiple(of: work.updatesPerStep):
      let step = update / work.updatesPerStep
      try context.metrics.truncate(after: step)
      guard try context.metrics.rows().count == step else { throw TRLError.forgotten(folder.path) }
      self.description = description
      last = update
      if let device = description["device"]?.string {
        context.progress.notice("\(context.instance): TRL trains on \(device.visible)")
      }
    case (.step(let update, let said, let seconds), let before?)
    where update == before + 1 && update <= updates:
      self.seconds += seconds
      if update.isMultiple(of: work.updatesPerStep) { try log(update / work.updatesPerStep, said) }
      last = update
    case (.checkpoint(let update), let before?) where update <= before:
      try context.metrics.sync()
    case (.kept(let update), let before?)
    where update <= before + 1 && update.isMultiple(of: work.updatesPerStep):
      try keep(update)
    case (.stopped(let update), let before?) where update == before: hasEnded = true
    case (.done(let update), let before?):
      guard update == updates, before == update else {
        throw TRLError.incomplete("after step \(min(update, before)) of \(updates)")
      }
      (hasEnded, isDone) = (true, true)
    default: throw stranger
    }
  }

  /// Has the weights behind an update kept, unless that was done before.
  private func keep(_ update: Int) throws {
    let weights = folder.appending(path: "kept/step-\(update)")
    guard FileManager.default.fileExists(atPath: weights.path) else { return }
    try context.keep(step: update / work.updatesPerStep) { file in
      try TRLTraining.handOver(weights, to: file, context)
    }
    try FileManager.default.removeItem(at: weights)
  }

  /// Logs a step and shows it.
  private mutating func log(_ step: Int, _ said: [String: Double]) throws {
    let metrics = try work.metrics(step: step, said: said, seconds: seconds, in: folder)
    seconds = 0
    try context.metrics.log(step: step, metrics)
    let shown =
      metrics["reward"].map { "reward \($0.formatted(decimals: 2))" }
      ?? "loss \((said["loss"] ?? .nan).formatted(decimals: 3))"
    context.progress.update(StageProgress(step, of: work.steps, "steps", remark: shown))
  }
}
