import Model
import Testing

/// The memory that work takes, where it can be said in a line.
@Suite struct MemoryUseTests {
  private static let configuration = ModelConfiguration(
    architecture: .llama, vocabularySize: 1000, hiddenSize: 64, intermediateSize: 96,
    layerCount: 3, headCount: 4, keyValueHeadCount: 2, headSize: 16, contextLength: 512,
    ropeTheta: 1e4, normEpsilon: 1e-5, tiedEmbeddings: true, attentionBias: false)
  private let use = MemoryUse(configuration, threads: 2)

  /// Positions come in blocks of 64: 5 sequences of 3 layers, 2 heads of 16 numbers, each a key and a
  /// value of 4 bytes.
  @Test func cachesGrowWithBatchAndLength() {
    func bytes(_ tokens: Int, batch: Int = 5, precision: Precision = .float32) -> Int {
      use.sampling(batch: batch, group: 5, promptTokens: 64, tokens: tokens, precision)
    }
    #expect(bytes(128) - bytes(64) == 5 * 64 * 3 * 2 * 16 * 2 * 4)
    #expect(bytes(65) == bytes(128))
    #expect(bytes(64, precision: .bfloat16) < bytes(64))
    // One prompt more, with the logits that it leaves, and one row of a step.
    let prompt = 64 * 3 * 2 * 16 * 2 * 4 + 1000 * 4
    let row = (2 * 64 + (4 + 2 * 2) * 16 + 64 + 2 * 96 + 1000) * 4
    #expect(bytes(0, batch: 6) - bytes(0) == prompt + row)
  }

  /// Weights, gradients and two moments, and copies of a block for two directions.
  @Test func trainingTakesFourTimesTheWeights() {
    let block = (64 * 64 * 2 + 2 * 64 * 32 + 3 * 64 * 96) * 4
    #expect(use.training(.none) == 3 * use.weights + 2 * block)
    #expect(use.weights == 4 * (1000 * 64 + 3 * (block / 4 + 2 * 64) + 64))
  }

  /// Two bytes for a weight of the blocks' layers, four for all others; gradients and moments of the
  /// adapters alone.
  @Test func adaptersTakeLittle() {
    var lora = LoRA()
    (lora.rank, lora.targets, lora.base) = (2, [.query, .down], .bfloat16)
    let adapted = MemoryUse(Self.configuration, threads: 2, lora: lora)
    let layers = 3 * (64 * 64 * 2 + 2 * 64 * 32 + 3 * 64 * 96)
    let adapters = 3 * 2 * (64 + 64 + 96 + 64) * 4
    #expect(adapted.weights == use.weights - 2 * layers + adapters)
    // A block's adapters are copied, and each thread merges a tile of 64 columns and 96 rows.
    let merging = adapters / 3 + 2 * 64 * 96 * 4
    #expect(
      adapted.training(.none) - 3 * adapters - merging == use.training(.none) - 3 * use.weights)
    let batch = MemoryUse.Batch.supervised(longest: 10, count: 1)
    #expect(
      adapted.training(batch) - adapted.training(.none)
        == use.training(batch) - use.training(.none) + 10 * 2 * 2 * 2 * 4)
  }

  /// As many rows of logits as are in memory at a time, and no more examples than a step has.
  @Test func batchesAreBounded() {
    let batches = [
      MemoryUse.Batch.supervised(longest: 100, count: 4), .supervised(longest: 100, count: 50),
      .supervised(longest: 3000, count: 50), .supervised(longest: .max, count: 2),
      .group(prompt: 10, completions: 3, tokens: 7),
    ]
    #expect(batches.map(\.rows) == [400, 1024, 3000, .max, 31])
    #expect(batches.map(\.longest) == [100, 100, 3000, .max, 17])
    #expect(use.training(batches[0]) < use.training(batches[1]))
  }
}
