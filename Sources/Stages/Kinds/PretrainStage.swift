import Foundation
import Model
import Runner

/// Parameters of `pretrain`.
package struct PretrainParameters: ParameterSet {
  /// Passes over the texts.
  package var epochs = 1
  /// Texts an optimiser step.
  package var batchSize = 32
  /// The seed of the order.
  package var seed = 42
  /// Seconds between checkpoints.
  package var checkpointSeconds = 30.0
  /// How weights are updated.
  package var optimiser = OptimiserParameters()

  /// Values that suit models of about a million parameters.
  package init() {
    optimiser.learningRate = 2e-3
    optimiser.warmupSteps = 50
    optimiser.weightDecay = 0.01
    optimiser.maxGradientNorm = 1
  }

  /// What a recipe may say.
  package static var fields: [Field<Self>] {
    [
      Field("epochs", \.epochs, range: 1...100_000, "passes over the texts"),
      Field("batch_size", \.batchSize, range: 1...100_000, "texts an optimiser step"),
      Field("seed", \.seed, "seed of the order of texts"),
      Field(
        "checkpoint_seconds", \.checkpointSeconds, range: .atLeast(0), identity: false,
        "seconds between checkpoints"),
    ] + OptimiserParameters.fields.map { $0.lifted(through: \.optimiser) }
  }
}

/// Plain language modelling: the loss is the mean of -log p over all tokens of the texts.
package struct PretrainStage: Stage {
  package static let kind = "pretrain"
  package static let version = 1
  package static let summary = "Trains a model on plain texts."
  package static let inputs = [
    Port("model", .model, "the model to start from"),
    Port("texts", .texts, "the texts to learn"),
  ]
  package static let outputs = [Port("model", .model, "the trained model")]

  let parameters: PretrainParameters

  package init(parameters: PretrainParameters) { self.parameters = parameters }

  package func run(_ context: StageContext) throws {
    let model = try ModelArtifact(contentsOf: context.input("model").file)
    let texts = try RowTable(contentsOf: context.input("texts").file).strings("text")
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
      context: context, model: model, examples: examples, name: { "text \($0)" }, plan: plan,
      steps: parameters.epochs * plan.stepsPerEpoch, optimiser: parameters.optimiser,
      checkpointSeconds: parameters.checkpointSeconds
    ).run()
  }
}
