/// A token that is matched in texts as it stands, before anything else.
struct AddedToken: Sendable, Hashable {
  let id: Int32
  let text: String
  /// Whether it is a control token rather than text of its own kind.
  let isSpecial: Bool
  /// Whether it is looked for only after the text has been normalised.
  var isNormalised = false
  /// Whether it counts only where no part of a word touches it.
  var isSingleWord = false
  /// Whether white space before it belongs to it.
  var takesSpaceBefore = false
  /// Whether white space behind it belongs to it.
  var takesSpaceBehind = false

  /// The token as a tokenizer that normalises texts looks for it and writes it.
  func matched(after normaliser: [NormaliserStep]) -> AddedToken {
    guard isNormalised, !normaliser.isEmpty else { return self }
    let text = String(decoding: normaliser.applied(to: ArraySlice(text.utf8)), as: UTF8.self)
    var token = AddedToken(id: id, text: text, isSpecial: isSpecial, isNormalised: true)
    token.isSingleWord = isSingleWord
    token.takesSpaceBefore = takesSpaceBefore
    token.takesSpaceBehind = takesSpaceBehind
    return token
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

  private struct Candidate {
    let bytes: [UInt8]
    let token: AddedToken
  }

  private let candidates: [[Candidate]]
  private let isEmpty: Bool

  init(_ tokens: [AddedToken]) {
    var candidates = [[Candidate]](repeating: [], count: 256)
    for token in tokens {
      let bytes = Array(token.text.utf8)
      if let first = bytes.first {
        candidates[Int(first)].append(Candidate(bytes: bytes, token: token))
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
      var (lower, upper) = (position, position + found.bytes.count)
      position = upper
      let token = found.token
      if token.isSingleWord, text[..<lower].endsInWord || text[upper...].beginsWithWord { continue }
      if token.takesSpaceBefore { lower = max(start, text[..<lower].endWithoutSpace) }
      if token.takesSpaceBehind { upper = text[upper...].startWithoutSpace }
      if start < lower { pieces.append(.text(text[start..<lower])) }
      pieces.append(.token(token.id))
      start = upper
      position = max(position, upper)
    }
    if start < text.endIndex { pieces.append(.text(text[start...])) }
    return pieces
  }

  private func match(_ text: ArraySlice<UInt8>, allowSpecial: Bool) -> Candidate? {
    guard let first = text.first else { return nil }
    return candidates[Int(first)].first {
      (allowSpecial || !$0.token.isSpecial) && text.starts(with: $0.bytes)
    }
  }
}

/// UTF-8 text around an added token.
extension ArraySlice<UInt8> {
  private var firstScalar: Unicode.Scalar? {
    String(decoding: prefix(4), as: UTF8.self).unicodeScalars.first
  }

  private var lastScalar: Unicode.Scalar? {
    guard let start = lastIndex(where: { $0 & 0xC0 != 0x80 }) else { return nil }
    return String(decoding: self[start...], as: UTF8.self).unicodeScalars.last
  }

  fileprivate var endsInWord: Bool {
    lastScalar.map { CharacterTable.shared[$0].has(CharacterTable.Traits.word) } ?? false
  }

  fileprivate var beginsWithWord: Bool {
    firstScalar.map { CharacterTable.shared[$0].has(CharacterTable.Traits.word) } ?? false
  }

  /// Where the white space at the end begins.
  fileprivate var endWithoutSpace: Int {
    var rest = self
    while let last = rest.lastScalar, CharacterTable.shared[last].isSpace {
      rest = rest.dropLast(UTF8.width(last))
    }
    return rest.endIndex
  }

  /// Where the white space at the beginning ends.
  fileprivate var startWithoutSpace: Int {
    var rest = self
    while let first = rest.firstScalar, CharacterTable.shared[first].isSpace {
      rest = rest.dropFirst(UTF8.width(first))
    }
    return rest.startIndex
  }
}
