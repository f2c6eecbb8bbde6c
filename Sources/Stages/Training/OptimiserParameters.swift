import Model
import Runner

/// How weights are updated: AdamW, with a learning rate that rises linearly and then stays or falls;
/// and how exactly gradients are computed.
///
/// The defaults are the paper's for distillation (table 4); `rlvr` has its own (table 7).
package struct OptimiserParameters: ParameterSet {
  package var learningRate = 1e-6
  package var warmupSteps = 25
  package var schedule = Schedule.constant
  package var beta1 = 0.9
  package var beta2 = 0.95
  package var epsilon = 1e-8
  package var weightDecay = 1e-4
  /// The largest norm of the whole gradient; 0 leaves it as it is.
  package var maxGradientNorm = 0.1
  /// How linear layers are multiplied.
  package var precision = Precision.float32

  /// The paper's values for distillation.
  package init() {}

  package static var fields: [Field<Self>] {
    [
      Field("learning_rate", \.learningRate, range: 0...1, "step size after the warm-up"),
      Field("warmup_steps", \.warmupSteps, range: .atLeast(0), "steps of rising step size"),
      Field("schedule", \.schedule, "the step size after the warm-up: constant, or falling to 0"),
      Field("beta1", \.beta1, range: 0...1, "decay rate of the first moment"),
      Field("beta2", \.beta2, range: 0...1, "decay rate of the second moment"),
      Field("epsilon", \.epsilon, range: 0...1, "added to the root of the second moment"),
      Field("weight_decay", \.weightDecay, range: 0...1, "decoupled; not on biases and norms"),
      Field("max_gradient_norm", \.maxGradientNorm, range: .atLeast(0), "0 means no clipping"),
      Field(
        "precision", \.precision, later: true,
        "of the linear layers' products; bfloat16 is faster where the processor multiplies it by itself, "
          + "and slower elsewhere"),
    ]
  }
}

extension Precision: ParameterChoice {}

/// What becomes of the step size after the warm-up.
package enum Schedule: String, ParameterChoice {
  /// It stays (the paper).
  case constant
  /// It falls to 0 in equal steps.
  case linear
  /// It falls to 0 along half a cosine.
  case cosine
}
