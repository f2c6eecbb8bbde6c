import Model
import Testing

/// However sequences are put together, log-probabilities and gradients are the same but for rounding.
///
/// Lengths lie on both sides of every size that work could be cut by.
@Suite("Packing", .serialized)
struct PackingTests {
  private static let lengths = [7, 150, 40, 300, 1, 64, 129, 641, 2]
  private static let weights = RandomModel.weights()

  private static func tokens(_ index: Int) -> [Int32] {
    RandomModel.tokens(lengths[index], "sequence \(index)")
  }

  private static func append(_ index: Int, to batch: inout PackedBatch) -> Range<Int> {
    let tokens = tokens(index)
    return batch.append(tokens, inLoss: tokens.indices.map { $0 % 3 != 1 || $0 == 1 })
  }

  /// One batch of all sequences, and its coefficients.
  private static func packed() -> (batch: PackedBatch, ranges: [Range<Int>], [Float]) {
    var batch = PackedBatch()
    let ranges = lengths.indices.map { append($0, to: &batch) }
    return (batch, ranges, RandomModel.coefficients(batch.targets.count))
  }

  private static func engine(_ weights: Weights = weights) -> TrainingEngine {
    TrainingEngine(weights: weights, pool: WorkerPool(threads: 2))
  }

  private static func expectEqual(_ a: [TokenScore], _ b: [TokenScore]) {
    #expect(a.count == b.count)
    for (a, b) in zip(a, b) {
      #expect(abs(a.logProbability - b.logProbability) < 1e-4)
      #expect(abs(a.entropy - b.entropy) < 1e-4)
    }
  }

  @Test("a packed batch is the sum of its sequences, and of micro-batches", arguments: [1, 2, 4])
  func microBatches(size: Int) {
    let (batch, ranges, coefficients) = Self.packed()
    let whole = Self.engine()
    let scores = whole.backward(batch, temperature: 0.8, coefficients: coefficients)
    let engine = Self.engine()
    for start in stride(from: 0, to: Self.lengths.count, by: size) {
      let members = start..<min(start + size, Self.lengths.count)
      var part = PackedBatch()
      for index in members { _ = Self.append(index, to: &part) }
      let targets =
        ranges[members.lowerBound].lowerBound..<ranges[members.upperBound - 1].upperBound
      let partScores = engine.backward(
        part, temperature: 0.8, coefficients: Array(coefficients[targets]))
      Self.expectEqual(partScores, Array(scores[targets]))
    }
    #expect(relativeDifference(engine.gradients.values, whole.gradients.values) < 1e-4)
  }

  @Test("the order of sequences does not matter")
  func order() {
    let (batch, ranges, coefficients) = Self.packed()
    let whole = Self.engine()
    let scores = whole.backward(batch, coefficients: coefficients)
    var reversed = PackedBatch()
    var reversedCoefficients: [Float] = []
    var expected: [TokenScore] = []
    for index in Self.lengths.indices.reversed() {
      _ = Self.append(index, to: &reversed)
      reversedCoefficients += coefficients[ranges[index]]
      expected += scores[ranges[index]]
    }
    let engine = Self.engine()
    Self.expectEqual(engine.backward(reversed, coefficients: reversedCoefficients), expected)
    #expect(relativeDifference(engine.gradients.values, whole.gradients.values) < 1e-4)
  }

  @Test("a shared prompt is a repeated one", arguments: [1, 9, 64, 140, 333, 700])
  func sharedPrompt(length: Int) { expectSharedPrompt(length, Self.weights) }

  /// Windows that end in the prompt, in the completion and in another block of queries.
  @Test("in a window, too", arguments: [1, 9, 333], [1, 6, 128, 200])
  func sharedPrompt(length: Int, window: Int) {
    expectSharedPrompt(length, RandomModel.weights(architecture: .gemma3, window: window))
  }

  private func expectSharedPrompt(_ length: Int, _ weights: Weights) {
    let prompt = RandomModel.tokens(length, "prompt")
    let completions = [12, 1, 150, 3, 260].map { RandomModel.tokens($0, "completion \($0)") }
    var shared = PackedBatch()
    let ranges = shared.append(prompt: prompt, completions: completions)
    #expect(ranges.map(\.count) == completions.map(\.count))
    var repeated = PackedBatch()
    for completion in completions {
      let inLoss = (0..<prompt.count + completion.count).map { $0 >= prompt.count }
      repeated.append(prompt + completion, inLoss: inLoss)
    }
    #expect(shared.targets.map(\.token) == repeated.targets.map(\.token))
    #expect(shared.tokens.count < repeated.tokens.count)
    let coefficients = RandomModel.coefficients(shared.targets.count)
    let (a, b) = (Self.engine(weights), Self.engine(weights))
    Self.expectEqual(
      a.backward(shared, temperature: 0.7, coefficients: coefficients),
      b.backward(repeated, temperature: 0.7, coefficients: coefficients))
    #expect(relativeDifference(a.gradients.values, b.gradients.values) < 1e-4)
  }

  @Test("groups side by side are groups alone")
  func groups() {
    var together = PackedBatch()
    var alone: [PackedBatch] = []
    for (group, shape) in [(90, [70, 5]), (3, [1]), (200, [130, 130, 9])].enumerated() {
      let prompt = RandomModel.tokens(shape.0, "prompt \(group)")
      let completions = shape.1.enumerated().map {
        RandomModel.tokens($1, "completion \(group) \($0)")
      }
      together.append(prompt: prompt, completions: completions)
      alone.append(PackedBatch())
      alone[group].append(prompt: prompt, completions: completions)
    }
    let coefficients = RandomModel.coefficients(together.targets.count)
    let whole = Self.engine()
    let scores = whole.backward(together, coefficients: coefficients)
    let engine = Self.engine()
    var first = 0
    for group in alone {
      let targets = first..<first + group.targets.count
      first = targets.upperBound
      Self.expectEqual(
        engine.backward(group, coefficients: Array(coefficients[targets])), Array(scores[targets]))
    }
    #expect(relativeDifference(engine.gradients.values, whole.gradients.values) < 1e-4)
  }
}
