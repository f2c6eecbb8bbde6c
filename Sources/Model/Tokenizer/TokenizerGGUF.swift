extension Tokenizer {
  /// Reads the tokenizer of a GGUF file.
  /// - Throws: `TokenizerError` or `GGUFError` that says what is missing or not supported.
  public init(gguf file: GGUFFile) throws {
    let model = file.metadata["tokenizer.ggml.model"]?.string ?? "none"
    guard model == "gpt2" else {
      throw TokenizerError.unsupported(
        path: file.path, feature: "the tokenizer model '\(model)'",
        supported: "gpt2 (byte-level BPE)")
    }
    let (preTokenizer, normalises) = try namedPreTokenizer(of: file)
    let tokens = try strings(file, "tokenizer.ggml.tokens")
    guard tokens.count <= Vocabulary.limit else {
      throw TokenizerError.damaged(path: file.path, problem: "its vocabulary is absurdly large")
    }
    let added = try typedTokens(of: file, tokens)
    let vocabulary = Vocabulary(written: tokens, added: added)
    try self.init(
      vocabulary: vocabulary, merges: try strings(file, "tokenizer.ggml.merges").map(mergeHalves),
      addedTokens: added, preTokenizer: preTokenizer, normalises: normalises, path: file.path)
  }
}

private func strings(_ file: GGUFFile, _ key: String) throws -> [String] {
  let values = file.metadata[key]?.list
  guard let values, case let texts = values.compactMap(\.string), texts.count == values.count
  else { throw GGUFError.metadata(path: file.path, key: key, expected: "a list of texts") }
  return texts
}

/// The scanner, and whether texts are normalised, which GGUF files leave to their name.
private func namedPreTokenizer(of file: GGUFFile) throws -> (PreTokenizer, Bool) {
  switch file.metadata["tokenizer.ggml.pre"]?.string ?? "none" {
  case "smollm": return (.digitsThenGPT2, false)
  case "gpt-2": return (.gpt2, false)
  case "qwen2": return (.qwen2, true)
  case let other:
    throw TokenizerError.unsupported(
      path: file.path, feature: "the pre-tokenizer '\(other)'",
      supported: "smollm, qwen2, gpt-2")
  }
}

/// Control tokens (type 3) and tokens of the user (type 4).
private func typedTokens(of file: GGUFFile, _ tokens: [String]) throws -> [AddedToken] {
  let key = "tokenizer.ggml.token_type"
  guard let types = file.metadata[key]?.list?.map(\.integer), types.count == tokens.count else {
    throw GGUFError.metadata(
      path: file.path, key: key, expected: "a list of one integer for each token")
  }
  return types.enumerated().compactMap { index, type in
    guard type == 3 || type == 4, !tokens[index].isEmpty else { return nil }
    return AddedToken(id: Int32(index), text: tokens[index], isSpecial: type == 3)
  }
}
