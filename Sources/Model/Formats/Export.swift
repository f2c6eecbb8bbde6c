import Foundation

/// Writes a model as a folder that transformers loads.
package enum HuggingFaceExport {
  /// Writes config.json, model.safetensors, tokenizer.json, tokenizer_config.json and
  /// generation_config.json into a folder, which is made where there is none.
  /// - Throws: what the file system says.
  package static func write(
    _ weights: Weights, tokenizer: Tokenizer, chatTemplate: String? = nil, to folder: URL
  ) throws {
    let configuration = weights.configuration
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    func write(_ data: Data, _ name: String) throws {
      try data.write(to: folder.appending(path: name), options: .atomic)
    }
    try SafetensorsWriter.write(weights, to: folder.appending(path: "model.safetensors"))
    try write(tokenizer.huggingFace, "tokenizer.json")
    try write(
      tokenizerSettings(configuration, tokenizer, chatTemplate), "tokenizer_config.json")
    try write(generationSettings(configuration), "generation_config.json")
    try write(configuration.huggingFaceConfig, "config.json")
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
