import Foundation

/// What a training can keep beside its last state: an output as it was after chosen steps.
package struct KeptOutput: Sendable {
  /// The kind of what is kept. A recipe never writes it; `keep` makes stages of it.
  package let kind: any KeptStage.Type
  /// The training's output whose state is kept.
  package let output: String
  /// The value under which the training publishes how many steps it took. Where it has a parameter
  /// of that name, the number is known before it runs.
  package let steps: String

  package init(kind: any KeptStage.Type, output: String, steps: String) {
    self.kind = kind
    self.output = output
    self.steps = steps
  }
}

/// An output of a training as it was after one of its steps, an artifact of its own.
///
/// It has one input, the training's last state, one output of the same type, and one parameter,
/// `step`; so its key is the training's key and the step. Its bytes come from the training itself,
/// which leaves them with `StageContext.keep`. `run` is asked for the last step only, after which
/// the state is what it is bound to.
package protocol KeptStage: Stage {
  /// After which step of the training, from 1.
  var step: Int { get }
}

/// Where a training leaves its output as it is after a step.
protocol StepKeeper: Sendable {
  /// The steps that somebody asked for.
  var wanted: Set<Int> { get }

  /// Keeps the output if somebody asked for the step.
  /// - Parameter write: writes the file that the output would be, were this step the last.
  func keep(step: Int, write: (_ file: URL) throws -> Void) throws
}
