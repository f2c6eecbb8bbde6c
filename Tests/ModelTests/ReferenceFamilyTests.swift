import Foundation
import Model
import TestSupport
import Testing

/// Every family against what transformers computes in float64, `Tests/Fixtures/families/make.py`.
@Suite("Reference: families", .serialized)
struct ReferenceFamilyTests {
  struct Fixture: Sendable, CustomTestStringConvertible {
    let model: ReferenceModel
    var testDescription: String { model.testDescription }

    func tokens(_ index: Int) throws -> [Int32] {
      try model.tensors("reference.safetensors").integers("ids.\(index)").map(Int32.init)
    }

    /// The loss's batch: all tokens of both sequences from their starts on.
    func batch() throws -> PackedBatch {
      let starts = try model.json("reference.json")["starts"].integers
      var batch = PackedBatch()
      for (index, start) in starts.enumerated() {
        let tokens = try tokens(index)
        batch.append(tokens, inLoss: tokens.indices.map { $0 >= start })
      }
      return batch
    }
  }

  private static let fixtures = ReferenceFolder.models(
    in: ProjectFolder.root.appending(path: "Tests/Fixtures/families")
  ).map(Fixture.init)

  @Test("all families but those of the other folder are there")
  func families() throws {
    let found = try Self.fixtures.map { try $0.model.weights().configuration }
    #expect(
      Set(found.map(\.architecture)).union([.qwen2])
        == Set(ModelConfiguration.Architecture.allCases))
    #expect(found.contains { if case .linear = $0.rotaryScaling { true } else { false } })
    #expect(found.contains { if case .llama3 = $0.rotaryScaling { true } else { false } })
  }

  @Test("logits", arguments: fixtures)
  func logits(_ fixture: Fixture) throws {
    let engine = try fixture.model.engine()
    let expected = try fixture.model.tensors("reference.safetensors")
    for index in 0..<2 {
      expectLogits(engine, try fixture.tokens(index), try expected.floats("logits.\(index)"))
    }
  }

  @Test("loss and gradients of every parameter", arguments: fixtures)
  func gradients(_ fixture: Fixture) throws {
    let batch = try fixture.batch()
    let engine = try fixture.model.engine()
    let scores = engine.backward(
      batch, coefficients: ReferenceTrainingTests.meanCoefficients(batch))
    let loss = try fixture.model.json("reference.json")["loss"].number
    #expect(abs(ReferenceTrainingTests.meanLoss(scores) - loss) < 1e-5)
    let expected = try fixture.model.tensors("reference.safetensors")
    let names = expected.names.filter { $0.hasPrefix("gradient.") }.map { $0.dropFirst(9) }
    #expect(names.map(String.init) == engine.weights.layout.entries.map(\.name).sorted())
    for entry in engine.weights.layout.entries {
      let difference = relativeDifference(
        engine.gradients[entry.offset..<entry.offset + entry.count],
        try expected.floats("gradient." + entry.name))
      #expect(difference < 3e-5, "\(entry.name)")
    }
  }

  @Test("greedy ids", arguments: fixtures)
  func greedy(_ fixture: Fixture) throws {
    let expected = try fixture.model.json("reference.json")
    let ids = expected["greedy"].integers.map(Int32.init)
    let sampler = Sampler(
      weights: try fixture.model.weights(), pool: WorkerPool(threads: 2), batchSize: 4)
    let request = SamplingRequest(
      prompt: expected["prompt"].integers.map(Int32.init), streams: [RandomStream(seed: 1)])
    let completions = try sampler.generate(
      [request], options: SamplingOptions(temperature: 0, maxNewTokens: ids.count))
    #expect(ids.count == 16 && completions[0][0].tokens == ids)
  }

  /// In shards. That transformers reads these, too, is what `check.py` there shows; it finds the folders below the
  /// one that the environment variable WARMUP_EXPORTED names.
  @Test("what is written is read back", arguments: fixtures)
  func roundTrip(_ fixture: Fixture) throws {
    let weights = try fixture.model.weights()
    let scratch = try ScratchFolder()
    let kept = ProcessInfo.processInfo.environment["WARMUP_EXPORTED"].map { URL(filePath: $0) }
    let folder = (kept ?? scratch.url).appending(path: fixture.testDescription)
    let tokenizer = try Tokenizer.train(
      texts: ["a"], vocabularySize: 256, specialTokens: [])
    let names = try HuggingFaceExport.write(
      WeightsInMemory(weights), weights.configuration, as: .float32, tokenizer: tokenizer,
      shardBytes: 20_000,
      to: folder)
    #expect(names.count { $0.hasSuffix(".safetensors") } > 1)
    let json = try Data(contentsOf: folder.appending(path: "config.json"))
    let configuration = try ModelConfiguration(huggingFaceConfig: json)
    #expect(configuration == weights.configuration)
    let read = try Weights(configuration, huggingFaceFolder: folder)
    #expect(read.buffer.values == weights.buffer.values)
  }
}
