struct Vocabulary: Sendable {
  /// The most ids that a vocabulary may have, as a guard against damaged files.
  static let limit = 1 << 22

  private let tokens: [[UInt8]]
  private let ids: [[UInt8]: Int32]
  /// Tokens that are written as they stand, not in the byte alphabet: added ones, and those that
  /// hold a character which is not in the alphabet.
  let literals: Set<Int32>

  /// Takes the bytes of each token; ids that have none are gaps.
  init(_ tokens: [[UInt8]], literals: Set<Int32>) {
    self.tokens = tokens
    self.literals = literals
    var ids: [[UInt8]: Int32] = [:]
    ids.reserveCapacity(tokens.count)
    for (index, token) in tokens.enumerated() where !token.isEmpty {
      let id = Int32(index)
      if !literals.contains(id), ids[token] == nil { ids[token] = id }
    }
    self.ids = ids
  }

  /// Takes tokens as files write them, by id.
  init(written tokens: [String], added: [AddedToken]) {
    var literals = Set(added.map(\.id))
    var bytes: [[UInt8]] = []
    bytes.reserveCapacity(tokens.count)
    for (index, token) in tokens.enumerated() {
      if !literals.contains(Int32(index)), let decoded = ByteAlphabet.bytes(of: token) {
        bytes.append(decoded)
      } else {
        literals.insert(Int32(index))
        bytes.append(Array(token.utf8))
      }
    }
    for token in added { bytes[Int(token.id)] = Array(token.text.utf8) }
    self.init(bytes, literals: literals)
  }

  var count: Int { tokens.count }

  /// The bytes of a token; nothing for an id that has none.
  func bytes(of id: Int32) -> [UInt8] {
    tokens.indices.contains(Int(id)) ? tokens[Int(id)] : []
  }

  /// The token that BPE may make of bytes.
  func id(of bytes: [UInt8]) -> Int32? { ids[bytes] }

  /// A token as files write it.
  func written(_ id: Int32) -> String {
    let bytes = bytes(of: id)
    return literals.contains(id)
      ? String(decoding: bytes, as: UTF8.self) : ByteAlphabet.text(of: bytes)
  }
}

/// A token that is matched in texts as it stands, before anything else.
struct AddedToken: Sendable, Hashable {
  let id: Int32
  let text: String
  /// Whether it is a control token rather than text of its own kind.
  let isSpecial: Bool
  /// Whether it is looked for only after the text has been normalised.
  var isNormalised = false

  /// The token as a tokenizer that normalises texts looks for it and writes it.
  var asMatched: AddedToken {
    guard isNormalised else { return self }
    let text = String(decoding: normalised(ArraySlice(text.utf8)), as: UTF8.self)
    return AddedToken(id: id, text: text, isSpecial: isSpecial, isNormalised: true)
  }
}

struct AddedTokens: Sendable {
  let all: [AddedToken]
  let specialIDs: Set<Int32>
  /// Finds those that are matched in the text as it came.
  let inGivenText: AddedTokenMatcher
  /// Finds those that are matched in what is left, after that has been normalised.
  let inNormalisedText: AddedTokenMatcher

  init(_ tokens: [AddedToken]) {
    all = tokens.sorted { $0.id < $1.id }
    specialIDs = Set(tokens.filter(\.isSpecial).map(\.id))
    inGivenText = AddedTokenMatcher(all.filter { !$0.isNormalised })
    inNormalisedText = AddedTokenMatcher(all.filter(\.isNormalised))
  }

  func id(of text: String) -> Int32? {
    all.first { $0.text.utf8.elementsEqual(text.utf8) }?.id
  }
}

/// Finds added tokens in texts: the leftmost, and of those the longest.
struct AddedTokenMatcher: Sendable {
  enum Piece: Equatable {
    case token(Int32)
    case text(ArraySlice<UInt8>)
  }

  private let candidates: [[(bytes: [UInt8], id: Int32, isSpecial: Bool)]]
  private let isEmpty: Bool

  init(_ tokens: [AddedToken]) {
    var candidates = [[(bytes: [UInt8], id: Int32, isSpecial: Bool)]](repeating: [], count: 256)
    for token in tokens {
      let bytes = Array(token.text.utf8)
      if let first = bytes.first {
        candidates[Int(first)].append((bytes, token.id, token.isSpecial))
      }
    }
    self.candidates = candidates.map { $0.sorted { $0.bytes.count > $1.bytes.count } }
    isEmpty = tokens.isEmpty
  }

  /// Cuts UTF-8 text at the tokens in it.
  func pieces(of text: ArraySlice<UInt8>, allowSpecial: Bool) -> [Piece] {
    guard !isEmpty else { return [.text(text)] }
    var pieces: [Piece] = []
    var (start, position) = (text.startIndex, text.startIndex)
    while position < text.endIndex {
      guard let found = match(text[position...], allowSpecial: allowSpecial) else {
        position += 1
        continue
      }
      if start < position { pieces.append(.text(text[start..<position])) }
      pieces.append(.token(found.id))
      position += found.length
      start = position
    }
    if start < text.endIndex { pieces.append(.text(text[start...])) }
    return pieces
  }

  private func match(
    _ text: ArraySlice<UInt8>, allowSpecial: Bool
  ) -> (id: Int32, length: Int)? {
    guard let first = text.first else { return nil }
    for candidate in candidates[Int(first)] where allowSpecial || !candidate.isSpecial {
      if text.starts(with: candidate.bytes) { return (candidate.id, candidate.bytes.count) }
    }
    return nil
  }
}

/// The alphabet in which byte-level vocabularies write bytes: each is one printable character.
///
/// Printable Latin-1 bytes stand for themselves, the 68 others for U+0100 and up, in order.
enum ByteAlphabet {
  static let characters: [Unicode.Scalar] = {
    var next: UInt32 = 0x100
    return (0...255 as ClosedRange<UInt32>).map { byte in
      let isPrintable = (0x21...0x7E ~= byte) || (0xA1...0xAC ~= byte) || (0xAE...0xFF ~= byte)
      defer { if !isPrintable { next += 1 } }
      return Unicode.Scalar(isPrintable ? byte : next) ?? " "
    }
  }()

  private static let bytes = Dictionary(
    uniqueKeysWithValues: characters.enumerated().map { ($1, UInt8($0)) })

  /// Bytes as a vocabulary writes them.
  static func text(of bytes: some Sequence<UInt8>) -> String {
    var text = String.UnicodeScalarView()
    for byte in bytes { text.append(characters[Int(byte)]) }
    return String(text)
  }

  /// What a vocabulary's text stands for, or nil where a character is not of the alphabet.
  static func bytes(of text: some StringProtocol) -> [UInt8]? {
    var result: [UInt8] = []
    result.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      guard let byte = bytes[scalar] else { return nil }
      result.append(byte)
    }
    return result
  }
}
