/// Token sequences laid end to end, without padding, and what is to be predicted.
public struct PackedBatch: Sendable, Equatable {
  /// A stretch of tokens that attend to each other causally.
  public struct Segment: Sendable, Equatable {
    /// Index of its first token.
    public let start: Int
    /// How many tokens it has; at least one.
    public let count: Int
    /// Index of an earlier segment that this one continues, such as the prompt of a group: its
    /// tokens see all of that segment's, and their positions go on after it. That segment has no
    /// prefix itself.
    public let prefix: Int?

    /// Describes a stretch.
    public init(start: Int, count: Int, prefix: Int? = nil) {
      self.start = start
      self.count = count
      self.prefix = prefix
    }
  }

  /// A token that is to be predicted.
  public struct Target: Sendable, Equatable {
    /// The index in `tokens` of the position that predicts it. Several targets may share it.
    public let row: Int
    /// The token.
    public let token: Int32

    /// Describes a token to predict.
    public init(row: Int, token: Int32) {
      self.row = row
      self.token = token
    }
  }

  /// The tokens of all segments.
  public var tokens: [Int32]
  /// The segments, in the order of their tokens, with no gap between them.
  public var segments: [Segment]
  /// The targets; scores and coefficients have their order.
  public var targets: [Target]

  /// A batch of given parts.
  public init(tokens: [Int32] = [], segments: [Segment] = [], targets: [Target] = []) {
    self.tokens = tokens
    self.segments = segments
    self.targets = targets
  }
}

extension PackedBatch {
  /// About how many tokens supervised training computes at once: the activations of 1,024 tokens take
  /// less memory than weights and moments, and more tokens are hardly faster. It is a constant, so
  /// that sums are always added in the same order.
  public static let supervisedTokens = 1024

  /// Appends a sequence of which some tokens are to be predicted.
  ///
  /// Tokens after the last one in the loss, and that one itself, predict nothing and are left out.
  /// - Parameters:
  ///   - tokens: The whole sequence.
  ///   - inLoss: For each token whether it is to be predicted. The first never can be.
  /// - Returns: The indices of its targets.
  @discardableResult
  public mutating func append(_ tokens: [Int32], inLoss: [Bool]) -> Range<Int> {
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
  public mutating func append(prompt: [Int32], completions: [[Int32]]) -> [Range<Int>] {
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
