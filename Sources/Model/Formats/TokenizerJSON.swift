import Foundation

/// A tokenizer.json, as far as it matters. The vocabulary is read apart.
struct TokenizerFile: Decodable {
  struct Model: Decodable {
    let type: String?
    let merges: Merges
    let dropout: Double?
    let unknownToken: String?
    let wordPrefix: String?
    let wordSuffix: String?
    let byteFallback: Bool?
    let ignoresMerges: Bool?

    enum CodingKeys: String, CodingKey {
      case type, merges, dropout
      case unknownToken = "unk_token"
      case wordPrefix = "continuing_subword_prefix"
      case wordSuffix = "end_of_word_suffix"
      case byteFallback = "byte_fallback"
      case ignoresMerges = "ignore_merges"
    }
  }

  /// Merges, each a text with a blank or a list of two.
  struct Merges: Decodable {
    let pairs: [(String, String)]

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let texts = try? container.decode([String].self) {
        pairs = texts.map(mergeHalves)
      } else {
        pairs = try container.decode([[String]].self).map { halves in
          guard halves.count == 2 else {
            throw DecodingError.dataCorruptedError(
              in: container, debugDescription: "a merge has two halves")
          }
          return (halves[0], halves[1])
        }
      }
    }
  }

  /// An added token; tokenizer_config.json writes its id elsewhere.
  struct Added: Decodable {
    let id: Int32?
    let content: String
    let special: Bool?
    let normalised: Bool?
    let singleWord: Bool?
    let leftStrip: Bool?
    let rightStrip: Bool?

    enum CodingKeys: String, CodingKey {
      case id, content, special
      case normalised = "normalized"
      case singleWord = "single_word"
      case leftStrip = "lstrip"
      case rightStrip = "rstrip"
    }

    func token(id: Int32?, path: String) throws -> AddedToken {
      guard let id else {
        throw TokenizerError.damaged(path: path, problem: "the token '\(content)' has no id")
      }
      var token = AddedToken(
        id: id, text: content, isSpecial: special ?? false, isNormalised: normalised ?? false)
      token.isSingleWord = singleWord ?? false
      token.takesSpaceBefore = leftStrip ?? false
      token.takesSpaceBehind = rightStrip ?? false
      return token
    }
  }

  let addedTokens: [Added]?
  let normaliser: TokenizerStep?
  let preTokenizer: TokenizerStep?
  let postProcessor: TokenizerStep?
  let decoder: TokenizerStep?
  let model: Model

  enum CodingKeys: String, CodingKey {
    case addedTokens = "added_tokens"
    case normaliser = "normalizer"
    case preTokenizer = "pre_tokenizer"
    case postProcessor = "post_processor"
    case decoder, model
  }

  func refuseUnsupported(_ alphabet: Alphabet, path: String) throws {
    let problems: [(Bool, String)] = [
      ((model.type ?? "BPE") != "BPE", "the model '\(model.type ?? "")'"),
      (alphabet == .bytes && model.byteFallback == true, "byte_fallback with ByteLevel"),
      ((model.dropout ?? 0) != 0, "dropout"),
      (!(model.wordPrefix ?? "").isEmpty, "continuing_subword_prefix"),
      (!(model.wordSuffix ?? "").isEmpty, "end_of_word_suffix"),
    ]
    if let problem = problems.first(where: \.0) {
      throw TokenizerError.unsupported(
        path: path, feature: problem.1, supported: "BPE over bytes, or over characters with bytes")
    }
  }
}

extension Tokenizer {
  /// Reads a tokenizer.json with BPE.
  /// - Throws: `TokenizerError` that says what is wrong or not supported.
  package init(huggingFace json: Data) throws {
    try self.init(huggingFace: json, path: "tokenizer.json")
  }

  /// Reads a tokenizer.json; `path` names it in errors. `settings` is what lies beside it.
  init(huggingFace json: Data, path: String, settings: TokenizerSettings? = nil) throws {
    let file: TokenizerFile
    do {
      file = try JSONDecoder().decode(TokenizerFile.self, from: json)
    } catch let error as DecodingError {
      throw TokenizerError.damaged(path: path, problem: sentence(for: error))
    }
    if let type = file.model.type, type != "BPE" { try file.refuseUnsupported(.bytes, path: path) }
    let rules = try file.rules(path: path)
    try file.refuseUnsupported(rules.alphabet, path: path)
    guard let tokens = WrittenTokens(json, at: ["model", "vocab"]) else {
      throw TokenizerError.damaged(path: path, problem: "'vocab' is missing or no list of ids")
    }
    let added = try (file.addedTokens ?? []).map { try $0.token(id: $0.id, path: path) }
    try self.init(
      tokens: tokens, merges: file.model.merges.pairs,
      addedTokens: try settings?.completed(added, tokens) ?? added, rules: rules, path: path)
    if file.model.unknownToken != nil || rules.alphabet == .characters, !vocabulary.coversAllBytes {
      throw TokenizerError.unsupported(
        path: path, feature: "unk_token for bytes without a token",
        supported: "vocabularies in which every byte has a token")
    }
    begin = try file.begin(path: path)
    try settings?.decideBeginning(of: &self, hasFile: true)
    try checkBeginning(path: path)
  }

  /// Makes sure that there are tokens to begin a text with.
  func checkBeginning(path: String) throws {
    for id in begin where !(0..<Int32(vocabularySize)).contains(id) || bytes(of: id).isEmpty {
      throw TokenizerError.damaged(
        path: path, problem: "it begins texts with \(id), which is not a token")
    }
  }

  init(
    tokens: WrittenTokens, merges: [(String, String)], addedTokens: [AddedToken],
    rules: TokenizerRules, path: String
  ) throws {
    let addedTokens = addedTokens.map { $0.matched(after: rules.normaliser) }
    let all = tokens.entries.map { Int($0.id) } + addedTokens.map { Int($0.id) }
    guard let greatest = all.max(), all.allSatisfy({ $0 >= 0 }), greatest < Vocabulary.limit else {
      throw TokenizerError.damaged(path: path, problem: "its ids are negative or absurdly large")
    }
    guard tokens.ids.count == tokens.entries.count,
      Set(tokens.entries.map(\.id)).count == tokens.entries.count
    else { throw TokenizerError.damaged(path: path, problem: "two tokens share an id") }
    if let odd = addedTokens.first(where: { (tokens.ids[Array($0.text.utf8)] ?? $0.id) != $0.id }) {
      throw TokenizerError.damaged(path: path, problem: "'\(odd.text)' has two ids")
    }
    var written = [String](repeating: "", count: greatest + 1)
    for (text, id) in tokens.entries { written[Int(id)] = String(decoding: text, as: UTF8.self) }
    try self.init(
      vocabulary: Vocabulary(written: written, added: addedTokens, alphabet: rules.alphabet),
      merges: merges, addedTokens: addedTokens, rules: rules, path: path)
  }

  /// Finds the ids of merges written as texts.
  init(
    vocabulary: Vocabulary, merges: [(String, String)], addedTokens: [AddedToken],
    rules: TokenizerRules, path: String
  ) throws {
    func id(_ text: String) throws -> Int32 {
      if let id = vocabulary.id(ofWritten: text) { return id }
      throw TokenizerError.damaged(
        path: path, problem: "a merge names '\(text)', which is not a token")
    }
    let pairs = try merges.map { MergePair(left: try id($0.0), right: try id($0.1)) }
    do {
      try self.init(
        vocabulary: vocabulary, mergePairs: pairs, addedTokens: addedTokens, rules: rules)
    } catch {
      let text = vocabulary.written(error.pair.left) + vocabulary.written(error.pair.right)
      throw TokenizerError.damaged(
        path: path, problem: "a merge makes '\(text)', which is not a token")
    }
  }
}

/// The halves of a merge written as a text with a blank between them.
func mergeHalves(_ merge: String) -> (String, String) {
  let blank = merge.unicodeScalars.firstIndex(of: " ") ?? merge.endIndex
  return (String(merge[..<blank]), String(merge[blank...].dropFirst()))
}
