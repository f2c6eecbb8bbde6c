import Foundation

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

struct TokenizerStep: Decodable {
  struct Pattern: Decodable {
    let regex: String?

    enum CodingKeys: String, CodingKey { case regex = "Regex" }
  }

  let type: String
  let normalisers: [TokenizerStep]?
  let preTokenizers: [TokenizerStep]?
  let individualDigits: Bool?
  let usesRegex: Bool?
  let addsPrefixSpace: Bool?
  let pattern: Pattern?
  let behaviour: String?
  let isInverted: Bool?

  enum CodingKeys: String, CodingKey {
    case type, pattern
    case normalisers = "normalizers"
    case preTokenizers = "pretokenizers"
    case individualDigits = "individual_digits"
    case usesRegex = "use_regex"
    case addsPrefixSpace = "add_prefix_space"
    case behaviour = "behavior"
    case isInverted = "invert"
  }

  /// The steps of a sequence, or this one.
  var steps: [TokenizerStep] {
    type == "Sequence" ? (preTokenizers ?? normalisers ?? []).flatMap(\.steps) : [self]
  }

  /// What the step does, if it is one that is known.
  var action: Action? {
    switch type {
    case "ByteLevel" where addsPrefixSpace != true:
      return usesRegex == false ? .bytes : .splitAsGPT2
    case "Digits" where individualDigits == true: return .digits
    case "Split" where behaviour == "Isolated" && isInverted != true:
      if pattern?.regex == TokenizerStep.qwen2Pattern { return .splitAsQwen2 }
      return pattern?.regex == TokenizerStep.gpt2Pattern ? .splitAsGPT2 : nil
    default: return nil
    }
  }

  enum Action {
    case bytes, digits, splitAsGPT2, splitAsQwen2
  }

  static let gpt2Pattern =
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
  static let qwen2Pattern =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"#
    + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
}

extension TokenizerFile {
  func normalises(path: String) throws -> Bool {
    guard let steps = normaliser?.steps else { return false }
    guard steps.allSatisfy({ $0.type == "NFC" }) else {
      throw TokenizerError.unsupported(
        path: path, feature: "the normaliser \(steps.map(\.type).joined(separator: ", "))",
        supported: "none, NFC")
    }
    return !steps.isEmpty
  }

  /// The scanner that does what the file's pre-tokenizers do.
  func knownPreTokenizer(path: String) throws -> PreTokenizer {
    let steps = preTokenizer?.steps ?? []
    switch steps.map(\.action) {
    case [.splitAsGPT2], [.splitAsGPT2, .bytes]: return .gpt2
    case [.digits, .splitAsGPT2], [.digits, .splitAsGPT2, .bytes]: return .digitsThenGPT2
    case [.splitAsQwen2, .bytes]: return .qwen2
    default:
      let names = steps.isEmpty ? "none" : steps.map(\.type).joined(separator: ", ")
      throw TokenizerError.unsupported(
        path: path, feature: "the pre-tokenizer \(names) with its settings",
        supported: "those of GPT-2, SmolLM2 and Qwen2")
    }
  }
}

extension PreTokenizer {
  /// The pre-tokenizer as tokenizer.json writes it.
  var huggingFace: String {
    func byteLevel(_ usesRegex: Bool) -> String {
      #"{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "#
        + #""use_regex": \#(usesRegex)}"#
    }
    func sequence(_ first: String, _ second: String) -> String {
      #"{"type": "Sequence", "pretokenizers": [\#(first), \#(second)]}"#
    }
    switch self {
    case .gpt2: return byteLevel(true)
    case .digitsThenGPT2:
      return sequence(#"{"type": "Digits", "individual_digits": true}"#, byteLevel(true))
    case .qwen2:
      let pattern = JSONText.quoted(TokenizerStep.qwen2Pattern)
      let split =
        #"{"type": "Split", "pattern": {"Regex": \#(pattern)}, "behavior": "Isolated", "#
        + #""invert": false}"#
      return sequence(split, byteLevel(false))
    }
  }
}

extension Tokenizer {
  /// Reads a tokenizer.json with byte-level BPE.
  /// - Throws: `TokenizerError` that says what is wrong or not supported.
  package init(huggingFace json: Data) throws {
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
    try self.init(
      tokens: file.model.vocab, merges: file.model.merges.pairs,
      addedTokens: try file.knownAddedTokens(path: path),
      preTokenizer: try file.knownPreTokenizer(path: path),
      normalises: try file.normalises(path: path),
      ignoresMerges: file.model.ignoresMerges ?? false, path: path)
  }

  init(
    tokens ids: [String: Int32], merges: [(String, String)], addedTokens: [AddedToken],
    preTokenizer: PreTokenizer, normalises: Bool, ignoresMerges: Bool = false, path: String
  ) throws {
    let addedTokens = normalises ? addedTokens.map(\.asMatched) : addedTokens
    let all = ids.values.map(Int.init) + addedTokens.map { Int($0.id) }
    guard let greatest = all.max(), all.allSatisfy({ $0 >= 0 }), greatest < Vocabulary.limit else {
      throw TokenizerError.damaged(path: path, problem: "its ids are negative or absurdly large")
    }
    guard Set(ids.values).count == ids.count else {
      throw TokenizerError.damaged(path: path, problem: "two tokens share an id")
    }
    if let odd = addedTokens.first(where: { (ids[$0.text] ?? $0.id) != $0.id }) {
      throw TokenizerError.damaged(path: path, problem: "'\(odd.text)' has two ids")
    }
    var tokens = [String](repeating: "", count: greatest + 1)
    for (text, id) in ids { tokens[Int(id)] = text }
    try self.init(
      vocabulary: Vocabulary(written: tokens, added: addedTokens), merges: merges,
      addedTokens: addedTokens, preTokenizer: preTokenizer, normalises: normalises,
      ignoresMerges: ignoresMerges, path: path)
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

extension Tokenizer {
  /// The tokenizer as a tokenizer.json, which transformers reads and `init(huggingFace:)` gives
  /// back without loss. Equal tokenizers give equal bytes.
  package var huggingFace: Data {
    let added = addedTokens.all.map { token in
      #"{"id": \#(token.id), "content": \#(JSONText.quoted(token.text)), "single_word": false, "#
        + #""lstrip": false, "rstrip": false, "normalized": \#(token.isNormalised), "#
        + #""special": \#(token.isSpecial)}"#
    }
    let entries: [(String, String)] = [
      ("version", #""1.0""#),
      ("truncation", "null"),
      ("padding", "null"),
      ("added_tokens", Self.lines(added, "[", "]")),
      ("normalizer", normalises ? #"{"type": "NFC"}"# : "null"),
      ("pre_tokenizer", preTokenizer.huggingFace),
      ("post_processor", "null"),
      (
        "decoder",
        #"{"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true}"#
      ),
      ("model", model),
    ]
    return Data(JSONText.object(entries).utf8)
  }

  private var model: String {
    let tokens = (0..<Int32(vocabulary.count)).filter { !vocabulary.bytes(of: $0).isEmpty }
    let vocab = tokens.map { "\(JSONText.quoted(vocabulary.written($0))): \($0)" }
    let merges = mergePairs.map {
      JSONText.quoted("\(vocabulary.written($0.left)) \(vocabulary.written($0.right))")
    }
    return #"{"type": "BPE", "dropout": null, "unk_token": null, "#
      + #""continuing_subword_prefix": null, "end_of_word_suffix": null, "fuse_unk": false, "#
      + #""byte_fallback": false, "ignore_merges": \#(ignoresMerges), "#
      + "\"vocab\": \(Self.lines(vocab, "{", "}")), \"merges\": \(Self.lines(merges, "[", "]"))}"
  }

  private static func lines(_ elements: [String], _ open: String, _ close: String) -> String {
    elements.isEmpty ? open + close : "\(open)\n\(elements.joined(separator: ",\n"))\n\(close)"
  }
}
