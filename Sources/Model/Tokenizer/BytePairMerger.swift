/// Two tokens that merge into one.
struct MergePair: Sendable, Hashable {
  let left: Int32
  let right: Int32
}

/// A merge whose result is no token.
struct MergeError: Error {
  let pair: MergePair
}

/// Byte-pair encoding: merges the bytes or characters of a word into tokens.
struct BytePairMerger: Sendable {
  private struct Merge {
    let rank: Int32
    let result: Int32
  }

  /// Adjacent symbols that may merge. The lowest rank goes first, then the leftmost place.
  private struct Candidate: Comparable {
    let rank: Int32
    let position: Int
    let result: Int32

    static func < (a: Candidate, b: Candidate) -> Bool {
      (a.rank, a.position) < (b.rank, b.position)
    }
  }

  private let vocabulary: Vocabulary
  private let byteTokens: [Int32?]
  private let merges: [MergePair: Merge]

  init(_ vocabulary: Vocabulary, _ pairs: [MergePair]) throws(MergeError) {
    self.vocabulary = vocabulary
    byteTokens = (0...255 as ClosedRange<UInt8>).map(vocabulary.token(ofByte:))
    var merges: [MergePair: Merge] = [:]
    merges.reserveCapacity(pairs.count)
    for (rank, pair) in pairs.enumerated() {
      let key = vocabulary.key(of: pair.left) + vocabulary.key(of: pair.right)
      guard let result = vocabulary.id(of: key) else { throw MergeError(pair: pair) }
      merges[pair] = Merge(rank: Int32(rank), result: result)
    }
    self.merges = merges
  }

  /// The tokens of a word. Bytes that have no token are left out before anything merges.
  func tokens(of word: ArraySlice<UInt8>) -> [Int32] {
    var symbols = symbols(of: word)
    guard symbols.count > 1 else { return symbols }
    var links = SymbolLinks(count: symbols.count)
    var queue = PriorityQueue<Candidate>()
    for position in 0..<symbols.count {
      if let candidate = candidate(at: position, symbols, links) { queue.insert(candidate) }
    }
    while let next = queue.popFirst() {
      let position = next.position
      guard links.isAlive(position), self.candidate(at: position, symbols, links) == next else {
        continue
      }
      symbols[position] = next.result
      links.removeSuccessor(of: position)
      let previous = links.previous(of: position)
      for place in [previous, position].compactMap({ $0 }) {
        if let candidate = candidate(at: place, symbols, links) { queue.insert(candidate) }
      }
    }
    return symbols.indices.filter(links.isAlive).map { symbols[$0] }
  }

  /// Where merging begins: at bytes, or at characters that are tokens and the bytes of others.
  private func symbols(of word: ArraySlice<UInt8>) -> [Int32] {
    guard vocabulary.alphabet == .characters else {
      return word.compactMap { byteTokens[Int($0)] }
    }
    return String(decoding: word, as: UTF8.self).unicodeScalars.flatMap { scalar in
      let bytes = Array(UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
      return vocabulary.id(of: bytes).map { [$0] } ?? bytes.compactMap { byteTokens[Int($0)] }
    }
  }

  private func candidate(
    at position: Int, _ symbols: [Int32], _ links: SymbolLinks
  ) -> Candidate? {
    guard let next = links.next(of: position),
      let merge = merges[MergePair(left: symbols[position], right: symbols[next])]
    else { return nil }
    return Candidate(rank: merge.rank, position: position, result: merge.result)
  }
}

/// Which symbols of a word are left, and which come next to each other.
private struct SymbolLinks {
  private var nexts: [Int]
  private var previouses: [Int]
  private var alive: [Bool]

  init(count: Int) {
    nexts = Array(1...count)
    previouses = Array(-1..<count - 1)
    alive = [Bool](repeating: true, count: count)
  }

  func isAlive(_ position: Int) -> Bool { alive[position] }

  func next(of position: Int) -> Int? {
    nexts[position] < nexts.count ? nexts[position] : nil
  }

  func previous(of position: Int) -> Int? {
    previouses[position] >= 0 ? previouses[position] : nil
  }

  mutating func removeSuccessor(of position: Int) {
    let removed = nexts[position]
    alive[removed] = false
    nexts[position] = nexts[removed]
    if nexts[removed] < nexts.count { previouses[nexts[removed]] = position }
  }
}

/// A binary heap: takes elements in any order, gives them back the smallest first.
struct PriorityQueue<Element: Comparable> {
  private var elements: [Element] = []

  mutating func insert(_ element: Element) {
    elements.append(element)
    var child = elements.count - 1
    while child > 0, elements[child] < elements[(child - 1) / 2] {
      elements.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func popFirst() -> Element? {
    guard let first = elements.first else { return nil }
    let last = elements.removeLast()
    guard !elements.isEmpty else { return first }
    elements[0] = last
    var parent = 0
    while let child = smallerChild(of: parent), elements[child] < elements[parent] {
      elements.swapAt(child, parent)
      parent = child
    }
    return first
  }

  private func smallerChild(of parent: Int) -> Int? {
    let left = 2 * parent + 1
    guard left < elements.count else { return nil }
    let right = left + 1
    return right < elements.count && elements[right] < elements[left] ? right : left
  }
}
