import Foundation

extension Tokenizer {
  /// Reads a folder with vocab.json and merges.txt. How texts are cut follows from the class that
  /// tokenizer_config.json names.
  /// - Throws: `TokenizerError` or `ModelImportError`.
  init(vocabularyFilesIn folder: URL) throws {
    let vocabularyFile = folder.appending(path: "vocab.json")
    let settingsFile = folder.appending(path: "tokenizer_config.json")
    let vocabulary = try decoded([String: Int32].self, vocabularyFile)
    let settings = try decoded(TokenizerSettings.self, settingsFile)
    let (preTokenizer, normalises) = try settings.knownClass(path: settingsFile.path)
    let merges = String(
      decoding: try contents(of: folder.appending(path: "merges.txt")), as: UTF8.self)
    let lines = merges.unicodeScalars.split(separator: "\n").map(String.init)
    let hasVersion = lines.first?.hasPrefix("#version") ?? false
    try self.init(
      tokens: vocabulary, merges: lines.dropFirst(hasVersion ? 1 : 0).map(mergeHalves),
      addedTokens: try settings.addedTokens(vocabulary, path: settingsFile.path),
      preTokenizer: preTokenizer, normalises: normalises, path: vocabularyFile.path)
  }
}

private func decoded<Value: Decodable>(_ type: Value.Type, _ file: URL) throws -> Value {
  do {
    return try JSONDecoder().decode(type, from: try contents(of: file))
  } catch let error as DecodingError {
    throw TokenizerError.damaged(path: file.path, problem: sentence(for: error))
  }
}

/// A tokenizer_config.json, as far as it matters where there is no tokenizer.json.
private struct TokenizerSettings: Decodable {
  let className: String?
  let added: [String: TokenizerFile.Added]?

  enum CodingKeys: String, CodingKey {
    case className = "tokenizer_class"
    case added = "added_tokens_decoder"
  }

  func knownClass(path: String) throws -> (PreTokenizer, normalises: Bool) {
    switch className {
    case "Qwen2Tokenizer", "Qwen2TokenizerFast": return (.qwen2, true)
    case "GPT2Tokenizer", "GPT2TokenizerFast": return (.gpt2, false)
    default:
      throw TokenizerError.unsupported(
        path: path, feature: "the tokenizer_class '\(className ?? "none")'",
        supported: "Qwen2Tokenizer, GPT2Tokenizer; or a tokenizer.json")
    }
  }

  /// The tokens of the file. Both classes count `<|endoftext|>` among them where it says nothing.
  func addedTokens(_ vocabulary: [String: Int32], path: String) throws -> [AddedToken] {
    var tokens = try (added ?? [:]).map { key, token in
      guard let id = Int32(key) else {
        throw TokenizerError.damaged(path: path, problem: "'\(key)' is no token id")
      }
      return try token.token(id: id, path: path)
    }
    let end = "<|endoftext|>"
    if let id = vocabulary[end], !tokens.contains(where: { $0.id == id }) {
      tokens.append(AddedToken(id: id, text: end, isSpecial: true))
    }
    return tokens
  }
}
