import Base
import Foundation
import Runner
import Tasks

/// How far a training with TRL is, by what its adapter has said.
struct TRLProgress {
  let context: StageContext
  let request: TRLRequest
  /// The last step; nil before it has started.
  private var last: Int?
  private(set) var hasEnded = false
  private(set) var isDone = false
  private(set) var loss: Double?
  /// What trains, for the record.
  private(set) var description: JSONValue = .null

  init(context: StageContext, request: TRLRequest) {
    self.context = context
    self.request = request
  }

  /// Logs the steps that an earlier attempt took and nobody heard of.
  mutating func recover(_ lines: [Data]) throws {
    guard !lines.isEmpty else { return }
    var logged = try context.metrics.rows().count
    for line in lines {
      guard case .step(let step, let loss, let norm, let seconds)? = try? TRLEvent(line),
        step == logged + 1
      else { continue }
      try log(step, loss, norm, seconds)
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
    case (.started(let step, let description), nil) where (0...request.steps).contains(step):
      try context.metrics.truncate(after: step)
      self.description = description
      last = step
    case (.step(let step, let loss, let norm, let seconds), let before?)
    where step == before + 1 && step <= request.steps:
      try log(step, loss, norm, seconds)
      self.loss = loss
      last = step
      context.progress.update(
        StageProgress(
          step, of: request.steps, "steps", remark: "loss \(loss.formatted(decimals: 3))"))
    case (.checkpoint(let step), let before?) where step <= before: try context.metrics.sync()
    case (.stopped(let step), let before?) where step == before: hasEnded = true
    case (.done(let step), let before?):
      guard step == request.steps, before == step else {
        throw TRLError.incomplete("after step \(min(step, before)) of \(request.steps)")
      }
      if loss == nil { loss = try context.metrics.rows().last?["loss"]?.number }
      (hasEnded, isDone) = (true, true)
    default: throw stranger
    }
  }

  /// Logs under the names of native training; a step's learning rate and tokens follow from the request.
  private func log(_ step: Int, _ loss: Double, _ norm: Double, _ seconds: Double) throws {
    let batch = request.plan.indices(step: step).map { request.examples[$0] }
    let tokens = Double(batch.reduce(0) { $0 + $1.tokens.count })
    let rate = request.parameters.optimiser.learningRate(atUpdate: step - 1, of: request.steps)
    try context.metrics.log(
      step: step,
      [
        "loss": loss, "grad_norm": norm, "learning_rate": rate, "tokens": tokens,
        "epoch": Double(step) / Double(request.plan.stepsPerEpoch), "step_seconds": seconds,
        "tokens_per_second": tokens / max(seconds, 1e-9),
      ])
  }
}
