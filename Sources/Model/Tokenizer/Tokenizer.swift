import Synchronization

/// What a tokenizer does beside merging.
struct TokenizerRules: Sendable {
  /// How a text is cut into words.
  var preTokenizer: PreTokenizer
  /// What becomes of a text first.
  var normaliser: [NormaliserStep] = []
  /// Whether a word that is a token as a whole skips the merges.
  var ignoresMerges = false
  var alphabet = Alphabet.bytes
  /// Whether decoding drops a blank in front, which encoding put there.
  var dropsFirstBlank = false
}

/// A BPE tokenizer: any text becomes token ids, and token ids become text.
package struct Tokenizer: Sendable {
  let rules: TokenizerRules
  let vocabulary: Vocabulary
  /// The pairs of tokens that merge, the first to merge first.
  let mergePairs: [MergePair]
  /// The tokens that are matched as they stand.
  let addedTokens: AddedTokens
  /// The tokens that stand in front of a text that begins, such as `<s>`; none for many models.
  package var begin: [Int32] = []
  private let merger: BytePairMerger
  private let cache = WordCache()

  init(
    vocabulary: Vocabulary, mergePairs: [MergePair], addedTokens: [AddedToken],
    rules: TokenizerRules
  ) throws(MergeError) {
    self.vocabulary = vocabulary
    self.mergePairs = mergePairs
    self.addedTokens = AddedTokens(addedTokens)
    self.rules = rules
    merger = try BytePairMerger(vocabulary, mergePairs)
  }

  /// One more than the greatest token id.
  package var vocabularySize: Int { vocabulary.count }

  /// The special tokens with their ids, by id.
  package var specialTokens: [(text: String, id: Int32)] {
    addedTokens.all.filter(\.isSpecial).map { ($0.text, $0.id) }
  }

  /// The ids of a text that begins, such as a prompt: with `begin` in front.
  package func encode(beginning text: String) -> [Int32] { begin + encode(text) }

  /// The ids of a text. A byte that has no token is dropped, as the reference does.
  /// - Parameters:
  ///   - allowSpecial: whether special tokens are matched in the text; with false they are spelled
  ///     like any other text. Added tokens that are not special are always matched.
  ///   - isContinuation: whether the text goes on where another one ended, so that no blank is put in
  ///     front where the tokenizer does so.
  package func encode(
    _ text: String, allowSpecial: Bool = true, isContinuation: Bool = false
  ) -> [Int32] {
    var ids: [Int32] = []
    let text = ArraySlice(text.utf8)
    for piece in addedTokens.inGivenText.pieces(of: text, allowSpecial: allowSpecial) {
      switch piece {
      case .token(let id): ids.append(id)
      case .text(let bytes):
        let isFirst = bytes.startIndex == text.startIndex
        let normal = rules.normaliser.applied(
          to: bytes, isContinuation: isContinuation && isFirst)
        append(
          normal, to: &ids, allowSpecial: allowSpecial, isFirst: isFirst,
          isContinuation: isContinuation)
      }
    }
    return ids
  }

  /// The text of token ids. Bytes that are no UTF-8 become U+FFFD.
  /// - Parameter isContinuation: whether the text goes on where another one ended, so that no blank is
  ///   dropped in front.
  package func decode(_ ids: some Sequence<Int32>, isContinuation: Bool = false) -> String {
    guard rules.alphabet == .characters else {
      return String(decoding: ids.flatMap(bytes(of:)), as: UTF8.self)
    }
    var text: [UInt8] = []
    var pending: [UInt8] = []
    for id in ids {
      if let byte = vocabulary.fallbackByte(of: id) {
        pending.append(byte)
      } else {
        text += Self.checked(pending) + bytes(of: id)
        pending = []
      }
    }
    text += Self.checked(pending)
    if rules.dropsFirstBlank, !isContinuation, text.first == 0x20 { text.removeFirst() }
    return String(decoding: text, as: UTF8.self)
  }

  /// Bytes in a row that had tokens by themselves: where they are no UTF-8, each becomes U+FFFD.
  private static func checked(_ bytes: [UInt8]) -> [UInt8] {
    String(validating: bytes, as: UTF8.self) != nil
      ? bytes : bytes.flatMap { _ in Array("\u{FFFD}".utf8) }
  }

  /// The bytes of a token, a part of a character perhaps; nothing for an unknown id.
  package func bytes(of id: Int32) -> [UInt8] { vocabulary.bytes(of: id) }

  /// The token that stands for a text as a whole, if there is one.
  package func token(of text: String) -> Int32? {
    addedTokens.id(of: text) ?? vocabulary.id(of: Array(text.utf8))
  }

  /// Whether a token is special, such as one that ends a text.
  package func isSpecial(_ id: Int32) -> Bool { addedTokens.specialIDs.contains(id) }

  private func append(
    _ text: ArraySlice<UInt8>, to ids: inout [Int32], allowSpecial: Bool, isFirst: Bool,
    isContinuation: Bool
  ) {
    for piece in addedTokens.inNormalisedText.pieces(of: text, allowSpecial: allowSpecial) {
      switch piece {
      case .token(let id): ids.append(id)
      case .text(let bytes):
        let begins = isFirst && bytes.startIndex == text.startIndex
        appendWords(
          of: rules.preTokenizer.rewritten(bytes, begins: begins, isContinuation: isContinuation),
          to: &ids)
      }
    }
  }

  private func appendWords(of bytes: ArraySlice<UInt8>, to ids: inout [Int32]) {
    let text = TokenizerText(bytes)
    for word in rules.preTokenizer.words(of: text) {
      let bytes = text.bytes(of: word)
      ids += cache.tokens(of: bytes) {
        if rules.ignoresMerges, let whole = vocabulary.id(of: Array(bytes)) { return [whole] }
        return merger.tokens(of: bytes)
      }
    }
  }
}

/// Remembers the tokens of words, since most words of a text come again. Very long ones do not.
final class WordCache: Sendable {
  private let limit = 1 << 16
  private let greatestLength = 256
  private let words = Mutex<[ArraySlice<UInt8>: [Int32]]>([:])

  /// The tokens of a word, computed where they are not known yet.
  func tokens(of word: ArraySlice<UInt8>, _ compute: () -> [Int32]) -> [Int32] {
    if let known = words.withLock({ $0[word] }) { return known }
    let tokens = compute()
    guard word.count <= greatestLength else { return tokens }
    // A copy, since a slice would keep the whole text that it is cut from.
    let key = ArraySlice(Array(word))
    words.withLock { words in
      if words.count >= limit { words.removeAll(keepingCapacity: true) }
      words[key] = tokens
    }
    return tokens
  }
}

package enum TokenizerError: Error, Sendable, CustomStringConvertible {
  /// The file says something impossible.
  case damaged(path: String, problem: String)
  /// The tokenizer works in a way that is not supported.
  case unsupported(path: String, feature: String, supported: String)
  /// A folder holds no tokenizer, or several.
  case missing(folder: String, tiktokenFiles: [String])
  /// A vocabulary cannot be trained to a size.
  case tooSmall(size: Int, least: Int)

  package var description: String {
    switch self {
    case .damaged(let path, let problem):
      "\(path) does not describe a tokenizer: \(problem); use the checkpoint's own file"
    case .unsupported(let path, let feature, let supported):
      "\(path) uses \(feature), which is not supported; supported: \(supported)"
    case .missing(let folder, []):
      "\(folder) holds no tokenizer; put a tokenizer.json, a vocab.json with merges.txt, or a "
        + "tiktoken file there"
    case .missing(let folder, let files):
      "\(folder) holds several tokenizers (\(files.joined(separator: ", "))); leave one there"
    case .tooSmall(let size, let least):
      "a vocabulary of \(size) tokens cannot be trained: bytes and special tokens alone are "
        + "\(least); ask for more"
    }
  }
}
