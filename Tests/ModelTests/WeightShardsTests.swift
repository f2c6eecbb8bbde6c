import Foundation
import Model
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// Models in several files, which are written and read some rows at a time.
@Suite struct WeightShardsTests {
  private let folder: ScratchFolder
  private let tokenizer: Tokenizer

  init() throws {
    folder = try ScratchFolder()
    tokenizer = try Tokenizer.train(
      texts: ["a knight and a knave"], vocabularySize: 270, specialTokens: ["<|endoftext|>"])
  }

  private func file(_ name: String) -> URL { folder.url.appending(path: name) }

  private var weightFiles: [String] {
    get throws {
      try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
        .filter { $0.hasPrefix("model") }.sorted()
    }
  }

  private func export(
    _ weights: Weights, of configuration: ModelConfiguration,
    _ precision: Precision = .float32, shardBytes: Int = 1500
  ) throws -> [String] {
    try HuggingFaceExport.write(
      WeightsInMemory(weights), configuration, as: precision, tokenizer: tokenizer,
      shardBytes: shardBytes, to: folder.url)
  }

  @Test(arguments: [Precision.float32, .bfloat16], [true, false])
  func shardsAreAsFullAsTheyMayBe(_ precision: Precision, tied: Bool) throws {
    let weights = tinyWeights(.qwen2, tied: tied)
    let names = try export(weights, of: weights.configuration, precision)
    let shards = names.filter { $0.hasSuffix(".safetensors") }
    #expect(shards.count > 2)
    #expect(
      shards.last == String(format: "model-%05d-of-%05d.safetensors", shards.count, shards.count))
    let files = try shards.map { try SafetensorsFile(contentsOf: file($0)) }
    let sizes = files.map { $0.entries.values.map(\.range.count) }
    #expect(sizes.allSatisfy { $0.reduce(0, +) <= 1500 || $0.count == 1 })
    // The first tensor of each would not have fitted into the one before.
    for (sizes, next) in zip(sizes, files.dropFirst()) {
      let first = try #require(next.entries.values.first { $0.range.lowerBound == 0 })
      #expect(sizes.reduce(0, +) + first.range.count > 1500)
    }
    let index = try #require(
      JSONSerialization.jsonObject(with: Data(contentsOf: file("model.safetensors.index.json")))
        as? [String: Any])
    let metadata = try #require(index["metadata"] as? [String: Int])
    #expect(metadata["total_parameters"] == weights.layout.count)
    #expect(metadata["total_size"] == sizes.joined().reduce(0, +))
    let read = try ImportedModel(contentsOf: folder.url)
    #expect(read.weights.configuration == weights.configuration)
    for entry in weights.layout.entries {
      let wanted = try #require(weights[entry.name]).map(precision.rounded)
      #expect(read.weights[entry.name] == wanted)
    }
    let config = try String(contentsOf: file("config.json"), encoding: .utf8)
    #expect(config.contains("\"torch_dtype\": \"\(precision.rawValue)\""))
  }

  /// Whoever reads the folder would take what an earlier model left for this one's.
  @Test func anotherFormReplacesTheOneBefore() throws {
    let first = tinyWeights(.llama)
    var configuration = first.configuration
    configuration.ropeTheta = 1000
    let other = Weights(configuration)
    for large in [true, false, true] {
      let weights = large ? first : other
      let names = try export(
        weights, of: weights.configuration, shardBytes: large ? 1500 : .max)
      #expect(names.contains("model.safetensors") != large)
      #expect(names.contains("model.safetensors.index.json") == large)
      let read = try ImportedModel(contentsOf: folder.url)
      #expect(read.note == nil)
      #expect(read.weights["model.norm.weight"] == weights["model.norm.weight"])
    }
  }

  /// Every finite number of 16 bits, -0 and the smallest among them, goes through unchanged.
  @Test func bfloat16KeepsItsBits() throws {
    var configuration = tinyWeights(.llama).configuration
    configuration.hiddenSize = 256
    configuration.vocabularySize = 272
    let weights = Weights(configuration)
    let words = (0...UInt16.max).filter { $0 & 0x7F80 != 0x7F80 }
    for (index, word) in words.enumerated() {
      weights.buffer[index..<index + 1] = [Float(bitPattern: UInt32(word) << 16)]
    }
    _ = try export(weights, of: configuration, .bfloat16, shardBytes: .max)
    let first = try Data(contentsOf: file("model.safetensors"))
    #expect(first.range(of: words.withUnsafeBytes { Data($0) }) != nil)
    let source = try ModelSource(contentsOf: folder.url)
    #expect(try source.tensors.format(of: "model.embed_tokens.weight") == .bfloat16)
    let other = try ScratchFolder()
    try HuggingFaceExport.write(
      source.tensors, configuration, as: .bfloat16, tokenizer: tokenizer, to: other.url)
    #expect(try Data(contentsOf: other.url.appending(path: "model.safetensors")) == first)
  }

  @Test func numbersThatAreNoneAreNamedWhereTheyLie() throws {
    let weights = tinyWeights(.llama)
    let name = "model.layers.1.mlp.up_proj.weight"
    let entry = try #require(weights.layout[name])
    func message(_ value: Float, _ precision: Precision) throws -> String {
      weights.buffer[entry.offset + 9..<entry.offset + 10] = [value]
      let error = #expect(throws: ModelImportError.self) {
        try export(weights, of: weights.configuration, precision)
      }
      return error?.description ?? ""
    }
    #expect(try message(.nan, .float32).contains("'\(name)' holds nan at element 9"))
    #expect(try message(-.infinity, .bfloat16).contains("'\(name)' holds -inf at element 9"))
    // Finite, but not in 16 bits.
    #expect(
      try message(.greatestFiniteMagnitude, .bfloat16).contains("'\(name)' holds inf at element 9"))
  }

  @Test(arguments: [true, false]) func rowsAreReadAsTheWholeIs(tied: Bool) throws {
    let weights = tinyWeights(.qwen2, tied: tied)
    _ = try export(weights, of: weights.configuration)
    let sources: [any TensorSource] = [
      try ModelSource(contentsOf: folder.url).tensors, WeightsInMemory(weights),
    ]
    for source in sources {
      for entry in weights.layout.entries {
        for count in [1, 20, 1 << 20] {
          var values: [Float] = []
          try source.forEachPiece(of: entry, atMost: count) {
            #expect($0.count <= max(count, entry.shape.last ?? 0))
            values += $0
          }
          #expect(values == weights[entry.name], "\(entry.name) \(count)")
        }
      }
    }
  }

  /// A mapped file would end the process.
  @Test func aFileThatBecomesShorterIsASentence() throws {
    let weights = tinyWeights(.llama)
    _ = try export(weights, of: weights.configuration, shardBytes: .max)
    let source = try ModelSource(contentsOf: folder.url)
    truncate(file("model.safetensors").path, 4000)
    let error = #expect(throws: SafetensorsError.self) {
      try Weights(source.configuration, from: source.tensors)
    }
    #expect(error?.description.contains("it became shorter while it was read") == true)
  }

  @Test func aHeaderBeyondTheFormatsBoundIsNotRead() throws {
    var length = UInt64(150_000_000).littleEndian
    try Data(bytes: &length, count: 8).write(to: file("model.safetensors"))
    truncate(file("model.safetensors").path, 200_000_000)
    let error = #expect(throws: SafetensorsError.self) {
      try SafetensorsFile(contentsOf: file("model.safetensors"))
    }
    #expect(error?.description.contains("150000000 bytes, more than the format allows") == true)
  }
}
