/// How a vocabulary writes texts.
enum Alphabet: Sendable {
  /// Bytes, each as one printable character: GPT-2 and most since.
  case bytes
  /// Characters, with `▁` for a blank, and `<0x0A>` for a byte of a character that is no token:
  /// SentencePiece.
  case characters
}

struct Vocabulary: Sendable {
  /// The most ids that a vocabulary may have, as a guard against damaged files.
  static let limit = 1 << 22

  let alphabet: Alphabet
  /// What BPE sees of each token; nothing for a gap.
  private let keys: [[UInt8]]
  /// What added tokens stand for.
  private let addedTexts: [Int32: [UInt8]]
  private let ids: [[UInt8]: Int32]
  /// The bytes that tokens such as `<0x0A>` stand for.
  private let fallback: [Int32: UInt8]
  /// Tokens that are written as they stand, not in the byte alphabet: added ones, and those that
  /// hold a character which is not in the alphabet.
  private let literals: Set<Int32>

  /// Takes the bytes of each token; ids that have none are gaps.
  init(_ tokens: [[UInt8]], literals: Set<Int32>) {
    self.init(
      keys: tokens, reachable: tokens.indices.map { !literals.contains(Int32($0)) },
      addedTexts: [:], literals: literals, alphabet: .bytes)
  }

  /// Takes tokens as files write them, by id.
  init(written tokens: [String], added: [AddedToken], alphabet: Alphabet = .bytes) {
    var literals = Set(added.map(\.id))
    var keys: [[UInt8]] = []
    var reachable: [Bool] = []
    keys.reserveCapacity(tokens.count)
    for (index, token) in tokens.enumerated() {
      if alphabet == .bytes, let decoded = ByteAlphabet.bytes(of: token) {
        keys.append(decoded)
        reachable.append(true)
      } else {
        literals.insert(Int32(index))
        keys.append(Array(token.utf8))
        reachable.append(alphabet == .characters)
      }
    }
    self.init(
      keys: keys, reachable: reachable,
      addedTexts: Dictionary(added.map { ($0.id, Array($0.text.utf8)) }) { $1 },
      literals: literals, alphabet: alphabet)
  }

  private init(
    keys: [[UInt8]], reachable: [Bool], addedTexts: [Int32: [UInt8]], literals: Set<Int32>,
    alphabet: Alphabet
  ) {
    self.keys = keys
    self.addedTexts = addedTexts
    self.literals = literals
    self.alphabet = alphabet
    var ids: [[UInt8]: Int32] = [:]
    ids.reserveCapacity(keys.count)
    for (index, key) in keys.enumerated() where reachable[index] && !key.isEmpty {
      if ids[key] == nil { ids[key] = Int32(index) }
    }
    self.ids = ids
    var fallback: [Int32: UInt8] = [:]
    if alphabet == .characters {
      for byte in 0...255 as ClosedRange<UInt8> {
        if let id = ids[Self.written(byte)] { fallback[id] = byte }
      }
    }
    self.fallback = fallback
  }

  /// `<0x0A>`
  private static func written(_ byte: UInt8) -> [UInt8] {
    let digits = String(byte, radix: 16, uppercase: true)
    return Array("<0x\(byte < 16 ? "0" : "")\(digits)>".utf8)
  }

  var count: Int { keys.count }

  /// Whether each byte has a token by itself.
  var coversAllBytes: Bool {
    (0...255 as ClosedRange<UInt8>).allSatisfy { token(ofByte: $0) != nil }
  }

  /// The bytes that a token stands for; nothing for an id that has none. The reference takes an added
  /// token for bytes, too, where it can be written in their alphabet.
  func bytes(of id: Int32) -> [UInt8] {
    if let text = addedTexts[id] {
      guard alphabet == .bytes else { return Self.withBlanks(text) }
      return ByteAlphabet.bytes(of: String(decoding: text, as: UTF8.self)) ?? text
    }
    if let byte = fallback[id] { return [byte] }
    return alphabet == .bytes ? key(of: id) : Self.withBlanks(key(of: id))
  }

  /// The byte that a token stands for where it is one of those for single bytes.
  func fallbackByte(of id: Int32) -> UInt8? { fallback[id] }

  /// What BPE sees of a token.
  func key(of id: Int32) -> [UInt8] { keys.indices.contains(Int(id)) ? keys[Int(id)] : [] }

  /// The token that BPE may make of a text in the alphabet.
  func id(of key: [UInt8]) -> Int32? { ids[key] }

  /// The token of a single byte.
  func token(ofByte byte: UInt8) -> Int32? {
    ids[alphabet == .bytes ? [byte] : Self.written(byte)]
  }

  /// The token that a file writes as a text.
  func id(ofWritten text: String) -> Int32? {
    switch alphabet {
    case .bytes: ByteAlphabet.bytes(of: text).flatMap(id(of:))
    case .characters: id(of: Array(text.utf8))
    }
  }

  /// A token as files write it.
  func written(_ id: Int32) -> String {
    if let text = addedTexts[id] { return String(decoding: text, as: UTF8.self) }
    return literals.contains(id)
      ? String(decoding: key(of: id), as: UTF8.self) : ByteAlphabet.text(of: key(of: id))
  }

  /// With blanks in the place of `▁`.
  private static func withBlanks(_ text: [UInt8]) -> [UInt8] {
    Blank.replaced(Blank.mark, with: [0x20], in: text[...])
  }
}

/// The character that stands for a blank in vocabularies of characters.
enum Blank {
  /// `▁`
  static let mark = Array("\u{2581}".utf8)

  /// UTF-8 text with one text in the place of every occurrence of another.
  static func replaced(
    _ old: [UInt8], with new: [UInt8], in text: ArraySlice<UInt8>
  ) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    var position = text.startIndex
    while position < text.endIndex {
      if text[position...].starts(with: old) {
        result += new
        position += old.count
      } else {
        result.append(text[position])
        position += 1
      }
    }
    return result
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
