extension Tokenizer {
  /// Learns a vocabulary from texts by byte-pair encoding; digits stay single.
  ///
  /// Special tokens get the first ids, then come the 256 bytes, then the merges. The most frequent
  /// pair merges first; of equally frequent ones the one whose bytes come first. Pairs that occur
  /// only once do not merge, so the vocabulary may end up smaller than asked for.
  /// - Throws: `TokenizerError.tooSmall`.
  package static func train(
    texts: [String], vocabularySize: Int, specialTokens: [String]
  ) throws -> Tokenizer {
    let least = specialTokens.count + 256
    guard vocabularySize >= least else {
      throw TokenizerError.tooSmall(size: vocabularySize, least: least)
    }
    let added = specialTokens.enumerated().map {
      AddedToken(id: Int32($0), text: $1, isSpecial: true)
    }
    var trainer = BytePairTrainer(words: wordCounts(of: texts), specialTokens: specialTokens)
    while trainer.tokens.count < vocabularySize, trainer.mergeMostFrequent() {}
    do {
      return try Tokenizer(
        vocabulary: Vocabulary(trainer.tokens, literals: Set(added.map(\.id))),
        mergePairs: trainer.merges, addedTokens: added,
        rules: TokenizerRules(preTokenizer: .digitsThenGPT2))
    } catch {
      throw TokenizerError.damaged(path: "training", problem: "a merge has no token")
    }
  }

  private static func wordCounts(of texts: [String]) -> [[UInt8]: Int] {
    var counts: [[UInt8]: Int] = [:]
    for text in texts {
      let scanned = TokenizerText(ArraySlice(text.utf8))
      for word in PreTokenizer.digitsThenGPT2.words(of: scanned) {
        counts[Array(scanned.bytes(of: word)), default: 0] += 1
      }
    }
    return counts
  }
}

/// The state of a training: the words as tokens, and how often each pair occurs.
private struct BytePairTrainer {
  private(set) var tokens: [[UInt8]]
  private(set) var merges: [MergePair] = []
  private var words: [(symbols: [Int32], count: Int)]
  private var pairCounts: [MergePair: Int] = [:]
  private var wordsOfPair: [MergePair: Set<Int>] = [:]

  init(words: [[UInt8]: Int], specialTokens: [String]) {
    let first = Int32(specialTokens.count)
    tokens = specialTokens.map { Array($0.utf8) } + (0...255).map { [UInt8($0)] }
    self.words = words.map { word, count in (word.map { first + Int32($0) }, count) }
    for index in self.words.indices { count(index, sign: 1) }
  }

  /// Merges the most frequent pair; false where no pair occurs twice.
  mutating func mergeMostFrequent() -> Bool {
    guard let best = pairCounts.max(by: { isLess($0, $1) }), best.value > 1 else { return false }
    let pair = best.key
    let id = Int32(tokens.count)
    tokens.append(tokens[Int(pair.left)] + tokens[Int(pair.right)])
    merges.append(pair)
    for index in wordsOfPair[pair] ?? [] {
      count(index, sign: -1)
      words[index].symbols = merged(words[index].symbols, pair, into: id)
      count(index, sign: 1)
    }
    return true
  }

  private func isLess(_ a: (key: MergePair, value: Int), _ b: (key: MergePair, value: Int)) -> Bool
  {
    if a.value != b.value { return a.value < b.value }
    let (aLeft, bLeft) = (tokens[Int(a.key.left)], tokens[Int(b.key.left)])
    if aLeft != bLeft { return bLeft.lexicographicallyPrecedes(aLeft) }
    return tokens[Int(b.key.right)].lexicographicallyPrecedes(tokens[Int(a.key.right)])
  }

  /// Adds a word's pairs to the counts, or takes them away.
  private mutating func count(_ index: Int, sign: Int) {
    let (symbols, count) = words[index]
    for (left, right) in zip(symbols, symbols.dropFirst()) {
      let pair = MergePair(left: left, right: right)
      let total = pairCounts[pair, default: 0] + sign * count
      pairCounts[pair] = total == 0 ? nil : total
      if sign > 0 {
        wordsOfPair[pair, default: []].insert(index)
      } else {
        wordsOfPair[pair]?.remove(index)
      }
    }
  }

  private func merged(_ symbols: [Int32], _ pair: MergePair, into id: Int32) -> [Int32] {
    var result: [Int32] = []
    var index = 0
    while index < symbols.count {
      let isPair =
        index + 1 < symbols.count && symbols[index] == pair.left && symbols[index + 1] == pair.right
      result.append(isPair ? id : symbols[index])
      index += isPair ? 2 : 1
    }
    return result
  }
}
