import Foundation
import HDF5
import Model
import Runner

/// What of a model turns prompts into tokens and completions into text; the weights are not needed.
package struct PromptTokenizer: Sendable {
  let tokenizer: Tokenizer
  let configuration: ModelConfiguration

  init(tokenizer: Tokenizer, configuration: ModelConfiguration) {
    self.tokenizer = tokenizer
    self.configuration = configuration
  }

  /// Reads it from the HDF5 file of a model.
  init(contentsOf file: URL) throws {
    let source = try HDF5Reader(file)
    configuration = try ModelConfiguration(
      huggingFaceConfig: Data(try source.readText("/config").utf8))
    tokenizer = try Tokenizer(huggingFace: Data(try source.readText("/tokenizer").utf8))
  }

  /// The tokens of what a model wrote, read from the model's HDF5 file; nil where that cannot be read.
  package static func tokens(of text: String, model file: URL) -> [Int32]? {
    (try? PromptTokenizer(contentsOf: file)).map { $0.tokenizer.encode(text) }
  }

  /// The tokens of a prompt: with those in front that begin a text.
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
    guard let end = configuration.endTokens.first else {
      throw StageError.failed("the model's configuration names no end-of-text token (eos_token_id)")
    }
    return end
  }

  /// The tokens of a prompt that is to be completed.
  /// - Throws: `StageError.failed` when prompt and completion might not fit the context: nothing
  ///   is ever cut silently.
  func tokens(ofPrompt prompt: String, id: String, maxTokens: Int) throws -> [Int32] {
    let tokens = try tokens(ofPrompt: prompt)
    try check(tokens, id: id, maxTokens: maxTokens)
    return tokens
  }

  /// - Throws: `StageError.failed` when prompt and completion might not fit the context.
  func check(_ tokens: [Int32], id: String, maxTokens: Int) throws {
    let context = configuration.contextLength
    guard tokens.count + maxTokens <= context else {
      throw StageError.failed(
        "the prompt of '\(id)' has \(tokens.count) tokens; with max_tokens \(maxTokens) "
          + "it does not fit the model's context of \(context); lower max_tokens")
    }
  }

  /// The text of a completion: without the token that ends it, cut before the first stop string.
  func text(of tokens: [Int32], stopStrings: [String]) -> String {
    var tokens = tokens[...]
    if let last = tokens.last, configuration.endTokens.contains(last) { tokens = tokens.dropLast() }
    return Self.cut(tokenizer.decode(tokens, isContinuation: true), at: stopStrings)
  }

  /// A text up to the first stop string in it.
  static func cut(_ text: String, at stopStrings: [String]) -> String {
    let cuts = stopStrings.compactMap { text.range(of: $0, options: .literal)?.lowerBound }
    return cuts.min().map { String(text[..<$0]) } ?? text
  }
}
