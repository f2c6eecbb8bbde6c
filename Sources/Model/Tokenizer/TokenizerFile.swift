/// A tokenizer.json, as far as it matters.
struct TokenizerFile: Decodable {
  struct Model: Decodable {
    let type: String?
    let vocab: [String: Int32]
    let merges: Merges
    let dropout: Double?
    let unknownToken: String?
    let wordPrefix: String?
    let wordSuffix: String?
    let byteFallback: Bool?
    let ignoresMerges: Bool?

    enum CodingKeys: String, CodingKey {
      case type, vocab, merges, dropout
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
    let special: Bool
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

    /// The token, if nothing about it is unknown.
    func token(id: Int32?, path: String) throws -> AddedToken {
      guard let id else {
        throw TokenizerError.damaged(path: path, problem: "the token '\(content)' has no id")
      }
      guard singleWord != true, leftStrip != true, rightStrip != true else {
        throw TokenizerError.unsupported(
          path: path, feature: "single_word, lstrip or rstrip on '\(content)'",
          supported: "added tokens that are matched as they stand")
      }
      return AddedToken(
        id: id, text: content, isSpecial: special, isNormalised: normalised ?? false)
    }
  }

  let addedTokens: [Added]?
  let normaliser: TokenizerStep?
  let preTokenizer: TokenizerStep?
  let model: Model

  enum CodingKeys: String, CodingKey {
    case addedTokens = "added_tokens"
    case normaliser = "normalizer"
    case preTokenizer = "pre_tokenizer"
    case model
  }

  func refuseUnsupported(path: String) throws {
    let problems: [(Bool, String)] = [
      ((model.type ?? "BPE") != "BPE", "the model '\(model.type ?? "")'"),
      (model.byteFallback == true, "byte_fallback"),
      ((model.dropout ?? 0) != 0, "dropout"),
      (!(model.wordPrefix ?? "").isEmpty, "continuing_subword_prefix"),
      (!(model.wordSuffix ?? "").isEmpty, "end_of_word_suffix"),
      (model.unknownToken != nil && !coversAllBytes, "unk_token for bytes without a token"),
    ]
    if let problem = problems.first(where: \.0) {
      throw TokenizerError.unsupported(
        path: path, feature: problem.1, supported: "plain byte-level BPE")
    }
  }

  func knownAddedTokens(path: String) throws -> [AddedToken] {
    try (addedTokens ?? []).map { try $0.token(id: $0.id, path: path) }
  }

  private var coversAllBytes: Bool {
    ByteAlphabet.characters.allSatisfy { model.vocab[String($0)] != nil }
  }
}
