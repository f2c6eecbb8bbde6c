import Foundation
import Model
import Runner

/// Parameters of `scratch_model`.
public struct ScratchModelParameters: ParameterSet {
  /// Tokens of the vocabulary, the 256 bytes and end-of-text among them.
  public var vocabulary = 512
  /// Width of the residual stream.
  public var hidden = 128
  /// Blocks.
  public var layers = 4
  /// Query heads.
  public var heads = 4
  /// Key and value heads.
  public var keyValueHeads = 4
  /// Width inside the feed-forward layers.
  public var intermediate = 384
  /// Positions.
  public var context = 512
  /// Base of the rotary frequencies.
  public var ropeTheta = 10_000.0
  /// The seed of the weights.
  public var seed = 42

  /// About a million parameters.
  public init() {}

  /// What a recipe may say.
  public static var fields: [Field<Self>] {
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
  public func check(
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
public struct ScratchModelStage: Stage {
  public static let kind = "scratch_model"
  public static let version = 1
  public static let summary = "Makes a small model with random weights and a tokenizer of its own."
  public static let inputs = [Port("texts", .texts, "what the tokenizer is trained on")]
  public static let outputs = [Port("model", .model, "the untrained model")]

  private static let endOfText = "<|endoftext|>"
  private let parameters: ScratchModelParameters

  public init(parameters: ScratchModelParameters) { self.parameters = parameters }

  public func run(_ context: StageContext) throws {
    let texts = try RowTable(contentsOf: context.input("texts").file).strings("text")
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
