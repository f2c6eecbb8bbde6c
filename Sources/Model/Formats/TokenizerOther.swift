import Foundation

/// What a tiktoken file leaves to the program that reads it.
private struct TiktokenFamily {
  let tokenCount: Int
  let preTokenizer: PreTokenizer
  let normalises: Bool
  /// The added tokens, from the first id after the file's own.
  let special: [String]
  /// Those after them that are text of their own kind.
  let plain: [String]

  static let all = [
    TiktokenFamily(
      tokenCount: 151_643, preTokenizer: .qwen2, normalises: true,
      special: [
        "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>",
        "<|object_ref_end|>", "<|box_start|>", "<|box_end|>", "<|quad_start|>", "<|quad_end|>",
        "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>", "<|image_pad|>", "<|video_pad|>",
      ],
      plain: [
        "<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>",
        "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>",
      ]),
    TiktokenFamily(
      tokenCount: 50256, preTokenizer: .gpt2, normalises: false, special: ["<|endoftext|>"],
      plain: []),
  ]
}

extension Tokenizer {
  /// Reads a tiktoken file: on each line a token's bytes in base 64 and its rank.
  ///
  /// Such a file says nothing of words and added tokens. They are those of Qwen2.5 where it has
  /// 151,643 tokens, and those of GPT-2 where it has 50,256.
  /// - Throws: `TokenizerError`; `path` names the file in it.
  package init(tiktoken data: Data, path: String) throws {
    let tokens = try rankedTokens(data, path: path)
    guard !tokens.isEmpty else {
      throw TokenizerError.damaged(path: path, problem: "it is empty")
    }
    guard let family = TiktokenFamily.all.first(where: { $0.tokenCount == tokens.count }) else {
      throw TokenizerError.unsupported(
        path: path, feature: "\(tokens.count) ranks", supported: "Qwen2.5 (151643), GPT-2 (50256)")
    }
    let added = (family.special + family.plain).enumerated().map { index, text in
      AddedToken(
        id: Int32(tokens.count + index), text: text, isSpecial: index < family.special.count)
    }
    let vocabulary = Vocabulary(
      tokens + added.map { Array($0.text.utf8) }, literals: Set(added.map(\.id)))
    do {
      try self.init(
        vocabulary: vocabulary, mergePairs: try mergesByRank(of: tokens, path: path),
        addedTokens: added, preTokenizer: family.preTokenizer, normalises: family.normalises)
    } catch is MergeError {
      throw TokenizerError.damaged(path: path, problem: "two ranks share a token")
    }
  }
}

/// The bytes of the tokens by rank.
private func rankedTokens(_ data: Data, path: String) throws -> [[UInt8]] {
  var tokens: [[UInt8]] = []
  let lines = data.split(separator: 0x0A, omittingEmptySubsequences: false)
  for (index, line) in lines.enumerated() where !line.isEmpty {
    let parts = line.split(separator: 0x20)
    guard parts.count == 2, let token = Data(base64Encoded: parts[0]), !token.isEmpty,
      Int(String(decoding: parts[1], as: UTF8.self)) == tokens.count
    else {
      let kind = tokens.isEmpty ? "it is neither JSON nor GGUF, and " : ""
      throw TokenizerError.damaged(
        path: path, problem: "\(kind)line \(index + 1) is not a token in base 64 and its rank")
    }
    tokens.append(Array(token))
  }
  return tokens
}

/// Merges that make each token out of two of lower rank: the two that byte-pair encoding comes to
/// with the merges before it.
private func mergesByRank(of tokens: [[UInt8]], path: String) throws -> [MergePair] {
  var byteTokens = [Int32?](repeating: nil, count: 256)
  for (id, token) in tokens.enumerated() where token.count == 1 {
    byteTokens[Int(token[0])] = Int32(id)
  }
  var results: [MergePair: Int32] = [:]
  var pairs: [MergePair] = []
  for (id, token) in tokens.enumerated() where token.count > 1 {
    var parts = token.compactMap { byteTokens[Int($0)] }
    mergeAll(&parts, results)
    guard parts.count == 2 else {
      throw TokenizerError.damaged(
        path: path, problem: "the token of rank \(id) is not made of two of lower rank")
    }
    let pair = MergePair(left: parts[0], right: parts[1])
    results[pair] = Int32(id)
    pairs.append(pair)
  }
  return pairs
}

/// Merges the pair of the lowest rank, the leftmost of several, until none is left. A token's rank
/// is its id here.
private func mergeAll(_ parts: inout [Int32], _ results: [MergePair: Int32]) {
  while true {
    var best: (place: Int, result: Int32)?
    for place in parts.indices.dropLast() {
      let pair = MergePair(left: parts[place], right: parts[place + 1])
      if let result = results[pair], result < best?.result ?? .max { best = (place, result) }
    }
    guard let best else { return }
    parts[best.place] = best.result
    parts.remove(at: best.place + 1)
  }
}

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

extension Tokenizer {
  /// Reads the tokenizer of a GGUF file.
  /// - Throws: `TokenizerError` or `GGUFError` that says what is missing or not supported.
  package init(gguf file: GGUFFile) throws {
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
