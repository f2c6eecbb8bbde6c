import Base
import Foundation
import Model
import Runner
import Tasks

package struct PretrainParameters: ParameterSet {
  package var epochs = 1
  package var batchSize = 32
  package var seed = 42
  package var checkpointSeconds = 30.0
  package var optimiser = OptimiserParameters()

  /// Values that suit models of about a million parameters.
  package init() {
    optimiser.learningRate = 2e-3
    optimiser.warmupSteps = 50
    optimiser.weightDecay = 0.01
    optimiser.maxGradientNorm = 1
  }

  package static var fields: [Field<Self>] {
    [
      Field("epochs", \.epochs, range: 1...100_000, "passes over the texts"),
      Field("batch_size", \.batchSize, range: 1...100_000, "texts an optimiser step"),
      Field("seed", \.seed, "seed of the order of texts"),
      Field(
        "checkpoint_seconds", \.checkpointSeconds, range: .atLeast(0), identity: false,
        "longest time between checkpoints, in seconds"),
    ] + OptimiserParameters.fields.map { $0.lifted(through: \.optimiser) }
  }
}

/// Plain language modelling: the loss is the mean of -log p over all tokens of the texts.
package struct PretrainStage: Stage {
  package static let kind = "pretrain"
  package static let version = 1
  package static let metrics = TrainingLoop.metrics
  package static let names = PublishedNames(
    values: SupervisedTrainer.values, facts: TrainingLoop.facts, metrics: SupervisedTrainer.metrics)
  package static let kept: KeptOutput? = KeptModelStage.ofTraining
  package static let summary = "Trains a model on plain texts."
  package static let example = """
    pretrained:
      kind: pretrain
      inputs: {model: random, texts: words}
      params: {epochs: 2, batch_size: 32, learning_rate: 2e-3}
    """
  package static let inputs = [
    StagePort("model", .model, "the model to start from"),
    StagePort("texts", .texts, "the texts to learn"),
  ]
  package static let outputs = [StagePort("model", .model, "the trained model")]

  let parameters: PretrainParameters

  package init(parameters: PretrainParameters) { self.parameters = parameters }

  package func run(_ context: StageContext) throws {
    let trained = try TrainedModel(
      contentsOf: context.input("model").file, lora: nil, seed: parameters.seed)
    let model = trained.artifact
    let texts = try Texts(contentsOf: context.input("texts").file).texts
    guard !texts.isEmpty else { throw StageError.failed("there are no texts to learn") }
    let limit = model.weights.configuration.contextLength
    let examples = try texts.enumerated().map { index, text in
      let example = try SupervisedExample(text: text, model: model)
      guard example.tokens.count <= limit else {
        throw StageError.failed(
          "text \(index) has \(example.tokens.count) tokens, more than the model's context of "
            + "\(limit); split it or make a model with a longer context")
      }
      return example
    }
    let plan = EpochPlan(
      count: examples.count, batchSize: parameters.batchSize, seed: parameters.seed)
    try SupervisedTrainer(
      context: context, model: trained, examples: examples, name: { "text \($0)" }, plan: plan,
      steps: parameters.epochs * plan.stepsPerEpoch, optimiser: parameters.optimiser,
      checkpointSeconds: parameters.checkpointSeconds
    ).run()
  }
}

/// Supervised fine-tuning on traces: the warm-up of the paper (section 2).
///
/// The loss is the mean of -log p over the tokens of the completions in the batch, prompts left
/// out, or what `normaliser` makes of it. The end-of-text token is in the loss, so that the model
/// learns to stop, unless `supervise_end` says otherwise.
package struct DistillStage: Stage {
  package static let kind = "distill"
  package static let version = 1
  package static let metrics = TrainingLoop.metrics
  package static let names = PublishedNames(
    values: SupervisedTrainer.values + ["traces", TrainedModel.roundedName],
    facts: TrainingLoop.facts + ["engine"],
    metrics: SupervisedTrainer.metrics)
  package static let kept: KeptOutput? = KeptModelStage.ofTraining
  package static let summary = "Trains a model on the completions of traces (warm-up)."
  package static let example = """
    warmed:
      kind: distill
      inputs: {model: base, traces: both}
      params: {epochs: 1, batch_size: 8, learning_rate: 5e-5, schedule: cosine}
    """
  package static let inputs = [
    StagePort("model", .model, "the model to start from"),
    StagePort("traces", .traces, "prompts and completions to learn"),
  ]
  package static let outputs = [StagePort("model", .model, "the trained model")]

  let parameters: DistillParameters

  package init(parameters: DistillParameters) { self.parameters = parameters }

  package func identity(_ identity: JSONValue, inputs: [String: Traits]) -> JSONValue {
    identity.naming(parameters.engine)
  }

  package func run(_ context: StageContext) throws {
    let traces = try Traces(contentsOf: context.input("traces").file)
    let (examples, ids) = try supervisedExamples(
      traces, PromptTokenizer(contentsOf: context.input("model").file))
    let plan = EpochPlan(
      count: examples.count, batchSize: parameters.batchSize, seed: parameters.seed,
      leftOut: try LeftOut.row(parameters.leaveOut, of: examples.count, "trace"))
    let steps = parameters.epochs * plan.stepsPerEpoch
    switch parameters.engine {
    case .native: try train(examples, ids, plan, steps: steps, context)
    case .trl:
      let work = TRLDistill(
        parameters: parameters, examples: examples, plan: plan, steps: steps)
      try TRLTraining(context: context, work: work).run()
      if let loss = try context.metrics.rows().last?["loss"]?.number {
        context.publish(loss, as: "final_loss")
      }
    }
    context.publish(Double(examples.count), as: "traces")
  }

  private func train(
    _ examples: [SupervisedExample], _ ids: [String], _ plan: EpochPlan, steps: Int,
    _ context: StageContext
  ) throws {
    let model = try TrainedModel(
      contentsOf: context.input("model").file, lora: parameters.lora, seed: parameters.seed)
    var trainer = SupervisedTrainer(
      context: context, model: model, examples: examples, name: { "trace '\(ids[$0])'" },
      plan: plan, steps: steps, optimiser: parameters.optimiser,
      checkpointSeconds: parameters.checkpointSeconds)
    trainer.loss = parameters.loss
    try trainer.run()
    model.publishRounding(context)
  }

  /// The traces to learn, and their ids.
  private func supervisedExamples(
    _ traces: Traces, _ vocabulary: PromptTokenizer
  ) throws -> (examples: [SupervisedExample], ids: [String]) {
    let (ids, prompts) = try (traces.ids, traces.prompts)
    let (completions, accepted) = try (traces.texts, traces.accepted)
    let limit = min(parameters.maxTokens, vocabulary.configuration.contextLength)
    var examples: [SupervisedExample] = []
    var used: [String] = []
    for index in 0..<traces.count where accepted[index] || parameters.includeRejected {
      let example = try SupervisedExample(
        prompt: prompts[index], completion: completions[index],
        supervisesEnd: parameters.superviseEnd, vocabulary: vocabulary)
      guard example.targetCount > 0 else {
        throw StageError.failed(
          "trace '\(ids[index])' has no token to learn; leave it out or set supervise_end")
      }
      guard example.tokens.count <= limit else {
        throw StageError.failed(
          "trace '\(ids[index])' has \(example.tokens.count) tokens, more than the \(limit) that "
            + "fit; shorten the traces or raise max_tokens if the model's context allows it")
      }
      examples.append(example)
      used.append(ids[index])
    }
    guard !examples.isEmpty else {
      throw StageError.failed("none of the \(traces.count) traces was accepted; nothing to learn")
    }
    return (examples, used)
  }
}
