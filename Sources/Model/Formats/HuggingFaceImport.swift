import Foundation

extension ImportedModel {
  /// Reads a folder with config.json, a tokenizer and safetensors, in one file or sharded.
  /// - Throws: `ModelImportError`, `SafetensorsError` or `TokenizerError`.
  public init(huggingFaceFolder folder: URL) throws {
    let configFile = folder.appending(path: "config.json")
    var configuration = try ModelConfiguration(
      huggingFaceConfig: try contents(of: configFile), path: configFile.path)
    if let endTokens = try generationEndTokens(in: folder) { configuration.endTokens = endTokens }
    let tokenizer = try Tokenizer(huggingFaceFolder: folder)
    let weights = try Weights(configuration, from: try ShardedSafetensors(folder: folder))
    try self.init(
      weights: weights, tokenizer: tokenizer, chatTemplate: try storedChatTemplate(in: folder),
      path: folder.path)
  }
}

/// The safetensors of a folder: model.safetensors, or the shards that an index names.
struct ShardedSafetensors: TensorSource {
  let path: String
  private var files: [String: SafetensorsFile] = [:]

  init(folder: URL) throws {
    path = folder.path
    let index = folder.appending(path: "model.safetensors.index.json")
    if FileManager.default.fileExists(atPath: index.path) {
      try readShards(index, in: folder)
    } else {
      let file = try SafetensorsFile(contentsOf: folder.appending(path: "model.safetensors"))
      for name in file.names { files[name] = file }
    }
    // Old llama checkpoints store the rotary frequencies, which follow from the configuration.
    for name in files.keys where name.hasSuffix("rotary_emb.inv_freq") { files[name] = nil }
  }

  var shapes: [String: [Int]] {
    files.reduce(into: [:]) { $0[$1.key] = $1.value.entries[$1.key]?.shape }
  }

  func read(_ name: String, into output: UnsafeMutableBufferPointer<Float>) throws {
    guard let file = files[name] else {
      throw SafetensorsError.missing(path: path, tensor: name)
    }
    try file.read(name, into: output)
  }

  private mutating func readShards(_ index: URL, in folder: URL) throws {
    struct Index: Decodable {
      let shards: [String: String]

      enum CodingKeys: String, CodingKey { case shards = "weight_map" }
    }
    guard let map = try? JSONDecoder().decode(Index.self, from: try contents(of: index)).shards
    else {
      throw ModelImportError.unreadable(path: index.path, reason: "it has no 'weight_map'")
    }
    for shard in Set(map.values).sorted() {
      guard !shard.contains("/") else {
        throw ModelImportError.unreadable(
          path: index.path, reason: "the shard '\(shard)' lies in another folder")
      }
      let file = try SafetensorsFile(contentsOf: folder.appending(path: shard))
      let promised = map.filter { $0.value == shard }.map(\.key).sorted()
      guard promised == file.names else {
        throw ModelImportError.tensors(
          path: file.path, problem: "it does not hold the tensors that \(index.path) promises")
      }
      for name in file.names { files[name] = file }
    }
  }
}

/// The end tokens of generation_config.json, which go before those of config.json.
private func generationEndTokens(in folder: URL) throws -> [Int32]? {
  struct Generation: Decodable {
    let endTokens: ConfigurationJSON.OneOrMany?

    enum CodingKeys: String, CodingKey { case endTokens = "eos_token_id" }
  }
  let file = folder.appending(path: "generation_config.json")
  guard FileManager.default.fileExists(atPath: file.path) else { return nil }
  do {
    return try JSONDecoder().decode(Generation.self, from: try contents(of: file)).endTokens?.ids
  } catch let error as DecodingError {
    throw ModelImportError.configuration(path: file.path, problem: sentence(for: error))
  }
}

/// The chat template: a file of its own, or a field of tokenizer_config.json.
private func storedChatTemplate(in folder: URL) throws -> String? {
  struct Settings: Decodable {
    let template: Template?

    enum CodingKeys: String, CodingKey { case template = "chat_template" }
  }
  let file = folder.appending(path: "chat_template.jinja")
  if FileManager.default.fileExists(atPath: file.path) {
    return String(decoding: try contents(of: file), as: UTF8.self)
  }
  let settings = folder.appending(path: "tokenizer_config.json")
  guard FileManager.default.fileExists(atPath: settings.path) else { return nil }
  do {
    return try JSONDecoder().decode(Settings.self, from: try contents(of: settings)).template?.text
  } catch let error as DecodingError {
    throw ModelImportError.configuration(path: settings.path, problem: sentence(for: error))
  }
}

/// One template, or several with names, of which `default` counts.
private struct Template: Decodable {
  let text: String?

  init(from decoder: any Decoder) throws {
    struct Named: Decodable {
      let name: String
      let template: String
    }
    let container = try decoder.singleValueContainer()
    if let one = try? container.decode(String.self) {
      text = one
    } else {
      let named = try container.decode([Named].self)
      text = named.first { $0.name == "default" }?.template
    }
  }
}
