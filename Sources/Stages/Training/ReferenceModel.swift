import Model

/// The model that reinforcement learning starts from, from which the loss measures the divergence.
enum ReferenceModel {
  /// The loss has no divergence.
  case none
  /// A copy of the weights, which training changes.
  case copy(Weights)
  /// The model that is trained, without its adapters.
  case withoutAdapters

  init(_ model: TrainedModel, _ parameters: RLVRParameters) {
    self =
      parameters.loss.kl == 0
      ? .none
      : model.adapters != nil ? .withoutAdapters : .copy(Weights(copying: model.artifact.weights))
  }

  /// log p of every completion's tokens; nil where nobody asks.
  /// - Parameter engine: The engine of the model that is trained.
  func logProbabilities(
    _ update: PolicyUpdate, _ engine: TrainingEngine
  ) -> PolicyUpdate.LogProbabilities? {
    switch self {
    case .none: return nil
    case .withoutAdapters: return update.logProbabilities(engine, adapted: false)
    case .copy(let weights):
      return update.logProbabilities(
        TrainingEngine(weights: weights, pool: engine.pool, precision: engine.precision))
    }
  }
}
