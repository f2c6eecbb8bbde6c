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

/// The added tokens of a tokenizer.
struct AddedTokens: Sendable {
  /// The tokens, by id.
  let all: [AddedToken]
  /// The ids of those that are special.
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

  /// The token of a text, if it is one.
  func id(of text: String) -> Int32? {
    all.first { $0.text.utf8.elementsEqual(text.utf8) }?.id
  }
}

/// Finds added tokens in texts: the leftmost, and of those the longest.
struct AddedTokenMatcher: Sendable {
  /// A part of a text.
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
