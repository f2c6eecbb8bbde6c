import Foundation

extension Tokenizer {
  /// Reads a tokenizer.json with byte-level BPE.
  /// - Throws: `TokenizerError` that says what is wrong or not supported.
  public init(huggingFace json: Data) throws {
    try self.init(huggingFace: json, path: "tokenizer.json")
  }

  /// Reads a tokenizer.json; `path` names it in errors.
  init(huggingFace json: Data, path: String) throws {
    let file: TokenizerFile
    do {
      file = try JSONDecoder().decode(TokenizerFile.self, from: json)
    } catch let error as DecodingError {
      throw TokenizerError.damaged(path: path, problem: sentence(for: error))
    }
    try file.refuseUnsupported(path: path)
    let added = file.addedTokens ?? []
    let ids = file.model.vocab.values.map(Int.init) + added.map { Int($0.id) }
    guard let greatest = ids.max(), ids.allSatisfy({ $0 >= 0 }), greatest < Vocabulary.limit else {
      throw TokenizerError.damaged(path: path, problem: "its ids are negative or absurdly large")
    }
    guard Set(file.model.vocab.values).count == file.model.vocab.count else {
      throw TokenizerError.damaged(path: path, problem: "two tokens share an id")
    }
    var tokens = [String](repeating: "", count: greatest + 1)
    for (text, id) in file.model.vocab { tokens[Int(id)] = text }
    let addedTokens = added.map { AddedToken(id: $0.id, text: $0.content, isSpecial: $0.special) }
    try self.init(
      vocabulary: Vocabulary(written: tokens, added: addedTokens),
      merges: file.model.merges.pairs, addedTokens: addedTokens,
      preTokenizer: try file.knownPreTokenizer(path: path),
      normalises: try file.normalises(path: path),
      ignoresMerges: file.model.ignoresMerges ?? false, path: path)
  }

  /// Finds the ids of merges written as texts.
  init(
    vocabulary: Vocabulary, merges: [(String, String)], addedTokens: [AddedToken],
    preTokenizer: PreTokenizer, normalises: Bool, ignoresMerges: Bool = false, path: String
  ) throws {
    func id(_ text: String) throws -> Int32 {
      if let id = ByteAlphabet.bytes(of: text).flatMap(vocabulary.id(of:)) { return id }
      throw TokenizerError.damaged(
        path: path, problem: "a merge names '\(text)', which is no token")
    }
    let pairs = try merges.map { MergePair(left: try id($0.0), right: try id($0.1)) }
    do {
      try self.init(
        vocabulary: vocabulary, mergePairs: pairs, addedTokens: addedTokens,
        preTokenizer: preTokenizer, normalises: normalises, ignoresMerges: ignoresMerges)
    } catch {
      let text = vocabulary.written(error.pair.left) + vocabulary.written(error.pair.right)
      throw TokenizerError.damaged(
        path: path, problem: "a merge makes '\(text)', which is no token")
    }
  }
}

/// The halves of a merge written as a text with a blank between them.
func mergeHalves(_ merge: String) -> (String, String) {
  let blank = merge.unicodeScalars.firstIndex(of: " ") ?? merge.endIndex
  return (String(merge[..<blank]), String(merge[blank...].dropFirst()))
}

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

  struct Added: Decodable {
    let id: Int32
    let content: String
    let special: Bool
    let singleWord: Bool?
    let leftStrip: Bool?
    let rightStrip: Bool?

    enum CodingKeys: String, CodingKey {
      case id, content, special
      case singleWord = "single_word"
      case leftStrip = "lstrip"
      case rightStrip = "rstrip"
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
    let oddAdded = addedTokens?.first {
      $0.singleWord == true || $0.leftStrip == true || $0.rightStrip == true
    }
    let problems: [(Bool, String)] = [
      ((model.type ?? "BPE") != "BPE", "the model '\(model.type ?? "")'"),
      (model.byteFallback == true, "byte_fallback"),
      ((model.dropout ?? 0) != 0, "dropout"),
      (!(model.wordPrefix ?? "").isEmpty, "continuing_subword_prefix"),
      (!(model.wordSuffix ?? "").isEmpty, "end_of_word_suffix"),
      (model.unknownToken != nil && !coversAllBytes, "unk_token for bytes without a token"),
      (oddAdded != nil, "single_word, lstrip or rstrip on '\(oddAdded?.content ?? "")'"),
    ]
    if let problem = problems.first(where: \.0) {
      throw TokenizerError.unsupported(
        path: path, feature: problem.1, supported: "plain byte-level BPE")
    }
  }

  private var coversAllBytes: Bool {
    ByteAlphabet.characters.allSatisfy { model.vocab[String($0)] != nil }
  }
}
