import Foundation

/// What a tiktoken file leaves to the program that reads it.
private struct TiktokenFamily {
  let tokenCount: Int
  let rules: TokenizerRules
  /// The added tokens, from the first id after the file's own.
  let special: [String]
  /// Those after them that are text of their own kind.
  let plain: [String]

  static let all = [
    TiktokenFamily(
      tokenCount: 151_643, rules: .qwen2,
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
      tokenCount: 50256, rules: .gpt2, special: ["<|endoftext|>"], plain: []),
  ]
}

extension TokenizerRules {
  fileprivate static let gpt2 = TokenizerRules(preTokenizer: .gpt2)
  fileprivate static let qwen2 = TokenizerRules(preTokenizer: .qwen2, normaliser: [.nfc])
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
        addedTokens: added, rules: family.rules)
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
    let settings = try TokenizerSettings(in: folder)
    guard let vocabulary = WrittenTokens(try contents(of: vocabularyFile)) else {
      throw TokenizerError.damaged(
        path: vocabularyFile.path, problem: "it is not a list of tokens with ids")
    }
    let end = "<|endoftext|>"
    let known = vocabulary.ids[Array(end.utf8)].map {
      AddedToken(id: $0, text: end, isSpecial: true)
    }
    let listed = try settings.completed([], vocabulary)
    // Both classes count it among them where the files say nothing.
    let added =
      listed
      + [known].compactMap(\.self).filter { end in
        !listed.contains { $0.id == end.id }
      }
    try self.init(
      tokens: vocabulary, merges: try merges(of: folder.appending(path: "merges.txt")),
      addedTokens: added, rules: try settings.knownClass(), path: vocabularyFile.path)
    try settings.decideBeginning(of: &self, hasFile: false)
  }
}

/// The merges of a merges.txt, which may come from another system: with a byte order mark, or with
/// carriage returns.
private func merges(of file: URL) throws -> [(String, String)] {
  var text = Substring(String(decoding: try contents(of: file, mayBeEmpty: true), as: UTF8.self))
    .unicodeScalars
  if text.first == "\u{FEFF}" { text.removeFirst() }
  let lines = text.split { $0 == "\n" || $0 == "\r" }.map(String.init)
  let hasVersion = lines.first?.hasPrefix("#version") ?? false
  return lines.dropFirst(hasVersion ? 1 : 0).map(mergeHalves)
}

extension TokenizerSettings {
  /// How texts are cut, which follows from the class where there is no tokenizer.json.
  fileprivate func knownClass() throws -> TokenizerRules {
    switch className {
    case "Qwen2Tokenizer", "Qwen2TokenizerFast": return .qwen2
    case "GPT2Tokenizer", "GPT2TokenizerFast": return .gpt2
    default:
      throw TokenizerError.unsupported(
        path: path, feature: "the tokenizer_class '\(className ?? "none")'",
        supported: "Qwen2Tokenizer, GPT2Tokenizer; or a tokenizer.json")
    }
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
    let (rules, begins) = try namedRules(of: file)
    let tokens = try strings(file, "tokenizer.ggml.tokens")
    guard tokens.count <= Vocabulary.limit else {
      throw TokenizerError.damaged(path: file.path, problem: "its vocabulary is absurdly large")
    }
    let added = try typedTokens(of: file, tokens)
    let vocabulary = Vocabulary(written: tokens, added: added)
    try self.init(
      vocabulary: vocabulary, merges: try strings(file, "tokenizer.ggml.merges").map(mergeHalves),
      addedTokens: added, rules: rules, path: file.path)
    guard file.metadata["tokenizer.ggml.add_eos_token"]?.boolean != true else {
      throw TokenizerError.unsupported(
        path: file.path, feature: "add_eos_token, which puts a token behind every text",
        supported: "add_bos_token, since a prompt would end before its answer")
    }
    if file.metadata["tokenizer.ggml.add_bos_token"]?.boolean ?? begins {
      let key = "tokenizer.ggml.bos_token_id"
      guard let id = file.metadata[key]?.integer else {
        throw GGUFError.metadata(path: file.path, key: key, expected: "a token to begin texts with")
      }
      begin = [Int32(clamping: id)]
      try checkBeginning(path: file.path)
    }
  }
}

private func strings(_ file: GGUFFile, _ key: String) throws -> [String] {
  let values = file.metadata[key]?.list
  guard let values, case let texts = values.compactMap(\.string), texts.count == values.count
  else { throw GGUFError.metadata(path: file.path, key: key, expected: "a list of texts") }
  return texts
}

/// What GGUF files leave to the name of a pre-tokenizer, and whether its tokenizers put a token in
/// front of texts where the file does not say.
private func namedRules(of file: GGUFFile) throws -> (TokenizerRules, begins: Bool) {
  switch file.metadata["tokenizer.ggml.pre"]?.string ?? "none" {
  case "smollm", "starcoder", "refact":
    return (TokenizerRules(preTokenizer: .digitsThenGPT2), false)
  case "gpt-2", "olmo": return (.gpt2, false)
  case "qwen2", "deepseek-r1-qwen": return (.qwen2, false)
  case "llama-bpe", "llama3", "llama-v3":
    return (TokenizerRules(preTokenizer: .llama3, ignoresMerges: true), true)
  case "dbrx", "smaug-bpe": return (TokenizerRules(preTokenizer: .llama3), false)
  case "deepseek-llm": return (TokenizerRules(preTokenizer: .deepSeekLLM), false)
  case let other:
    throw TokenizerError.unsupported(
      path: file.path, feature: "the pre-tokenizer '\(other)'",
      supported:
        "gpt-2, smollm, starcoder, refact, olmo, qwen2, deepseek-r1-qwen, llama-bpe, dbrx, "
        + "smaug-bpe, deepseek-llm")
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
