import Foundation

/// What lies beside a tokenizer in a Hugging Face folder: tokens that it does not name itself, and
/// whether texts get one in front.
///
/// As in transformers, tokenizer.json goes before `added_tokens_decoder` of tokenizer_config.json,
/// and that before added_tokens.json; then come tokens that are named as special and have an id. One
/// that is named and has no id anywhere is left out.
struct TokenizerSettings {
  /// The files that may say something.
  static let files = ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"]

  let path: String
  let className: String?
  private let addsBegin: Bool?
  private let isLlama: Bool
  private let begin: String?
  private let listed: [AddedToken]
  private let named: [TokenizerFile.Added]

  /// Reads what there is.
  /// - Throws: `TokenizerError` or `ModelImportError`.
  init(in folder: URL) throws {
    let file = folder.appending(path: Self.files[0])
    let configuration = try Self.decoded(Configuration.self, file)
    let names = try Self.decoded(NamedTokens.self, file)
    let more = try Self.decoded(NamedTokens.self, folder.appending(path: Self.files[1]))
    path = file.path
    className = configuration?.className
    guard configuration?.addsEnd != true else {
      throw TokenizerError.unsupported(
        path: path, feature: "add_eos_token, which puts a token behind every text",
        supported: "add_bos_token, since a prompt would end before its answer")
    }
    isLlama = ["Llama", "CodeLlama", "Gemma", "Cohere"].contains {
      [$0 + "Tokenizer", $0 + "TokenizerFast"].contains(configuration?.className)
    }
    addsBegin = configuration?.addsBegin
    begin = names?.begin ?? more?.begin
    named = (names?.tokens ?? []) + (more?.tokens ?? [])
    let special = Set(named.map { Array($0.content.utf8) })
    listed =
      try configuration?.listed(path: path)
      ?? Self.addedTokens(in: folder.appending(path: Self.files[2]), special: special)
  }

  private static func decoded<Value: Decodable>(_ type: Value.Type, _ file: URL) throws -> Value? {
    guard isThere(file) else { return nil }
    do {
      return try JSONDecoder().decode(type, from: try contents(of: file))
    } catch let error as DecodingError {
      throw TokenizerError.damaged(path: file.path, problem: sentence(for: error))
    }
  }

  /// The tokens of an added_tokens.json: texts with their ids.
  private static func addedTokens(in file: URL, special: Set<[UInt8]>) throws -> [AddedToken] {
    guard isThere(file) else { return [] }
    guard let tokens = WrittenTokens(try contents(of: file)) else {
      throw TokenizerError.damaged(path: file.path, problem: "it is not a list of tokens with ids")
    }
    return tokens.entries.map { text, id in
      let isSpecial = special.contains(text)
      return AddedToken(
        id: id, text: String(decoding: text, as: UTF8.self), isSpecial: isSpecial,
        isNormalised: !isSpecial)
    }
  }

  /// The added tokens of a tokenizer with those that only these files name.
  /// - Throws: `TokenizerError.damaged` where the files contradict each other.
  func completed(_ added: [AddedToken], _ vocabulary: WrittenTokens) throws -> [AddedToken] {
    var result = added
    var ids = Dictionary(added.map { (Array($0.text.utf8), $0.id) }) { first, _ in first }
    var texts = Dictionary(vocabulary.entries.map { ($0.id, $0.text) }) { first, _ in first }
    for (text, id) in ids { texts[id] = text }
    for token in listed {
      let text = Array(token.text.utf8)
      guard ids[text] ?? token.id == token.id else {
        throw TokenizerError.damaged(path: path, problem: "'\(token.text)' has two ids")
      }
      guard texts[token.id] ?? text == text else {
        throw TokenizerError.damaged(
          path: path, problem: "'\(token.text)' has the id of another token, \(token.id)")
      }
      if ids.updateValue(token.id, forKey: text) == nil { result.append(token) }
    }
    for token in named where ids[Array(token.content.utf8)] == nil {
      guard let id = vocabulary.ids[Array(token.content.utf8)] else { continue }
      result.append(try token.token(id: id, path: path))
      ids[Array(token.content.utf8)] = id
    }
    return result
  }

  /// Makes a tokenizer begin texts as the files say. Classes of Llama go by `add_bos_token`, true where
  /// it is not there, whatever tokenizer.json says. Of others it counts where no class is named or there
  /// is no tokenizer.json, and adds only.
  /// - Throws: `TokenizerError.damaged` where texts should begin with a token that is none.
  func decideBeginning(of tokenizer: inout Tokenizer, hasFile: Bool) throws {
    guard isLlama || className == nil || !hasFile else { return }
    guard addsBegin ?? isLlama else {
      if isLlama { tokenizer.begin = [] }
      return
    }
    guard isLlama || tokenizer.begin.isEmpty, let begin else { return }
    guard let id = tokenizer.token(of: begin) else {
      throw TokenizerError.damaged(path: path, problem: "its bos_token '\(begin)' is not a token")
    }
    tokenizer.begin = [id]
  }
}

/// A tokenizer_config.json, as far as it matters.
private struct Configuration: Decodable {
  let className: String?
  let addsBegin: Bool?
  let addsEnd: Bool?
  let added: [String: TokenizerFile.Added]?

  enum CodingKeys: String, CodingKey {
    case className = "tokenizer_class"
    case addsBegin = "add_bos_token"
    case addsEnd = "add_eos_token"
    case added = "added_tokens_decoder"
  }

  /// The tokens of `added_tokens_decoder` by id; nil where there is none.
  func listed(path: String) throws -> [AddedToken]? {
    try added?.map { key, token in
      guard let id = Int32(key) else {
        throw TokenizerError.damaged(path: path, problem: "'\(key)' is not a token id")
      }
      return try token.token(id: id, path: path)
    }.sorted { $0.id < $1.id }
  }
}

/// The tokens that a file names as special.
private struct NamedTokens: Decodable {
  var begin: String?
  var tokens: [TokenizerFile.Added] = []

  private static let roles = [
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
  ]

  /// A text, or a text with its settings.
  private struct Name: Decodable {
    let token: TokenizerFile.Added

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      let written = try? container.decode(TokenizerFile.Added.self)
      token = TokenizerFile.Added(
        id: nil, content: try written?.content ?? container.decode(String.self), special: true,
        normalised: written?.normalised, singleWord: written?.singleWord,
        leftStrip: written?.leftStrip, rightStrip: written?.rightStrip)
    }
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: AnyKey.self)
    for role in Self.roles {
      guard let name = try? container.decode(Name.self, forKey: AnyKey(stringValue: role)) else {
        continue
      }
      if role == "bos_token" { begin = name.token.content }
      tokens.append(name.token)
    }
    for list in ["additional_special_tokens", "extra_special_tokens"] {
      let names = try? container.decode([Name].self, forKey: AnyKey(stringValue: list))
      tokens += names?.map(\.token) ?? []
    }
  }
}
