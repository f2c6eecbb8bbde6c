import Synchronization

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
