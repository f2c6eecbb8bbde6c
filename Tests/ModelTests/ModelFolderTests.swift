import Foundation
import Model
import TestSupport
import Testing

/// Which files of a model's folder are read, and what is said of those that cannot be.
@Suite struct ModelFolderTests {
  private let folder: ScratchFolder
  private let weights = tinyWeights(.llama)

  init() throws {
    folder = try ScratchFolder()
    let tokenizer = try Tokenizer.train(
      texts: ["a knight and a knave"], vocabularySize: 270, specialTokens: ["<|endoftext|>"])
    try HuggingFaceExport.write(weights, tokenizer: tokenizer, to: folder.url)
  }

  private func file(_ name: String) -> URL { folder.url.appending(path: name) }

  private func sentence() -> String {
    do {
      _ = try ImportedModel(contentsOf: folder.url)
      return ""
    } catch {
      return "\(error)"
    }
  }

  private func write(_ object: Any, _ name: String) throws {
    try JSONSerialization.data(withJSONObject: object).write(to: file(name))
  }

  private var tensors: [(name: String, shape: [Int], values: [Float])] {
    weights.layout.entries.map { ($0.name, $0.shape, weights[$0.name] ?? []) }
  }

  private func writeShards(leaving: String? = nil, naming: [String: String] = [:]) throws {
    var map: [String: String] = [:]
    for (number, half) in [tensors.prefix(3), tensors.dropFirst(3)].enumerated() {
      let name = "model-\(number).safetensors"
      if name != leaving {
        try SafetensorsWriter.write(
          half.map { ($0.name, $0.shape, $0.values.map { $0 + 1 }) }, to: file(name))
      }
      for tensor in half { map[tensor.name] = name }
    }
    try write(["weight_map": map.merging(naming) { $1 }], "model.safetensors.index.json")
  }

  @Test func whatIsReadIsListed() throws {
    for name in ["README.md", "training_args.bin", "model-0.safetensors"] {
      try Data("x".utf8).write(to: file(name))
    }
    let read = [
      "config.json", "generation_config.json", "model.safetensors", "tokenizer.json",
      "tokenizer_config.json",
    ]
    #expect(try ModelFolder.filesRead(in: folder.url) == read)
    try writeShards()
    #expect(try ModelFolder.filesRead(in: folder.url) == read)
    try FileManager.default.removeItem(at: file("model.safetensors"))
    #expect(
      try ModelFolder.filesRead(in: folder.url) == [
        "config.json", "generation_config.json", "model-0.safetensors", "model-1.safetensors",
        "model.safetensors.index.json", "tokenizer.json", "tokenizer_config.json",
      ])
  }

  @Test func theSingleFileGoesBeforeShards() throws {
    #expect(try ImportedModel(contentsOf: folder.url).note == nil)
    try writeShards()
    let read = try ImportedModel(contentsOf: folder.url)
    #expect(read.weights["model.norm.weight"] == weights["model.norm.weight"])
    #expect(read.note?.contains("model.safetensors was read") == true)
    try FileManager.default.removeItem(at: file("model.safetensors"))
    let shards = try ImportedModel(contentsOf: folder.url)
    #expect(shards.weights["model.norm.weight"] == weights["model.norm.weight"]?.map { $0 + 1 })
    #expect(shards.note == nil)
  }

  @Test func anIndexMustAgreeWithItsShards() throws {
    try FileManager.default.removeItem(at: file("model.safetensors"))
    try writeShards(leaving: "model-1.safetensors")
    #expect(
      sentence().contains("model-1.safetensors cannot be read: there is no such file, though"))
    try writeShards(naming: ["x": "model-0.safetensors"])
    #expect(sentence().contains("says that it holds 'x', which it does not"))
    let first = weights.layout.entries[0].name
    try writeShards(naming: [first: "model-1.safetensors"])
    #expect(sentence().contains("it holds '\(first)', which"))
    try writeShards(naming: [first: "../model-1.safetensors"])
    #expect(sentence().contains("lies in another folder"))
  }

  @Test func aTiedOutputLayerIsTheEmbedding() throws {
    var stored = tensors
    stored[0].name = "lm_head.weight"
    try SafetensorsWriter.write(stored, to: file("model.safetensors"))
    let read = try ImportedModel(contentsOf: folder.url)
    let all = 0..<weights.layout.count
    #expect(read.weights.buffer[all] == weights.buffer[all])
    var untied = weights.configuration
    untied.tiedEmbeddings = false
    try untied.huggingFaceConfig.write(to: file("config.json"))
    #expect(sentence().contains("'model.embed_tokens.weight' is missing"))
  }

  @Test(arguments: [
    (Data(), "it is empty"),
    (Data("version https://git-lfs.github.com/spec/v1\noid".utf8), "Git LFS"),
    (Data("\n<!DOCTYPE html>".utf8), "a web page"), (Data("<HTML>".utf8), "a web page"),
    (Data([0x50, 0x4B, 3, 4, 0, 0, 0, 0, 0]), "a zip archive"),
    (Data([0x1F, 0x8B, 8, 0]), "compressed"),
    (Data("PAR1".utf8), "Parquet"),
    (Data([0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9]), "Python's pickle"),
  ])
  func otherContentIsCalledByItsName(_ content: Data, _ words: String) throws {
    for name in ["model.safetensors", "config.json", "tokenizer.json"] {
      let before = try Data(contentsOf: file(name))
      try content.write(to: file(name))
      #expect(
        sentence().contains("\(name) cannot be read: ") && sentence().contains(words), "\(name)")
      try before.write(to: file(name))
    }
    try content.write(to: file("x.gguf"))
    let error = #expect(throws: GGUFError.self) { try GGUFFile(contentsOf: file("x.gguf")) }
    #expect(error?.description.contains(words) == true)
  }

  /// A header of 640 bytes begins as a pickle does.
  @Test func aHeaderOfThatLengthIsNone() throws {
    let json = #"{"x": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}"#
    let header = Data(json.utf8) + Data(repeating: 0x20, count: 0x280 - json.utf8.count)
    let data = Data([0x80, 2, 0, 0, 0, 0, 0, 0]) + header + Data(count: 4)
    try data.write(to: file("model.safetensors"))
    #expect(try SafetensorsFile(contentsOf: file("model.safetensors")).names == ["x"])
  }

  @Test(arguments: [
    ("pytorch_model.bin", "Python's pickle"), ("consolidated.00.pth", "Python's pickle"),
    ("model-Q4.gguf", "name the file model-Q4.gguf"), ("tf_model.h5", "tf_model.h5 is of another"),
    ("other.txt", "model.safetensors cannot be read: there is no such file"),
  ])
  func otherWeightsAreCalledByTheirNames(_ name: String, _ words: String) throws {
    try FileManager.default.removeItem(at: file("model.safetensors"))
    try Data("x".utf8).write(to: file(name))
    #expect(sentence().contains(words), "\(sentence())")
  }

  @Test func foldersOfOtherProgramsAreCalledByTheirNames() throws {
    try FileManager.default.removeItem(at: file("tokenizer.json"))
    try Data("x".utf8).write(to: file("tokenizer.model"))
    #expect(sentence().contains("tokenizer.model uses SentencePiece's own format"))
    try FileManager.default.removeItem(at: file("config.json"))
    try Data("x".utf8).write(to: file("a.gguf"))
    #expect(sentence().contains("name the file a.gguf itself"))
  }

  @Test func linksAreFollowed() throws {
    let other = try ScratchFolder()
    for name in try ModelFolder.filesRead(in: folder.url) {
      try FileManager.default.createSymbolicLink(
        atPath: other.url.appending(path: name).path, withDestinationPath: file(name).path)
    }
    let link = other.url.appending(path: "link")
    try FileManager.default.createSymbolicLink(
      atPath: link.path, withDestinationPath: other.url.path)
    #expect(try ModelFolder.filesRead(in: link) == ModelFolder.filesRead(in: folder.url))
    #expect(try ImportedModel(contentsOf: link).note == nil)
    for name in ["model.safetensors", "generation_config.json", "tokenizer_config.json"] {
      let before = try Data(contentsOf: file(name))
      try FileManager.default.removeItem(at: file(name))
      let error = #expect(throws: (any Error).self) { try ImportedModel(contentsOf: link) }
      #expect("\(error.map { "\($0)" } ?? "")".contains("leads nowhere"), "\(name)")
      #expect(try !ModelFolder.filesRead(in: link).contains(name))
      try before.write(to: file(name))
    }
  }

  @Test(
    arguments: [
      (["eos_token_id": -1], "ends with the token -1"),
      (
        ["eos_token_id": [0, 300]], "ends with the token 300, but the model has the tokens 0 to 299"
      ),
      (["eos_token_id": 99_999_999_999], "ends with the token"),
      (["bos_token_id": 300], "begins with the token 300"),
    ] as [([String: any Sendable], String)])
  func tokensMustHaveEmbeddings(_ entries: [String: any Sendable], _ words: String) throws {
    let json = try JSONSerialization.jsonObject(with: weights.configuration.huggingFaceConfig)
    var object = try #require(json as? [String: Any])
    object.merge(entries) { $1 }
    try FileManager.default.removeItem(at: file("generation_config.json"))
    try write(object, "config.json")
    #expect(sentence().contains(words), "\(sentence())")
    guard let ends = entries["eos_token_id"] else { return }
    try weights.configuration.huggingFaceConfig.write(to: file("config.json"))
    try write(["eos_token_id": ends], "generation_config.json")
    #expect(sentence().contains(words), "\(sentence())")
  }

  @Test func repeatedEndTokensCountOnce() throws {
    try write(["eos_token_id": [2, 0, 2]], "generation_config.json")
    #expect(try ImportedModel(contentsOf: folder.url).weights.configuration.endTokens == [2, 0])
  }

  @Test(arguments: [
    ("linear", 1.0, true), ("linear", 2.0, true), ("yarn", 1.0, false), ("default", 2.0, true),
  ])
  func scalingOfPositionsIsReadOrRefused(_ type: String, _ factor: Double, isRead: Bool) throws {
    let json = try JSONSerialization.jsonObject(with: weights.configuration.huggingFaceConfig)
    for key in ["type", "rope_type"] {
      var object = try #require(json as? [String: Any])
      object["rope_scaling"] = [key: type, "factor": factor] as [String: Any]
      try write(object, "config.json")
      #expect(sentence().isEmpty == isRead, "\(sentence())")
    }
  }
}
