import Base
import Foundation
import Model
import Runner

/// A small model trained by TRL on this machine, and how far its weights are from those of native training:
/// distilled, and reinforced, which is replayed natively on the completions that TRL sampled.
package struct TRLCheck: Sendable {
  /// For a divisor of the loss, the distance of both sets of distilled weights as a share of how far
  /// training moved them.
  package let distilled: [(normaliser: String, share: Double)]
  package let reinforced: RolloutReplay
  /// How far log p of the sampled tokens are from those in training, on average over the tokens of the first
  /// step, in nats; nil where transformers sampled, which has the model itself.
  package let sampling: Double?
  /// What trained: TRL's versions and device.
  package let description: JSONValue

  /// Rounding in another order makes about 1e-6 in float32; another formula makes much more.
  package static let bound = 1e-4
  /// In float32 a sampler is about 1e-5 from its model; another model, or one of 16 bits, is farther.
  package static let samplingBound = 1e-3

  /// Six steps, of which the last of each epoch is smaller, with clipping, decay and a schedule. Then four
  /// of two updates each, with a divergence, scaled advantages and clipping that takes effect.
  private static func recipe(
    processes: Int, _ sharding: TRLSharding, _ sampler: TRLSampler
  ) -> String {
    // vLLM has no heads of 16 numbers.
    let hidden = sampler == .vllm ? 128 : 32
    return """
      version: 1
      name: check
      axes: {engine: [native, trl], normaliser: [batch_tokens, microbatch_tokens]}
      stages:
        puzzles: {kind: knights_and_knaves, params: {people: 2, count: \(12 * processes - 1), seed: 1}}
        texts: {kind: write_texts, inputs: {puzzles: puzzles}, params: {count: 100}}
        random:
          kind: scratch_model
          inputs: {texts: texts}
          params:
            vocabulary: 320
            hidden: \(hidden)
            layers: 2
            heads: 2
            key_value_heads: 1
            intermediate: 64
            context: 1024
        traces: {kind: write_traces, inputs: {problems: puzzles}, params: {style: short, prompt: short}}
        warmed:
          kind: distill
          inputs: {model: random, traces: traces}
          params:
            engine: "${engine}"
            normaliser: "${normaliser}"
            epochs: 2
            batch_size: \(4 * processes)
            learning_rate: 1e-2
            warmup_steps: 2
            schedule: cosine
            max_gradient_norm: 0.5
            weight_decay: 0.1
            trl: {processes: \(processes), per_device: 2, sharding: \(sharding.rawValue)}
        reinforced:
          kind: rlvr
          inputs: {model: random, problems: puzzles}
          params:
            engine: "${engine}"
            steps: 4
            problems_per_step: \(3 * processes)
            group: 4
            updates_per_batch: 2
            max_tokens: 24
            reward: random
            template: knights_and_knaves_short
            temperature: 0.9
            top_p: 1.0
            learning_rate: 3e-3
            warmup_steps: 0
            max_gradient_norm: 0.5
            loss: {advantage: scaled, normaliser: sequence, clip_low: 0.05, clip_high: 0.08, kl: 0.05}
            trl: {processes: \(processes), per_device: 2, sharding: \(sharding.rawValue), sampler: \(sampler.rawValue)}
      """
  }

  /// - Parameters:
  ///   - processes: how many TRL takes, one for each GPU.
  ///   - sharding: what each holds.
  ///   - sampler: who samples.
  /// - Throws: what went wrong in one of the two.
  package init(
    _ site: Site, threads: Int, processes: Int, sharding: TRLSharding = .none,
    sampler: TRLSampler = .transformers, interruption: Interruption = Interruption()
  ) throws {
    self = try TemporaryFolder.with { folder in
      let recipe = try Recipe.parse(
        Self.recipe(processes: processes, sharding, sampler),
        file: folder.appending(path: "check.yaml"),
        registry: .standard)
      let folders = DataFolders(
        searchPaths: [folder], downloads: folder.appending(path: "downloads"))
      let cache = Cache(folder: folder.appending(path: "cache"))
      let summary = try Executor(
        cache: cache, recipeFolder: folder.appending(path: "check"), folders: folders,
        budget: RunBudget(threads: threads), site: site, interruption: interruption
      ).run(Planner(cache: cache, folders: folders).plan(recipe.instances))
      for case .failed(let sentence) in summary.outcomes { throw StageError.failed(sentence) }
      try interruption.check()
      return try TRLCheck(summary, threads: threads, interruption)
    }
  }

  private init(
    _ summary: RunSummary, threads: Int, _ interruption: Interruption
  ) throws {
    let results = Dictionary(
      uniqueKeysWithValues: summary.plan.results.map { ($0.name, $0) })
    func weights(_ name: String) throws -> [Float] {
      guard let folder = results[name]?.artifact?.folder else {
        throw StageError.failed("'\(name)' did not come out")
      }
      let weights = try ModelArtifact(contentsOf: folder.appending(path: "model.h5")).weights
      return weights.buffer[0..<weights.buffer.count]
    }
    let start = try weights("random")
    distilled = try ["batch_tokens", "microbatch_tokens"].map { normaliser in
      let (native, trl) = try (
        weights("warmed[engine=native,normaliser=\(normaliser)]"),
        weights("warmed[engine=trl,normaliser=\(normaliser)]")
      )
      return (normaliser, WeightDistance.between(native, trl, from: start))
    }
    let engine = results["reinforced[engine=trl]"]?.values["engine"]?.object ?? [:]
    description = .object(engine.filter { $0.key != "checked" })
    guard let training = results["reinforced[engine=trl]"] else {
      throw StageError.failed("'reinforced' did not come out")
    }
    let logged = try training.artifact?.metrics.map { try RowTable(contentsOf: $0).rows }
    sampling = logged?.first?["sampling/logp_difference_mean"]?.number
    reinforced = try RolloutReplay(
      of: training, in: summary.plan, threads: threads, interruption: interruption)
  }
}
