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

  /// Logs the steps that an earlier attempt took and nobody heard of.
  mutating func recover(_ lines: [Data]) throws {
    guard !lines.isEmpty else { return }
    var logged = try context.metrics.rows().count
    for line in lines {
      let event = try? TRLEvent(line)
      if case .kept(let update)? = event { try keep(update) }
      guard case .step(let update, let said, let seconds)? = event else { continue }
      let (step, rest) = update.quotientAndRemainder(dividingBy: work.updatesPerStep)
      self.seconds += seconds
      guard rest == 0 else { continue }
      // What was heard of has its own time.
      guard step == logged + 1 else {
        self.seconds = 0
        continue
      }
      try log(step, said)
      logged = step
    }
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
      try context.metrics.truncate(after: update / work.updatesPerStep)
      self.description = description
      last = update
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
