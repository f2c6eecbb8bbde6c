import Foundation
import HDF5
import Runner

/// The kind `kept`: a model as a training had it after one of its steps. `keep` of a training makes
/// stages of it; a recipe cannot name it.
package struct KeptModelStage: KeptStage {
  package struct Parameters: ParameterSet {
    package var step = 1

    package init() {}

    package static var fields: [Field<Parameters>] {
      [
        Field(
          "step", \.step, range: .atLeast(1), required: true, "after which step of the training")
      ]
    }
  }

  package static let kind = "kept"
  package static let version = 1
  package static let names = PublishedNames()
  package static let summary = "The model that a training had after one of its steps."
  package static let inputs = [StagePort("model", .model, "the model that the training ended with")]
  package static let outputs = [StagePort("model", .model, "the model after that step")]

  /// What trainings of models keep.
  static let ofTraining = KeptOutput(kind: KeptModelStage.self, output: "model", steps: "steps")

  package let step: Int

  package init(parameters: Parameters) { step = parameters.step }

  /// Hands on the model that the training ended with, which is the one after its last step.
  package func run(_ context: StageContext) throws {
    let (file, output) = (try context.input("model").file, context.output("model"))
    try FileManager.default.copyItem(at: file, to: output)
    try ModelFiles(listedIn: HDF5Reader(file))?.copy(to: output.deletingLastPathComponent())
  }
}
