import Base
import Model
import Stages
import Testing

/// Memory that is asked for before a batch takes it.
@Suite struct GrowingMemoryTests {
  private static let configuration = ModelConfiguration(
    architecture: .llama, vocabularySize: 1000, hiddenSize: 64, intermediateSize: 96,
    layerCount: 3, headCount: 4, keyValueHeadCount: 2, headSize: 16, contextLength: 512,
    ropeTheta: 1e4, normEpsilon: 1e-5, tiedEmbeddings: true, attentionBias: false)

  private func batch(_ rows: Int) -> MemoryUse.Batch {
    MemoryUse.Batch(rows: rows, longest: rows, predicting: rows)
  }

  @Test func onlyWhatNoBatchBeforeTookIsAskedFor() throws {
    let use = MemoryUse(Self.configuration, threads: 1)
    let large = use.training(batch(4000)) - use.training(.none)
    let larger = use.training(batch(4100)) - use.training(batch(4000))
    var memory = GrowingMemory(use, .float32)
    func makeRoom(for rows: Int, free: Int) throws {
      try memory.makeRoom(for: batch(rows), step: 7) {
        MemoryLimit(name: "the control group", total: 1 << 40, free: free)
      }
    }
    let error = #expect(throws: MemoryNeedError.self) { try makeRoom(for: 4000, free: large - 1) }
    #expect(error?.description.hasPrefix("step 7 needs ") == true)
    #expect(error?.description.contains("(4000 tokens at a time)") == true)
    #expect(error?.description.hasSuffix("or take a smaller group or max_tokens") == true)
    try makeRoom(for: 4000, free: large)
    try makeRoom(for: 4000, free: 0)
    try makeRoom(for: 10, free: 0)
    #expect(throws: MemoryNeedError.self) { try makeRoom(for: 4100, free: larger - 1) }
    try makeRoom(for: 4100, free: larger)
  }
}
