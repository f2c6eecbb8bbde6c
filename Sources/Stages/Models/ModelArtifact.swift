import Base
import Foundation
import HDF5
import Model
import Runner

/// A model in memory as stages compute with it: weights, tokenizer, and what the model was made from.
///
/// In HDF5: parameters under `/model/<Hugging Face name>`, the configuration as the text of a
/// Hugging Face `config.json` in `/config`, the tokenizer as that of a `tokenizer.json` in
/// `/tokenizer`, and its authors' template for conversations, if there is one, in `/chat_template`;
/// where it was chosen among others, in `/selections` on which problems; and where adapters were
/// trained and merged into it, these in `/adapters`. Large ones have shards instead of parameters there
/// (`OpenedModel`).
package struct ModelArtifact: Sendable {
  package let weights: Weights
  package var tokenizer: Tokenizer
  /// The Jinja template of the model's authors for conversations. No stage uses it; it goes along
  /// from import to export.
  package let chatTemplate: String?
  /// On which problems it, or a model that it was trained from, was chosen among others. What is
  /// trained from a chosen model has been chosen, too.
  package var selections: [ModelSelection] = []
  /// The adapters that are merged into the weights, where the last training was one of adapters.
  package var mergedAdapters: Adapters?
  /// How many weights reading has rounded to another number, because they are held in bfloat16.
  package private(set) var roundedWeights = 0

  /// Pairs weights with a tokenizer.
  /// - Throws: `StageError.failed` when the tokenizer has ids that the embedding lacks.
  package init(weights: Weights, tokenizer: Tokenizer, chatTemplate: String? = nil) throws {
    try tokenizer.check(against: weights.configuration)
    self.weights = weights
    self.tokenizer = tokenizer
    self.chatTemplate = chatTemplate
  }

  /// Reads all of a model.
  /// - Parameter layers: How the blocks' linear layers are held; what is trained must be float32.
  /// - Throws: what reading its weights throws.
  package init(_ model: OpenedModel, layers: Precision = .float32) throws {
    var rounded = 0
    try self.init(
      weights: model.weights(layers: layers) { rounded = $0 }, tokenizer: model.tokenizer,
      chatTemplate: model.chatTemplate)
    selections = model.selections
    mergedAdapters = model.mergedAdapters
    roundedWeights = rounded
  }

  /// Reads a model from an artifact or a checkpoint, given by its HDF5 file.
  /// - Parameter layers: How the blocks' linear layers are held; what is trained must be float32.
  /// - Throws: `StageError.failed` for one whose weights are not finite, and what reading throws.
  package init(contentsOf file: URL, layers: Precision = .float32) throws {
    try self.init(OpenedModel(contentsOf: file), layers: layers)
  }

  /// Writes the model as an artifact: an HDF5 file, and shards beside it where it is large.
  /// - Parameter adapters: What is merged into the weights, in float32, as they are written.
  package func write(to file: URL, merging adapters: Adapters? = nil) throws {
    try OpenedModel(self, merging: adapters).write(to: file)
  }

  /// Writes the model into an open HDF5 file.
  func write(to target: HDF5File, merging adapters: Adapters? = nil) throws {
    try OpenedModel(self, merging: adapters).write(to: target)
  }

  /// The tokenizer with what bounds a prompt.
  package var vocabulary: PromptTokenizer {
    PromptTokenizer(tokenizer: tokenizer, configuration: weights.configuration)
  }

  /// The tokens of a prompt: with those in front that begin a text. Training, sampling and evaluation
  /// all take them from here.
  /// - Throws: `StageError.failed` for a prompt that begins with them itself.
  func tokens(ofPrompt prompt: String) throws -> [Int32] {
    try vocabulary.tokens(ofPrompt: prompt)
  }

  /// The token that ends a text.
  /// - Throws: `StageError.failed` for a model without one, which could never learn to stop.
  func endToken() throws -> Int32 { try vocabulary.endToken() }
}

extension Tokenizer {
  /// Makes sure that a model has an embedding for every token.
  /// - Throws: `StageError.failed`.
  func check(against configuration: ModelConfiguration) throws {
    guard vocabularySize <= configuration.vocabularySize else {
      throw StageError.failed(
        "the tokenizer has \(vocabularySize) tokens, but the model only "
          + "\(configuration.vocabularySize) rows of embedding; they do not belong together")
    }
  }
}

extension FloatBuffer {
  /// Writes each parameter's values as a dataset named after it.
  func write(to file: HDF5File, group: String, layout: ParameterLayout) throws {
    for entry in layout.entries {
      try withElements(entry.offset..<entry.offset + entry.count) { elements in
        try file.write(
          UnsafeBufferPointer(elements), to: "\(group)/\(entry.name)", shape: entry.shape)
      }
    }
  }

  /// Reads what `write` wrote.
  func read(from file: HDF5Reader, group: String, layout: ParameterLayout) throws {
    for entry in layout.entries {
      try withElements(entry.offset..<entry.offset + entry.count) { elements in
        try file.read("\(group)/\(entry.name)", into: elements)
      }
    }
  }
}

extension HDF5Reader {
  /// The only string of a dataset.
  func readText(_ path: String) throws -> String {
    guard let text = try readStrings(path).first else {
      throw StageError.failed("\(url.path) holds nothing at \(path)")
    }
    return text
  }
}
