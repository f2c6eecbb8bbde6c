import Foundation
import Model
import Testing

/// Importers against what other programs read from the same bytes.
@Suite("Reference: formats")
struct ReferenceFormatTests {
  @Test("configurations survive a round trip", arguments: ReferenceFolder.models)
  func configuration(_ model: ReferenceModel) throws {
    let json = try model.json("config.json")
    let read = try ModelConfiguration(huggingFaceConfig: json.data)
    #expect(read.architecture.rawValue == json["model_type"].text)
    #expect(read.hiddenSize == json["hidden_size"].integer)
    #expect(read.vocabularySize == json["vocab_size"].integer)
    #expect(read.normEpsilon == json["rms_norm_eps"].number)
    #expect(try ModelConfiguration(huggingFaceConfig: read.huggingFaceConfig) == read)
  }

  @Test(
    "blocks of GGUF files",
    .enabled(if: ReferenceFolder.has("gguf/blocks.json"), "There is no gguf/blocks.json."),
    arguments: ReferenceFolder.keys(of: "gguf/blocks.json"))
  func blocks(_ name: String) throws {
    let format = try #require(
      ElementFormat.allCases.first { $0.name == name }, "blocks of \(name) cannot be read")
    let stored = try ReferenceJSON(ReferenceFolder.file("gguf/blocks.json"))[name]
    #expect(format.blockElements == stored["block_elements"].integer)
    #expect(format.blockBytes == stored["block_bytes"].integer)
    let bytes = try #require(Data(base64Encoded: stored["base64"].text))
    let expected = try SafetensorsFile(
      contentsOf: ReferenceFolder.file("gguf/blocks.safetensors")
    ).floats(name)
    #expect(!expected.isEmpty && format.decoded(bytes) == expected)
  }

  @Test(
    "whole GGUF files",
    .enabled(if: ReferenceFolder.has("gguf/tiny.json"), "There is no gguf/tiny.json."),
    arguments: ReferenceFolder.keys(of: "gguf/tiny.json"))
  func files(_ name: String) throws {
    let model = try ImportedModel(contentsOf: ReferenceFolder.file("gguf/tiny-\(name).gguf"))
    let expected = try SafetensorsFile(
      contentsOf: ReferenceFolder.file("gguf/tiny-\(name).dequantised.safetensors"))
    let names = expected.names.filter { !$0.hasPrefix("ref.") }
    #expect(names == model.weights.layout.entries.map(\.name).sorted())
    for tensor in names { #expect(model.weights[tensor] == (try expected.floats(tensor))) }

    let config = try ReferenceJSON(ReferenceFolder.file("gguf/tiny.json"))[name]["config"]
    var wanted = try ModelConfiguration(huggingFaceConfig: config.data)
    wanted.beginToken = model.weights.configuration.beginToken
    wanted.endTokens = model.weights.configuration.endTokens
    #expect(model.weights.configuration == wanted)

    let engine = TrainingEngine(weights: model.weights, pool: WorkerPool(threads: 2))
    let shape = try expected.shape("ref.logits")
    let tokens = try expected.integers("ref.input_ids").map(Int32.init)
    let logits = try expected.floats("ref.logits")
    for row in 0..<shape[0] {
      expectLogits(
        engine, Array(tokens[row * shape[1]..<(row + 1) * shape[1]]),
        Array(logits[row * shape[1] * shape[2]..<(row + 1) * shape[1] * shape[2]]))
    }
  }
}
