import Foundation

/// Writes a model as a folder that transformers loads.
package enum HuggingFaceExport {
  /// The most bytes of weights in a file, where not a single tensor has more.
  package static let shardBytes = 2_000_000_000

  /// Writes config.json, the weights as model.safetensors, or as shards with their index,
  /// tokenizer.json, tokenizer_config.json and generation_config.json into a folder, which is made
  /// where there is none. config.json comes last.
  /// - Parameters:
  ///   - precision: in which the weights are stored.
  ///   - shardBytes: the most bytes of weights in a file.
  /// - Returns: the names of the files.
  /// - Throws: what the source throws, `ModelImportError.notFinite`, and what the file system says.
  @discardableResult
  package static func write(
    _ weights: any TensorSource, _ configuration: ModelConfiguration, as precision: Precision,
    tokenizer: Tokenizer, chatTemplate: String? = nil, shardBytes: Int = shardBytes, to folder: URL
  ) throws -> [String] {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    var names = try WeightShards(ParameterLayout(configuration), precision, atMost: shardBytes)
      .write(weights, to: folder)
    for (name, data) in [
      ("tokenizer.json", tokenizer.huggingFace),
      ("tokenizer_config.json", tokenizerSettings(configuration, tokenizer, chatTemplate)),
      ("generation_config.json", generationSettings(configuration)),
      ("config.json", configuration.huggingFaceConfig(precision)),
    ] {
      try data.write(to: folder.appending(path: name), options: .atomic)
      names.append(name)
    }
    return names.sorted()
  }

  /// Writes a model in memory, in float32.
  /// - Throws: `ModelImportError.notFinite`, and what the file system says.
  package static func write(
    _ weights: Weights, tokenizer: Tokenizer, chatTemplate: String? = nil, to folder: URL
  ) throws {
    try write(
      WeightsInMemory(weights), weights.configuration, as: .float32, tokenizer: tokenizer,
      chatTemplate: chatTemplate, to: folder)
  }

  private static func tokenizerSettings(
    _ configuration: ModelConfiguration, _ tokenizer: Tokenizer, _ chatTemplate: String?
  ) -> Data {
    func text(of token: Int32?) -> String {
      token.map { JSONText.quoted(tokenizer.decode([$0])) } ?? "null"
    }
    var entries = [
      ("tokenizer_class", "\"PreTrainedTokenizerFast\""),
      ("bos_token", text(of: tokenizer.begin.first ?? configuration.beginToken)),
      ("eos_token", text(of: configuration.endTokens.first)),
      ("pad_token", text(of: configuration.endTokens.first)),
      ("add_bos_token", "\(!tokenizer.begin.isEmpty)"),
      ("add_prefix_space", "false"),
      ("clean_up_tokenization_spaces", "false"),
      ("model_max_length", "\(configuration.contextLength)"),
    ]
    if let chatTemplate { entries.append(("chat_template", JSONText.quoted(chatTemplate))) }
    return Data(JSONText.object(entries).utf8)
  }

  private static func generationSettings(_ configuration: ModelConfiguration) -> Data {
    let entries = [
      ("bos_token_id", configuration.beginToken.map { "\($0)" } ?? "null"),
      ("eos_token_id", configuration.endTokensJSON),
      ("pad_token_id", configuration.endTokens.first.map { "\($0)" } ?? "null"),
    ]
    return Data(JSONText.object(entries).utf8)
  }
}

/// Writes JSON in one fixed way, without going through a dictionary.
enum JSONText {
  static func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out + "\""
  }

  /// A number, without a point where it is whole.
  static func number(_ value: Double) -> String {
    Int(exactly: value).map { "\($0)" } ?? "\(value)"
  }

  static func list(_ elements: [String]) -> String { "[" + elements.joined(separator: ", ") + "]" }

  /// An object, one entry a line.
  static func object(_ entries: [(key: String, value: String)]) -> String {
    let lines = entries.map { "  \(quoted($0.key)): \($0.value)" }
    return "{\n" + lines.joined(separator: ",\n") + "\n}\n"
  }
}
