import Foundation
import Model
import TestSupport

/// A tiny model whose numbers overflow wherever it reads the letter Z, and nowhere else.
///
/// Only the embedding of Z has anything in the last column, and only the feed-forward layer of the
/// first block looks at it. The second block carries it on to the tokens that follow.
struct OverflowingModel {
  /// What overflows.
  enum Place: String, CaseIterable {
    /// The forward pass, and with it the loss.
    case loss
    /// Only the backward pass: the gate is shut, so that nothing of it is seen in the loss.
    case gradient
  }

  private let folder: ScratchFolder

  /// The Hugging Face folder.
  var path: String { folder.url.path }

  init(_ place: Place) throws {
    folder = try ScratchFolder()
    let tokenizer = try Tokenizer.train(
      texts: ["Ann is a knight."], vocabularySize: 270,
      specialTokens: [TrainingFixtures.endOfText])
    let weights = Weights.random(
      ModelConfiguration(
        architecture: .llama, vocabularySize: tokenizer.vocabularySize, hiddenSize: 16,
        intermediateSize: 4, layerCount: 2, headCount: 2, keyValueHeadCount: 1, headSize: 8,
        contextLength: 1024, ropeTheta: 10_000, normEpsilon: 1e-5, tiedEmbeddings: true,
        attentionBias: false, endTokens: [0]), seed: 1)
    let z = tokenizer.encode("Z")
    precondition(z.count == 1)
    weights.setColumn(15, of: "model.embed_tokens.weight") { $0 == Int(z[0]) ? 1 : 0 }
    weights.set("model.layers.0.self_attn.o_proj.weight") { row, _ in row == 15 ? 0 : nil }
    let gate: Float = place == .loss ? 1e30 : 0
    weights.set("model.layers.0.mlp.gate_proj.weight") { _, column in column == 15 ? gate : 0 }
    weights.set("model.layers.0.mlp.up_proj.weight") { _, column in column == 15 ? 1e35 : 0 }
    weights.set("model.layers.0.mlp.down_proj.weight") { row, _ in row == 15 ? 0 : 1e10 }
    try HuggingFaceExport.write(weights, tokenizer: tokenizer, to: folder.url)
  }
}

extension Weights {
  /// Changes the values of a matrix for which the closure has others.
  fileprivate func set(_ name: String, _ value: (_ row: Int, _ column: Int) -> Float?) {
    guard let entry = layout[name] else { preconditionFailure("no parameter \(name)") }
    for index in 0..<entry.count {
      let (row, column) = index.quotientAndRemainder(dividingBy: entry.shape[1])
      guard let value = value(row, column) else { continue }
      buffer[entry.offset + index..<entry.offset + index + 1] = [value]
    }
  }

  fileprivate func setColumn(_ index: Int, of name: String, _ value: (_ row: Int) -> Float) {
    set(name) { row, column in column == index ? value(row) : nil }
  }
}
