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
    try self.init(
      tokens: file.model.vocab, merges: file.model.merges.pairs,
      addedTokens: try file.knownAddedTokens(path: path),
      preTokenizer: try file.knownPreTokenizer(path: path),
      normalises: try file.normalises(path: path),
      ignoresMerges: file.model.ignoresMerges ?? false, path: path)
  }

  /// Takes a vocabulary as files write it.
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
