import Foundation
import Model
import Testing

/// Logits and hidden states against float64 numbers from an independent implementation.
@Suite("Reference: forward pass", .serialized)
struct ReferenceForwardTests {
  /// Every logit, from log-probabilities: log p(token) differs from the logit by a row's constant.
  @Test("logits", arguments: ReferenceFolder.models)
  func logits(_ model: ReferenceModel) throws {
    let examples = try ReferenceExamples(model)
    let expected = try examples.tensors.floats("logits")
    let vocabulary = try examples.tensors.shape("logits")[2]
    let engine = try model.engine()
    for (row, tokens) in examples.tokens.enumerated() {
      let start = row * examples.columns * vocabulary
      expectLogits(
        engine, tokens, Array(expected[start..<start + tokens.count * vocabulary]))
    }
  }

  /// The streams behind each block, as an output layer shows them that repeats its input.
  ///
  /// An output layer sees a stream only through a norm. Its scale is seen behind the next block, to
  /// which the stream is added.
  @Test("hidden states", arguments: ReferenceFolder.models)
  func hiddenStates(_ model: ReferenceModel) throws {
    let examples = try ReferenceExamples(model)
    let expected = try examples.tensors.floats("hidden_states_row0")
    let shape = try examples.tensors.shape("hidden_states_row0")
    let weights = try model.weights()
    let tokens = try #require(examples.tokens.first)
    let (width, layers) = (shape[2], weights.configuration.layerCount)
    #expect(shape[0] == layers + 2)
    func state(_ index: Int) -> [Float] {
      let start = index * shape[1] * width
      return Array(expected[start..<start + tokens.count * width])
    }
    let embedding = try #require(weights["model.embed_tokens.weight"])
    #expect(tokens.flatMap { embedding[Int($0) * width..<(Int($0) + 1) * width] } == state(0))
    for layer in 1...layers {
      let shown = show(weights, blocks: layer, norm: [Float](repeating: 1, count: width), tokens)
      let difference = relativeDifference(
        shown, normalised(state(layer), width, weights.configuration.normEpsilon))
      #expect(difference < 1e-4, "behind block \(layer)")
    }
    let shown = show(
      weights, blocks: layers, norm: try #require(weights["model.norm.weight"]), tokens)
    #expect(relativeDifference(shown, state(layers + 1)) < 1e-4, "behind the last norm")
  }

  /// What the norm gives that follows some blocks: token i + 1 has the logit of its element i.
  private func show(_ weights: Weights, blocks: Int, norm: [Float], _ tokens: [Int32]) -> [Float] {
    let width = weights.configuration.hiddenSize
    var configuration = weights.configuration
    configuration.layerCount = blocks
    configuration.vocabularySize = max(configuration.vocabularySize, width + 1)
    configuration.tiedEmbeddings = false
    let shown = Weights(configuration)
    for entry in shown.layout.entries {
      var values = weights[entry.name] ?? []
      if entry.name == "model.norm.weight" { values = norm }
      if entry.name == "lm_head.weight" {
        values = [Float](repeating: 0, count: entry.count)
        for element in 0..<width { values[(element + 1) * width + element] = 1 }
      }
      shown.buffer[entry.offset..<entry.offset + values.count] = values
    }
    let targets = tokens.indices.flatMap { row in
      (0...width).map { PackedBatch.Target(row: row, token: Int32($0)) }
    }
    let engine = TrainingEngine(weights: shown, pool: WorkerPool(threads: 2))
    let scores = engine.logProbabilities(
      PackedBatch(
        tokens: tokens, segments: [.init(start: 0, count: tokens.count)], targets: targets))
    return tokens.indices.flatMap { row in
      let row = scores[row * (width + 1)..<(row + 1) * (width + 1)].map(\.logProbability)
      return row.dropFirst().map { $0 - row[0] }
    }
  }

  private func normalised(_ stream: [Float], _ width: Int, _ epsilon: Double) -> [Float] {
    stride(from: 0, to: stream.count, by: width).flatMap { start in
      let row = stream[start..<start + width].map(Double.init)
      let meanSquare = row.reduce(0) { $0 + $1 * $1 } / Double(width)
      return row.map { Float($0 / (meanSquare + epsilon).squareRoot()) }
    }
  }
}

/// Compares all logits of a sequence, but for a constant of each row, and the entropies.
func expectLogits(
  _ engine: TrainingEngine, _ tokens: [Int32], _ expected: [Float],
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let vocabulary = engine.weights.configuration.vocabularySize
  let targets = tokens.indices.flatMap { row in
    (0..<vocabulary).map { PackedBatch.Target(row: row, token: Int32($0)) }
  }
  let scores = engine.logProbabilities(
    PackedBatch(
      tokens: tokens, segments: [.init(start: 0, count: tokens.count)], targets: targets))
  #expect(expected.count == scores.count, sourceLocation: sourceLocation)
  var worst = 0.0
  for start in stride(from: 0, to: scores.count, by: vocabulary) {
    let wanted = logSoftmax(expected[start..<start + vocabulary].map(Double.init))
    for (score, wanted) in zip(scores[start..<start + vocabulary], wanted) {
      let difference = Double(score.logProbability) - wanted
      worst = max(worst, difference.isFinite ? abs(difference) : .infinity)
    }
    let entropy = wanted.reduce(0) { $0 - exp($1) * $1 }
    worst = max(worst, abs(entropy - Double(scores[start].entropy)))
  }
  #expect(worst < 1e-4, sourceLocation: sourceLocation)
}
