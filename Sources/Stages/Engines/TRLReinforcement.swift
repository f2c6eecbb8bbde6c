import Base
import Foundation
import Model
import Runner
import Tasks

/// An `rlvr` by TRL: prompts as token ids and their order; its completions come back to be rewarded by
/// ``RewardWorker``, which is also where they are kept.
struct TRLReinforcement: TRLWork {
  let settings: TRLReinforcementSettings
  let ids: [String]
  /// The worker's part, which it reads from a file.
  let worker: RewardWorker.Settings
  private var rollouts: RolloutFiles?

  init(
    _ settings: TRLReinforcementSettings, ids: [String], worker: RewardWorker.Settings
  ) {
    self.settings = settings
    self.ids = ids
    self.worker = worker
  }

  private var parameters: RLVRParameters { settings.parameters }
  private var prompts: [[Int32]] { settings.prompts }

  var trl: TRLParameters { parameters.trl.division }
  var steps: Int { parameters.steps }
  var updatesPerStep: Int { parameters.updatesPerBatch }
  /// How the loss weighs what vLLM sampled, where it does: of tokens, or of completions.
  static let ratioNames = ["mean", "min", "max"].map { "sampling/importance_sampling_ratio/\($0)" }
  /// How long a worker may take for an answer, in seconds: a program that is graded may take a while.
  private static let patience = 600

  /// Writes `request.json`, `rows.jsonl` and `worker.json`.
  func write(to folder: URL, model: URL, keep: Set<Int>) throws {
    try settings.writeRows(to: folder)
    try worker.write(to: folder)
    let program = "/proc/\(ProcessInfo.processInfo.processIdentifier)/exe"
    try settings.request([
      "worker_patience": .integer(Self.patience),
      "worker": [.string(program), "engine-worker", .string(folder.path)],
    ]).write(to: folder, model: model, keep: keep)
  }

  /// Metrics of rollouts are worked out from what the worker kept, those of updates are TRL's.
  mutating func metrics(
    step: Int, said: [String: Double], seconds: Double, in folder: URL
  ) throws -> [String: Double] {
    if rollouts == nil { rollouts = RolloutFiles(in: folder, processes: trl.processes) }
    let (parameters, prompts) = (parameters, prompts)
    let groups = try rollouts?.groups(step: step, parameters, prompts) ?? []
    var metrics = RolloutMetrics(groups, parameters).values
    for name in PolicyUpdate.Report.names + Self.ratioNames + ["entropy", "grad_norm"] {
      metrics[name] = said[name]
    }
    let update = step * updatesPerStep - 1
    let tokens = groups.flatMap(\.completions).reduce(0) { $0 + $1.tokens.count }
    metrics["learning_rate"] = parameters.optimiser.learningRate(
      atUpdate: update, of: steps * updatesPerStep)
    metrics["tokens"] = Double(tokens)
    metrics[MetricsLog.stepSeconds] = seconds
    metrics["tokens_per_second"] = Double(tokens) / max(seconds, 1e-9)
    return metrics
  }

  /// A row for each completion of all steps, as `rlvr` publishes them.
  /// - Throws: `TRLError.incomplete` where some are missing.
  func rows(in folder: URL) throws -> [[String: JSONValue]] {
    var files = RolloutFiles(in: folder, processes: trl.processes)
    return try (1...steps).flatMap { step in
      RolloutMetrics(try files.groups(step: step, parameters, prompts), parameters)
        .rows(step: step, ids: ids, withLogProbabilities: true)
    }
  }
}
