/// The tokens of a tokenizer, by id.
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

  /// One more than the greatest id.
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
