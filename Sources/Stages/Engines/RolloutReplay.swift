import Base
import Foundation
import Model
import Runner
import Tasks

/// A reinforcement learning over again, natively, on the very completions and rewards that it had: whether
/// another engine meant the same by its loss as its recipe does.
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
  /// How far apart the weights are at the end, as a share of how far training moved them.
  package let difference: Double

  /// Rounding in another order makes up to 5e-5 in float32 over a few steps, since small changes of the
  /// weights change gradients; another formula makes much more.
  package static let bound = 1e-3

  package var isWithinBound: Bool { difference <= Self.bound }
  /// The first step whose gradient is another one.
  package var firstDifference: Step? { steps.first { $0.difference > Self.bound } }

  /// - Parameter training: an instance of `rlvr` that is done.
  /// - Throws: `ReplayError`, and what reading and training throws.
  package init(
    of training: PlannedInstance, in plan: Plan, threads: Int,
    interruption: Interruption = Interruption()
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
    let model = try input("model")
    let trained = try TrainedModel(contentsOf: model, lora: nil, seed: parameters.seed)
    let start = trained.artifact.weights.values
    let rollouts = try RowTable(contentsOf: artifact.wholeOutput("rollouts"))
    let problems = try RowTable(contentsOf: input("problems"))
    let groups = try Self.groups(rollouts, problems, parameters, model, of: training.name)
    let logged = try artifact.metrics.map { try RowTable(contentsOf: $0) }
    steps = try Self.train(
      stage, trained, groups, try Problems(problems).ids, logged, threads, interruption)
    let end = try ModelArtifact(contentsOf: artifact.wholeOutput("model")).weights.values
    difference = WeightDistance.between(trained.artifact.weights.values, end, from: start)
  }

  private static func train(
    _ stage: RLVRStage, _ model: TrainedModel, _ groups: [[RolloutGroup]], _ ids: [String],
    _ logged: RowTable?, _ threads: Int, _ interruption: Interruption
  ) throws -> [Step] {
    let parameters = stage.parameters
    let pool = try WorkerPool(reserving: threads)
    let reference = ReferenceModel(model, parameters)
    let engine = TrainingEngine(
      weights: model.artifact.weights, adapters: nil, pool: pool,
      precision: parameters.optimiser.precision.forTraining)
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
      let row = logged.map { $0.row(index) } ?? [:]
      return Step(
        step: index + 1, loss: (row["loss"]?.number ?? .nan, report.loss),
        gradientNorm: (row["grad_norm"]?.number ?? .nan, applied["grad_norm"] ?? .nan))
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
  /// Native trainings do not keep the tokens of their completions.
  case noTokens(String)
  case incomplete(String, count: Int)

  package var description: String {
    switch self {
    case .noTraining(let name): "'\(name.visible)' is no finished training of the kind rlvr"
    case .missing(let what, let name):
      "what '\(name.visible)' was trained with is not there: \(what.visible)"
    case .noTokens(let name):
      "the rollouts of '\(name.visible)' have no token_ids; trainings with 'engine: trl' keep them"
    case .incomplete(let name, let count):
      "the rollouts of '\(name.visible)' are not those of all its steps: there are \(count)"
    }
  }
}
