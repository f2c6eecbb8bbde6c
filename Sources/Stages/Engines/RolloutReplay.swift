import Base
import Foundation
import Model
import Runner
import Tasks

/// A reinforcement learning over again, by another engine, on the very completions and rewards that it had:
/// whether both mean the same by its loss.
package struct RolloutReplay: Sendable {
  /// A step by what was logged of it, and by the replay.
  package struct Step: Sendable {
    package let step: Int
    package let loss: (logged: Double, replayed: Double)
    /// Before clipping.
    package let gradientNorm: (logged: Double, replayed: Double)

    /// How far apart the gradient norms are, as a share of the larger one.
    package var difference: Double {
      let largest = max(abs(gradientNorm.logged), abs(gradientNorm.replayed))
      return largest == 0 ? 0 : abs(gradientNorm.logged - gradientNorm.replayed) / largest
    }
  }

  package let steps: [Step]
  /// Who did the updates over again.
  package let engine: TrainingBackend
  /// How far apart the weights are at the end, as a share of how far training moved them.
  package let difference: Double

  /// Rounding in another order makes up to 5e-5 in float32 over a few steps, since small changes of the
  /// weights change gradients; another formula makes much more.
  package static let bound = 1e-3

  package var isWithinBound: Bool { difference <= Self.bound }
  /// The first step whose gradient is another one.
  package var firstDifference: Step? { steps.first { $0.difference > Self.bound } }

  /// - Parameters:
  ///   - training: an instance of `rlvr` that is done.
  ///   - engine: who is to train; the one that did not, where nil.
  ///   - site: where TRL is.
  /// - Throws: `ReplayError`, and what reading and training throws.
  package init(
    of training: PlannedInstance, in plan: Plan, by engine: TrainingBackend? = nil,
    site: Site = Site(), threads: Int, interruption: Interruption = Interruption()
  ) throws {
    guard let stage = training.instance.stage as? RLVRStage, let artifact = training.artifact
    else { throw ReplayError.noTraining(training.name) }
    func input(_ port: String) throws -> URL {
      guard let bound = training.instance.inputs.first(where: { $0.port == port }),
        let made = plan.items[bound.producer].artifact
      else { throw ReplayError.missing(port, of: training.name) }
      return try made.wholeOutput(bound.output)
    }
    let parameters = stage.parameters
    self.engine = engine ?? (parameters.engine == .trl ? .native : .trl)
    guard parameters.engine == .native || parameters.trl.correction == .none else {
      throw ReplayError.corrected(training.name, parameters.trl.correction)
    }
    guard parameters.lora == nil else { throw ReplayError.adapters(training.name) }
    if self.engine == .trl, let refusal = parameters.trlRefusals.first {
      throw ReplayError.refused(training.name, refusal.sentence)
    }
    let model = try input("model")
    let trained = try TrainedModel(contentsOf: model, lora: nil, seed: parameters.seed)
    let start = trained.artifact.weights.values
    let rollouts = try Self.rollouts(of: artifact, training.name)
    let problems = try RowTable(contentsOf: input("problems"))
    let groups = try Self.groups(rollouts, problems, parameters, model, of: training.name)
    let logged = try artifact.metrics.map { try RowTable(contentsOf: $0) }
    let said: [[String: Double]]
    let again: [Float]
    switch self.engine {
    case .native:
      said = try Self.train(
        stage, trained, groups, try Problems(problems).ids, threads, interruption)
      again = trained.artifact.weights.values
    case .trl:
      let replay = TRLReplay(
        parameters: parameters, model: model, groups: groups,
        ends: trained.artifact.weights.configuration.endTokens, site: site, threads: threads)
      let outcome = try replay.run(interruption)
      (said, again) = (outcome.said, outcome.weights)
    }
    steps = said.enumerated().map { index, said in
      let row = logged.map { $0.row(index) } ?? [:]
      return Step(
        step: index + 1, loss: (row["loss"]?.number ?? .nan, said["loss"] ?? .nan),
        gradientNorm: (row["grad_norm"]?.number ?? .nan, said["grad_norm"] ?? .nan))
    }
    let end = try ModelArtifact(contentsOf: artifact.wholeOutput("model")).weights.values
    difference = WeightDistance.between(again, end, from: start)
  }

  /// With tokens, which native trainings keep beside them.
  private static func rollouts(of artifact: Artifact, _ name: String) throws -> RowTable {
    let table = try RowTable(contentsOf: artifact.wholeOutput("rollouts"))
    guard
      let file = try artifact.wholeSupplement(RolloutTokens.supplement, of: "rollouts")
    else { return table }
    let tokens = try RowTable(contentsOf: file)
    guard tokens.count == table.count else {
      throw ReplayError.incomplete(name, count: tokens.count)
    }
    let rows = (0..<table.count).map { table.row($0).merging(tokens.row($0)) { $1 } }
    return Rollouts(rows: rows).table
  }

  private static func train(
    _ stage: RLVRStage, _ model: TrainedModel, _ groups: [[RolloutGroup]], _ ids: [String],
    _ threads: Int, _ interruption: Interruption
  ) throws -> [[String: Double]] {
    let parameters = stage.parameters
    let pool = try WorkerPool(reserving: threads)
    let reference = ReferenceModel(model, parameters)
    let engine = TrainingEngine(
      weights: model.artifact.weights, adapters: nil, pool: pool,
      precision: parameters.optimiser.precision)
    var optimiser = AdamW(model.layout, parameters.optimiser)
    return try groups.enumerated().map { index, groups in
      try interruption.check()
      var applied: [String: Double] = [:]
      let report = try stage.learn(
        by: PolicyUpdate(groups, parameters), from: groups, ids: ids, index + 1, engine, reference
      ) {
        applied = try optimiser.step(
          engine, parameters.optimiser, of: parameters.steps * parameters.updatesPerBatch,
          pool: pool)
      }
      applied["loss"] = report.loss
      return applied
    }
  }

  /// The groups of each step. Rows come by steps, and by groups within one.
  private static func groups(
    _ table: RowTable, _ problems: RowTable, _ parameters: RLVRParameters, _ model: URL,
    of name: String
  ) throws -> [[RolloutGroup]] {
    let rollouts = Rollouts(table)
    guard let tokens = try? rollouts.tokenIDs, let truncated = try? rollouts.truncated else {
      throw ReplayError.noTokens(name)
    }
    let (ids, task) = try (Problems(problems).ids, Problems(problems).task)
    let template = try task.template(named: parameters.template, for: .train)
    let vocabulary = try PromptTokenizer(contentsOf: model)
    let (named, outcomes, rewards) = try (
      rollouts.problemIDs, rollouts.outcomes, rollouts.rewards
    )
    let perStep = parameters.problemsPerStep * parameters.group
    guard table.count == parameters.steps * perStep else {
      throw ReplayError.incomplete(name, count: table.count)
    }
    return try (0..<parameters.steps).map { step in
      try (0..<parameters.problemsPerStep).map { slot in
        let first = step * perStep + slot * parameters.group
        let members = first..<first + parameters.group
        guard let problem = ids.firstIndex(of: named[first]) else {
          throw ReplayError.missing("problem '\(named[first])'", of: name)
        }
        return RolloutGroup(
          problem: problem,
          prompt: try vocabulary.tokens(ofPrompt: template.render(problems.row(problem))),
          completions: members.map {
            SampledText(
              tokens: tokens[$0], logProbabilities: [], text: "", isTruncated: truncated[$0])
          },
          verdicts: members.map { Verdict(outcomes[$0]) }, rewards: members.map { rewards[$0] })
      }
    }
  }
}

/// How far apart two trainings of one model have ended.
enum WeightDistance {
  /// The length of their difference as a share of the length of the first one's way.
  static func between(_ one: [Float], _ other: [Float], from start: [Float]) -> Double {
    func length(_ one: [Float], _ other: [Float]) -> Double {
      zip(one, other).reduce(0) { $0 + pow(Double($1.0) - Double($1.1), 2) }.squareRoot()
    }
    let way = length(one, start)
    let apart = length(one, other)
    return apart == 0 ? 0 : apart / way
  }
}

extension Weights {
  fileprivate var values: [Float] { buffer[0..<buffer.count] }
}

/// Why a training cannot be replayed.
package enum ReplayError: Error, CustomStringConvertible {
  case noTraining(String)
  case missing(String, of: String)
  /// It was made when native trainings did not keep the tokens of their completions.
  case noTokens(String)
  case incomplete(String, count: Int)
  case adapters(String)
  /// TRL cannot do its updates.
  case refused(String, String)
  /// The loss weighed what its sampler did, which native training does not know.
  case corrected(String, SamplerCorrection)

  package var description: String {
    switch self {
    case .noTraining(let name): "'\(name.visible)' is not a finished training of the kind rlvr"
    case .missing(let what, let name):
      "what '\(name.visible)' was trained with is not there: \(what.visible)"
    case .noTokens(let name):
      "the rollouts of '\(name.visible)' have no token_ids: it was trained when tokens were not kept; "
        + "train it again into another --results folder"
    case .adapters(let name):
      "'\(name.visible)' trained adapters ('lora'), which are not replayed"
    case .refused(let name, let sentence):
      "'\(name.visible)' cannot be replayed by TRL: \(sentence)"
    case .corrected(let name, let correction):
      "'\(name.visible)' was trained with trl.correction \(correction.rawValue), which native training "
        + "does not have"
    case .incomplete(let name, let count):
      "the rollouts of '\(name.visible)' are not those of all its steps: there are \(count)"
    }
  }
}
