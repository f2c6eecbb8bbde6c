import Base
import Foundation
import Model
import Runner
import Tasks

/// Reinforcement learning with verifiable rewards: groups of completions, rewards by a verifier,
/// a clipped policy-gradient loss by components (paper section 3; DESIGN section 8).
package struct RLVRStage: Stage {
  package static let kind = "rlvr"
  package static let version = 2
  package static let changes = [
    2: "metrics with TRL's names are TRL's numbers; models come out as before"
  ]
  package static let metrics = TrainingLoop.metrics
  package static let names = PublishedNames(
    values: ["steps", "final_reward", TrainedModel.roundedName] + RewardSignal.names,
    facts: TrainingLoop.facts + [
      "loss_formula", "verifier", "warning", "template_sha256", "sandbox", "engine",
    ],
    metrics: TrainingLoop.metricNames + RolloutMetrics.names + PolicyUpdate.Report.names
      + TRLReinforcement.ratioNames)
  package static let kept: KeptOutput? = KeptModelStage.ofTraining
  package static let summary = "Trains a model by reinforcement learning with verifiable rewards."
  package static let example = """
    tuned:
      kind: rlvr
      inputs: {model: warmed, problems: halves.train}
      params: {steps: 20, problems_per_step: 8, group: 8, max_tokens: 256}
      keep: {every: 5}
    """
  package static let inputs = [
    StagePort("model", .model, "the model to start from"),
    StagePort("problems", .problems, "the problems to train on"),
  ]
  package static let outputs = [
    StagePort("model", .model, "the trained model"),
    StagePort("rollouts", .rollouts, "every completion that was sampled, with its reward"),
  ]

  /// The reward at the end, where the rollouts are there, and the signal in the log, whose numbers
  /// follow from nothing that is kept.
  package static func recomputedValues(_ outputs: PublishedOutputs) throws -> [String: JSONValue] {
    var values: [String: JSONValue] = [:]
    if let metrics = try outputs.metrics {
      values = RewardSignal(metrics.rows).values.mapValues { .number($0) }
    }
    if let rollouts = try outputs.table("rollouts").map(Rollouts.init) {
      let last = try rollouts.steps.max() ?? 0
      values["steps"] = .number(Double(last))
      if let mean = try reward(in: rollouts, at: last) { values["final_reward"] = .number(mean) }
    }
    return values
  }

  private static func reward(in rollouts: Rollouts, at step: Int) throws -> Double? {
    Statistics.mean(zip(try rollouts.steps, try rollouts.rewards).filter { $0.0 == step }.map(\.1))
  }

  let parameters: RLVRParameters

  package init(parameters: RLVRParameters) { self.parameters = parameters }

  package func identity(_ identity: JSONValue, inputs: [String: Traits]) -> JSONValue {
    identity.naming(verifier: parameters.verifier, of: inputs["problems"])
      .naming(parameters.engine, sampling: parameters.trl.identity)
  }

  package func run(_ context: StageContext) throws {
    let problems = try RowTable(contentsOf: context.input("problems").file)
    switch parameters.engine {
    case .native: try train(problems, context)
    case .trl: try trainWithTRL(problems, context)
    }
  }

  private func trainWithTRL(_ problems: RowTable, _ context: StageContext) throws {
    let order = try ProblemOrder(parameters, count: problems.count)
    let grader = try RolloutGrader(problems, parameters, threads: context.threads)
    let template = try publishTask(grader.task, context)
    let model = try context.input("model").file
    let vocabulary = try PromptTokenizer(contentsOf: model)
    let prompts = try grader.ids.indices.map { number in
      try vocabulary.tokens(
        ofPrompt: template.render(problems.row(number)), id: grader.ids[number],
        maxTokens: parameters.sampling.maxTokens)
    }
    let threads = max(1, context.threads / parameters.trl.division.processes)
    let settings = TRLReinforcementSettings(
      parameters, prompts: prompts, ends: vocabulary.configuration.endTokens,
      order: (1...parameters.steps).flatMap { order.places(step: $0).map(\.problem) })
    let work = try TRLReinforcement(
      settings, ids: grader.ids,
      worker: RewardWorker.Settings(
        parameters: parameters, problems: context.input("problems").file, model: model,
        threads: threads))
    var rows: [[String: JSONValue]] = []
    try TRLTraining(context: context, work: work).run { rows = try work.rows(in: $0) }
    try publish(rows, context)
  }

  private func train(_ problems: RowTable, _ context: StageContext) throws {
    let model = try TrainedModel(
      contentsOf: context.input("model").file, lora: parameters.lora, seed: parameters.seed)
    let reference = ReferenceModel(model, parameters)
    let rollouts = try rolloutSampler(problems, model, context)
    let loop = TrainingLoop(
      context: context, model: model,
      optimiser: parameters.optimiser, totalSteps: parameters.steps,
      updatesPerStep: parameters.updatesPerBatch,
      checkpointSeconds: parameters.checkpointSeconds)

    var memory = GrowingMemory(
      model.memoryUse(threads: context.threads),
      parameters.optimiser.precision)
    let logFile = context.workDirectory.appending(path: Rollouts.logName)
    var log = try RowLog(file: logFile)
    let resumed = { done in
      log = try RowLog(file: logFile) { (Rollouts.step(of: $0) ?? .max) <= done }
    }
    let sync = { try log.sync() }
    try loop.run(resumed: resumed, sync: sync) { step, engine, apply in
      if step == RewardSignal.firstSteps + 1 { try noticeSilence(context) }
      let groups = try rollouts.groups(step: step)
      let metrics = RolloutMetrics(groups, parameters)
      for row in metrics.rows(step: step, ids: rollouts.ids) { try log.append(row) }
      let update = PolicyUpdate(groups, parameters)
      try memory.makeRoom(for: update.largestBatch, step: step)
      let report = try learn(
        by: update, from: groups, ids: rollouts.ids, step, engine, reference, apply)
      return stepResult(metrics, report)
    }
    try model.write(to: context.output("model"))
    model.publishRounding(context)
    let (rows, tokens) = RolloutTokens.part(log.rows)
    try tokens?.table.write(
      to: context.supplement(RolloutTokens.supplement, of: "rollouts"))
    try publish(rows, context)
  }

  /// Says so while there is time to stop, if nothing was learned from the first steps.
  private func noticeSilence(_ context: StageContext) throws {
    if let notice = try RewardSignal(context.metrics).notice(parameters) {
      context.progress.notice("\(context.instance): \(notice)")
    }
  }

  private func rolloutSampler(
    _ problems: RowTable, _ model: TrainedModel, _ context: StageContext
  ) throws -> RolloutSampler {
    let order = try ProblemOrder(parameters, count: problems.count)
    let grader = try RolloutGrader(problems, parameters, threads: context.threads)
    let template = try publishTask(grader.task, context)
    let sampler = TextSampler(
      model.artifact, adapters: model.adapters, parameters.sampling, stopStrings: [],
      pool: try WorkerPool(reserving: context.threads))
    return RolloutSampler(order: order, grader: grader, template: template, sampler: sampler)
  }

  /// Says what completions are asked for and judged by.
  /// - Returns: the template of prompts.
  private func publishTask(
    _ task: any TaskDefinition, _ context: StageContext
  ) throws -> PromptTemplate {
    let template = try task.template(named: parameters.template, for: .train)
    let verifier = try task.verifier(named: parameters.verifier)
    context.publish(fact: .string(verifier), as: "verifier")
    if let hole = task.knownHole(of: verifier) {
      context.publish(
        fact: .string("its rewards come from a verifier with a hole: " + hole), as: "warning")
    }
    for (name, fact) in try task.facts() { context.publish(fact: fact, as: name) }
    context.publish(fact: .string(template.sha256), as: "template_sha256")
    return template
  }

  /// Updates the weights on a batch, once or several times.
  func learn(
    by update: PolicyUpdate, from groups: [RolloutGroup], ids: [String], _ step: Int,
    _ engine: TrainingEngine,
    _ reference: ReferenceModel, _ apply: () throws -> Void
  ) throws -> PolicyUpdate.Report {
    let referenceScores = reference.logProbabilities(update, engine)
    let sampled = parameters.updatesPerBatch > 1 ? update.logProbabilities(engine) : nil
    func problem(_ group: Int) -> String { "problem '\(ids[groups[group].problem])'" }
    var last = PolicyUpdate.Report()
    for number in 0..<parameters.updatesPerBatch {
      let old = number == 0 ? nil : sampled
      engine.zeroGradients()
      var report = update.accumulate(engine, old: old, reference: referenceScores)
      // The sampler is compared with the weights that it had, those before the first update.
      if number > 0 {
        (report.mismatchSum, report.mismatchMax) = (last.mismatchSum, last.mismatchMax)
      }
      last = report
      let notFinite = last.notFinite.sorted()
      guard last.loss.isFinite, notFinite.isEmpty else {
        throw TrainingError.loss(
          step: step, items: notFinite.map { "sample \($0.sample) of \(problem($0.group))" })
      }
      do {
        try apply()
      } catch OptimiserError.gradientNotFinite(let parameter, _) {
        let places = update.groupsWithoutFiniteGradients(
          engine, old: old, reference: referenceScores)
        throw TrainingError.gradient(
          step: step, parameter: parameter, items: places.map(problem))
      }
    }
    return last
  }

  private func stepResult(
    _ rollouts: RolloutMetrics, _ report: PolicyUpdate.Report
  ) -> TrainingLoop.StepResult {
    let metrics = rollouts.values.merging(report.values(parameters)) { $1 }
    let reward = metrics["reward"] ?? .nan
    let groups = "\(rollouts.groupsWithGradient) of \(rollouts.groups.count) groups differ"
    return TrainingLoop.StepResult(
      metrics: metrics,
      tokens: rollouts.groups.flatMap(\.completions).reduce(0) { $0 + $1.tokens.count },
      remark: "reward \(reward.formatted(decimals: 2)), \(groups)")
  }

  private func publish(_ rows: [[String: JSONValue]], _ context: StageContext) throws {
    let rollouts = Rollouts(rows: rows)
    try rollouts.table.write(to: context.output("rollouts"))
    context.publish(Double(parameters.steps), as: "steps")
    context.publish(fact: .string(parameters.formula), as: "loss_formula")
    if let mean = try Self.reward(in: rollouts, at: parameters.steps) {
      context.publish(mean, as: "final_reward")
    }
    let signal = try RewardSignal(context.metrics)
    for (name, value) in signal.values { context.publish(value, as: name) }
    if let warning = signal.warning(parameters) {
      context.progress.notice("\(context.instance): \(warning)")
      let warnings = [context.values["warning"]?.string, warning].compactMap(\.self)
      context.publish(fact: .string(warnings.joined(separator: "; ")), as: "warning")
    }
  }
}
