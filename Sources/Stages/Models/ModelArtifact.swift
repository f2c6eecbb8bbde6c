import Base
import Foundation
import HDF5
import Model
import Runner

/// A model as stages pass it on: weights, tokenizer, and what the model was made from.
///
/// In HDF5: parameters under `/model/<Hugging Face name>`, the configuration as the text of a
/// Hugging Face `config.json` in `/config`, the tokenizer as that of a `tokenizer.json` in
/// `/tokenizer`, and its authors' template for conversations, if there is one, in `/chat_template`;
/// where it was chosen among others, in `/selections` on which problems; and where adapters were
/// trained and merged into it, these in `/adapters`.
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
    guard tokenizer.vocabularySize <= weights.configuration.vocabularySize else {
      throw StageError.failed(
        "the tokenizer has \(tokenizer.vocabularySize) tokens, but the model only "
          + "\(weights.configuration.vocabularySize) rows of embedding; they do not belong together"
      )
    }
    self.weights = weights
    self.tokenizer = tokenizer
    self.chatTemplate = chatTemplate
  }

  /// A model that somebody else made, read from a file or folder.
  /// - Throws: `StageError.failed` for one without a tokenizer.
  package init(_ imported: ImportedModel, from file: URL) throws {
    guard let tokenizer = imported.tokenizer else {
      throw StageError.failed("\(file.lastPathComponent) holds no tokenizer; use another file")
    }
    try self.init(
      weights: imported.weights, tokenizer: tokenizer, chatTemplate: imported.chatTemplate)
  }

  /// Reads a model from the HDF5 file of an artifact or a checkpoint.
  /// - Parameter layers: How the blocks' linear layers are held; what is trained must be float32.
  /// - Throws: `StageError.failed` for one whose weights are not finite, and what reading throws.
  package init(contentsOf file: URL, layers: Precision = .float32) throws {
    let source = try HDF5Reader(file)
    let configuration = try ModelConfiguration(
      huggingFaceConfig: Data(try source.readText("/config").utf8))
    try MemoryLimit.check(
      ParameterLayout(configuration, layers: layers).byteCount, of: "the model",
      for: "its weights", advice: MemoryNeed.advice)
    let weights = Weights(configuration, layers: layers)
    var rounded = 0
    for entry in weights.layout.entries {
      rounded += try weights.setValues(of: entry) {
        try source.read("/model/\(entry.name)", into: $0)
      }
    }
    if let found = weights.firstNotFinite() {
      throw StageError.failed(
        "\(file.path): \(found.parameter) holds \(found.value) at element \(found.index); such a model "
          + "computes nothing, so make it anew")
    }
    try self.init(
      weights: weights,
      tokenizer: Tokenizer(huggingFace: Data(try source.readText("/tokenizer").utf8)),
      chatTemplate: try source.exists("/chat_template") ? source.readText("/chat_template") : nil)
    selections = try ModelSelection.all(in: source)
    mergedAdapters = try Adapters(from: source, configuration)
    roundedWeights = rounded
  }

  /// Writes the model to an HDF5 file of its own.
  /// - Parameter adapters: What is merged into the weights, in float32, as they are written.
  package func write(to file: URL, merging adapters: Adapters? = nil) throws {
    try HDF5File.create(file) { try write(to: $0, merging: adapters) }
  }

  /// Writes the model into an open HDF5 file.
  func write(to target: HDF5File, merging adapters: Adapters? = nil) throws {
    try target.setAttribute("type", .string("Model"))
    try target.write(
      strings: [String(decoding: weights.configuration.huggingFaceConfig, as: UTF8.self)],
      to: "/config")
    try target.write(
      strings: [String(decoding: tokenizer.huggingFace, as: UTF8.self)], to: "/tokenizer")
    try ModelSelection.write(selections, to: target)
    if let chatTemplate { try target.write(strings: [chatTemplate], to: "/chat_template") }
    for entry in weights.layout.entries {
      try weights.withValues(of: entry, merging: adapters) {
        try target.write($0, to: "/model/\(entry.name)", shape: entry.shape)
      }
    }
    try (adapters ?? mergedAdapters)?.write(to: target)
  }

  /// The tokens of a prompt: with those in front that begin a text. Training, sampling and evaluation
  /// all take them from here.
  /// - Throws: `StageError.failed` for a prompt that begins with them itself.
  func tokens(ofPrompt prompt: String) throws -> [Int32] {
    let (begin, tokens) = (tokenizer.begin, tokenizer.encode(prompt))
    guard begin.isEmpty || !tokens.starts(with: begin) else {
      throw StageError.failed(
        "a prompt begins with '\(tokenizer.decode(begin))', which is put in front of every prompt for "
          + "this model anyway; leave it out of the prompt, or read the model with 'begin: never'")
    }
    return begin + tokens
  }

  /// The token that ends a text.
  /// - Throws: `StageError.failed` for a model without one, which could never learn to stop.
  func endToken() throws -> Int32 {
    guard let end = weights.configuration.endTokens.first else {
      throw StageError.failed("the model's configuration names no end-of-text token (eos_token_id)")
    }
    return end
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
