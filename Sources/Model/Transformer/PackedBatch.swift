/// Token sequences laid end to end, without padding, and what is to be predicted.
package struct PackedBatch: Sendable, Equatable {
  /// A stretch of tokens that attend to each other causally.
  package struct Segment: Sendable, Equatable {
    /// Index of its first token.
    package let start: Int
    /// How many tokens it has; at least one.
    package let count: Int
    /// Index of an earlier segment that this one continues, such as the prompt of a group: its
    /// tokens see all of that segment's, and their positions go on after it. That segment has no
    /// prefix itself.
    package let prefix: Int?

    package init(start: Int, count: Int, prefix: Int? = nil) {
      self.start = start
      self.count = count
      self.prefix = prefix
    }
  }

  /// A token that is to be predicted.
  package struct Target: Sendable, Equatable {
    /// The index in `tokens` of the position that predicts it. Several targets may share it.
    package let row: Int
    package let token: Int32

    package init(row: Int, token: Int32) {
      self.row = row
      self.token = token
    }
  }

  package var tokens: [Int32]
  /// The segments, in the order of their tokens, with no gap between them.
  package var segments: [Segment]
  /// The targets; scores and coefficients have their order.
  package var targets: [Target]

  package init(tokens: [Int32] = [], segments: [Segment] = [], targets: [Target] = []) {
    self.tokens = tokens
    self.segments = segments
    self.targets = targets
  }
}

extension PackedBatch {
  /// About how many tokens supervised training computes at once: the activations of 1,024 tokens take
  /// less memory than weights and moments, and more tokens are hardly faster. It is a constant, so
  /// that sums are always added in the same order.
  package static let supervisedTokens = 1024

  /// Appends a sequence of which some tokens are to be predicted.
  ///
  /// Tokens after the last one in the loss, and that one itself, predict nothing and are left out.
  /// - Parameters:
  ///   - tokens: The whole sequence.
  ///   - inLoss: For each token whether it is to be predicted. The first never can be.
  /// - Returns: The indices of its targets.
  @discardableResult
  package mutating func append(_ tokens: [Int32], inLoss: [Bool]) -> Range<Int> {
    precondition(tokens.count == inLoss.count, "one mark for each token")
    let firstTarget = targets.count
    let start = self.tokens.count
    guard let last = inLoss.lastIndex(of: true), last > 0 else {
      return firstTarget..<firstTarget
    }
    segments.append(Segment(start: start, count: last))
    self.tokens += tokens[..<last]
    for index in 1...last where inLoss[index] {
      targets.append(Target(row: start + index - 1, token: tokens[index]))
    }
    return firstTarget..<targets.count
  }

  /// Appends a prompt once and completions of it, all of whose tokens are to be predicted.
  ///
  /// - Returns: For each completion the indices of its targets, one for each token.
  @discardableResult
  package mutating func append(prompt: [Int32], completions: [[Int32]]) -> [Range<Int>] {
    precondition(!prompt.isEmpty, "a prompt has at least one token")
    let promptSegment = segments.count
    segments.append(Segment(start: tokens.count, count: prompt.count))
    tokens += prompt
    let lastOfPrompt = tokens.count - 1
    return completions.map { completion in
      let firstTarget = targets.count
      let start = tokens.count
      for (index, token) in completion.enumerated() {
        let row = index == 0 ? lastOfPrompt : start + index - 1
        targets.append(Target(row: row, token: token))
      }
      if completion.count > 1 {
        segments.append(
          Segment(start: start, count: completion.count - 1, prefix: promptSegment))
        tokens += completion.dropLast()
      }
      return firstTarget..<targets.count
    }
  }
}

/// How the work on a packed batch is divided. It depends on the batch alone, never on the threads.
struct BatchPlan {
  /// A stretch of rows and, for a continuation, the rows that it continues.
  struct Stretch {
    let rows: Range<Int>
    let prefix: Range<Int>
    /// How many keys its last row sees.
    var keyCount: Int { prefix.count + rows.count }
  }

  let tokens: [Int32]
  let positions: [Int]
  let stretches: [Stretch]
  /// Stretches which share a prefix, the prefix's own first: they write the same gradients.
  let families: [[Stretch]]
  /// Contiguous rows that one task works on.
  let rowBlocks: [Range<Int>]

  var rowCount: Int { tokens.count }
  var longestSequence: Int { stretches.map(\.keyCount).max() ?? 0 }

  init(_ batch: PackedBatch) {
    tokens = batch.tokens
    var stretches: [Stretch] = []
    var families: [[Stretch]] = []
    var familyOfSegment: [Int] = []
    for segment in batch.segments {
      let previousEnd = stretches.last?.rows.upperBound ?? 0
      precondition(
        segment.start == previousEnd && segment.count > 0, "segments must lie end to end")
      let prefix = segment.prefix.map { stretches[$0] }
      precondition(prefix?.prefix.isEmpty ?? true, "a prefix cannot have a prefix")
      let stretch = Stretch(
        rows: segment.start..<segment.start + segment.count, prefix: prefix?.rows ?? 0..<0)
      let family = segment.prefix.map { familyOfSegment[$0] } ?? families.count
      if family == families.count { families.append([]) }
      families[family].append(stretch)
      familyOfSegment.append(family)
      stretches.append(stretch)
    }
    precondition((stretches.last?.rows.upperBound ?? 0) == tokens.count, "tokens without a segment")
    self.stretches = stretches
    self.families = families
    positions = stretches.flatMap { stretch in
      (0..<stretch.rows.count).map { stretch.prefix.count + $0 }
    }
    rowBlocks = Self.blocks(of: tokens.count)
  }

  /// The most rows that a block has.
  static let largestBlock = 320

  /// Cuts rows into blocks small enough for the caches and many enough for several threads.
  static func blocks(of count: Int, largest: Int = largestBlock) -> [Range<Int>] {
    guard count > 0 else { return [] }
    let needed = (count + largest - 1) / largest
    let pieces = count < 32 ? 1 : count < 2 * largest ? 2 : (needed + 3) / 4 * 4
    return WorkerPool.split(count, into: pieces)
  }
}
